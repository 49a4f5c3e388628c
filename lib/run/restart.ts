// A command line that comes again: a launcher starts its ranks anew as it did before, and the run
// is to go on.
import { realpath } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { difference, showOne } from "../difference.js";
import { refused, showPath } from "../errors.js";
import { checkObjective } from "../objectives/table.js";
import { checkOptimizer } from "../optimizers/table.js";
import { type Precision, type RuleName, ruleNames } from "../trainer/options.js";
import { checkOptimizers } from "../trainer/check-options.js";
import { noChanges } from "./changes.js";
import type { RunConfig } from "./config.js";
import { holdsBeginning, holdsRun, RunFolder } from "./folder.js";
import { parseRunConfig } from "./parse-config.js";
import { type PlainOptions, plainNames } from "./plain-options.js";
import type { ResumePlan, RunPlan, RunRequest } from "./plan.js";
import { readRunConfig } from "./stored.js";

/** What a plan and the config of a run have in common, beside what stands by itself. */
type Common = Exclude<keyof RunPlan & keyof RunConfig, keyof PlainOptions>;

/**
 * Whether it has to be the same in the run that is there: always, where it was asked for, or not at
 * all, as with the length of the run.
 */
const common: Readonly<Record<Common, "always" | "asked" | "never">> = {
  preset: "always",
  data: "always",
  size: "always",
  channels: "asked",
  resident: "asked",
  batch: "always",
  device: "never",
  threads: "asked",
  seed: "asked",
  evaluateFeatures: "always",
  from: "always",
  fromStep: "asked",
};

const names = Object.keys(common) as Common[];
const same = [...names.filter((name) => common[name] === "always"), ...plainNames];
const sameIfAsked = names.filter((name) => common[name] === "asked");

/**
 * Makes the plan to go on with the run that is in the folder, or to begin it again where it ended
 * before its first checkpoint; the plan as it is, where the folder holds nothing yet. Throws
 * ERR_OUTPUT where it holds another run.
 *
 * @param given what was asked for, before defaults
 */
export async function planRestart(plan: RunPlan, given: RunRequest): Promise<RunPlan | ResumePlan> {
  const { out, naming } = plan;
  if (!out.chosen)
    throw refused("ERR_OUTPUT", "a folder that a restart finds again", out.name, "nothing");
  if (!(await holdsRun(out)))
    return (await holdsBeginning(out)) ? { ...plan, out: { ...out, begun: true } } : plan;
  const folder = RunFolder.at(out.path);
  const config = await readRunConfig(folder, out.name, parseRunConfig);
  checkSame(await withPathOf(plan, config), plan, given);
  if (await folder.hasWork())
    return {
      ...{ path: out.path, name: out.name, length: plan.length, restarted: true },
      ...{ changes: noChanges, naming },
      device: given.device === undefined ? undefined : plan.device,
    };
  const first = { seed: config.seed, fromStep: config.fromStep };
  return { ...plan, ...first, out: { ...out, begun: true } };
}

/**
 * The config of a run; where other links lead to its data, or to the run that it began from, by the
 * path that the plan has.
 */
async function withPathOf({ data, from }: RunPlan, config: RunConfig): Promise<RunConfig> {
  const places = { data: [data, config.data], from: [from, config.from] } as const;
  const same = await Promise.all(Object.values(places).map(leadToOne));
  return { ...config, ...(same[0] && { data }), ...(same[1] && { from }) };
}

/** Whether both are one place, by whatever links. */
async function leadToOne(paths: readonly (string | null)[]): Promise<boolean> {
  const found = paths.map(async (path) =>
    path !== null && isAbsolute(path) ? realpath(path).catch(() => path) : path,
  );
  const [now, before] = await Promise.all(found);
  return now === before;
}

function checkSame(config: RunConfig, plan: RunPlan, given: RunRequest): void {
  const asked = sameIfAsked.filter((key) => given[key] !== undefined);
  const rates = (one: Partial<Pick<RunConfig, "optimizer">>) => one.optimizer?.generator?.lr;
  const players = ["generator", "discriminator"] as const;
  const there = { ...config, precision: precisionOf(config, plan) };
  const pairs = [
    ...[...same, ...asked].map((key) => [key, there[key], plan[key]] as const),
    ...players.map((key) => [key, config[key], asJson(plan.networks?.[key])] as const),
    // Optimizers of a file are compared below, where the place that differs is told.
    ...(given.optimizer === undefined ? ([["lr", rates(config), rates(plan.rules)]] as const) : []),
    // A run that is older than a rule does not say.
    ...ruleNames
      .filter((key) => config[key] !== undefined)
      .map((key) => [key, complete(config, key), asJson(plan.rules[key])] as const),
  ];
  for (const [key, there, wanted] of pairs) {
    const found = difference(there, wanted, key);
    if (found === undefined) continue;
    const [path, before, now] = found;
    const what = `${showOne(before)}, as the run in ${showPath(plan.out.path)} has it,`;
    throw refused("ERR_OUTPUT", what, nameOf(key, path, plan, given), showOne(now));
  }
}

/**
 * The precision of a run; what is asked for where that is the same but for a move to a CPU, which
 * has no TF32: of a run that moves there now, or did so before.
 */
function precisionOf({ device, precision, changes = [] }: RunConfig, plan: RunPlan): Precision {
  const moves = precision === "tf32" && plan.device === "cpu" && plan.precision === "float32";
  const moved = changes.some(({ before }) => before.precision === "tf32");
  const hasMoved =
    device === "cpu" && precision === "float32" && moved && plan.precision === "tf32";
  return moves || hasMoved ? plan.precision : precision;
}

/** A rule of a run, with the options that there were not yet when it began. */
function complete(config: RunConfig, key: RuleName): unknown {
  const name = `${key} of the run`;
  if (key === "optimizer") return asJson(checkOptimizers(config.optimizer, name, checkOptimizer));
  return key === "objective" ? asJson(checkObjective(config.objective, name)) : config[key];
}

/** What the user calls a place in an option; what a preset brings has no flag. */
function nameOf(key: keyof RunRequest, path: string, plan: RunPlan, given: RunRequest): string {
  const isOfFiles = ["generator", "discriminator", ...ruleNames].includes(key);
  return isOfFiles && given[key] === undefined ? path : plan.naming(key).replace(key, path);
}

/** The value as a config.json has it. */
function asJson(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
