// A run that begins with the networks of another: fine-tuning, on other data or by other rules.
import { resolve } from "node:path";
import * as check from "../check.js";
import { counted } from "../count.js";
import { sidesOf } from "../data/size.js";
import { hasCode, refused, showPath, type SparringError, wrongType } from "../errors.js";
import { defaultPreset } from "../presets.js";
import {
  type EmaOptions,
  type RuleName,
  ruleNames,
  type TrainerSettings,
} from "../trainer/options.js";
import type { Trainer } from "../trainer.js";
import { type RunConfig, trainedText } from "./config.js";
import { RunFolder } from "./folder.js";
import { parseRunConfig } from "./parse-config.js";
import type { Naming, RunPlan, RunRequest } from "./plan.js";
import { pairOf, planNetworks, planRules, type Rules } from "./recipe.js";
import { readRun, readRunConfig, type StoredRun } from "./stored.js";
import {
  endedWeights,
  giveWeights,
  newestWeights,
  type Weights,
  weightsAt,
  type Whose,
} from "./weights.js";

/** Which run's networks a run begins with. */
export interface FromPlan {
  /** The absolute path of its folder; null where the first weights are drawn. */
  readonly from: string | null;
  /** Of which step; null for what the run ended with, undefined for its newest checkpoint. */
  readonly fromStep: number | null | undefined;
}

/** Checks which run is meant. Throws TypeError or RangeError. */
export function planFrom({ from, fromStep }: RunRequest, naming: Naming): FromPlan {
  if (from === undefined || from === null) {
    // A run that draws its first weights records null for both.
    if (fromStep === undefined || fromStep === null) return { from: null, fromStep: null };
    throw wrongType(
      `${naming("from")} beside ${naming("fromStep")}`,
      "the options",
      naming("fromStep"),
    );
  }
  return {
    from: resolve(check.path(from, naming("from"))),
    fromStep: fromStep == null ? fromStep : check.integer(fromStep, naming("fromStep"), 0),
  };
}

/** What networks a run has, as its config.json says it. */
const ofNetworks = ["preset", "generator", "discriminator", "size"] as const;

/** Options that a request has from another run, unless it says otherwise. */
export type TakenOver = Pick<RunRequest, (typeof ofNetworks)[number] | RuleName>;

/** Whether it does: it begins from a run, and names neither a preset nor networks. */
export function takesOver({ from, preset, generator, discriminator }: RunRequest): boolean {
  return from != null && [preset, generator, discriminator].every((one) => one === undefined);
}

/**
 * Reads the networks and the rules that a request takes over from the run that it begins from, if
 * it does. Throws ERR_DATA where there is no such run.
 *
 * @param begun the folder of this run, where it has begun already: the other one may be gone since,
 *   or go on by other rules
 */
export async function takenOver(
  request: RunRequest,
  naming: Naming,
  begun?: string,
): Promise<TakenOver> {
  const { from } = planFrom(request, naming);
  if (from === null || !takesOver(request)) return {};
  const name = naming(begun === undefined ? "from" : "out");
  const config = await readRunConfig(RunFolder.at(begun ?? from), name, parseWhole);
  const keys = [...ofNetworks, ...ruleNames];
  const taken = keys.map((key) => [key, config[key]]).filter(([, value]) => value !== undefined);
  // How an average begins is not how it goes on.
  const ema = config.ema && { decay: config.ema.decay };
  return { ...Object.fromEntries(taken), ema };
}

/**
 * The rules of a run. An average that begins with trained weights has none to forget early on,
 * unless the request says so: StyleGAN2-ADA's own program leaves the ramp out, too, where it goes
 * on from another network.
 */
export function rulesFrom({ from }: FromPlan, rules: Rules, request: RunRequest): Rules {
  const asked = request.ema as Partial<EmaOptions> | null | undefined;
  if (from === null || rules.ema === null || asked?.rampUp !== undefined) return rules;
  return { ...rules, ema: { ...rules.ema, rampUp: 0 } };
}

/**
 * A config with networks and rules that make sense. Throws TypeError, RangeError or
 * ERR_ARCHITECTURE.
 */
function parseWhole(value: unknown): RunConfig {
  const config = parseRunConfig(value);
  const naming: Naming = (option) => option;
  planNetworks(config, naming);
  planRules(config, (config.preset ?? defaultPreset) as typeof defaultPreset, naming);
  return config;
}

/** The networks of a run, as others begin with them. */
export interface First {
  readonly run: StoredRun;
  /** Null where only weights/ was there, which does not tell. */
  readonly step: number | null;
  readonly generator: Weights;
  readonly discriminator: Weights;
  /** The moving average of the generator, where the run kept one. */
  readonly average: Weights | undefined;
}

/**
 * Reads the networks that a run is to begin with; undefined where it draws its own. Throws ERR_DATA
 * where there is no such run, ERR_CHECKPOINT, ERR_WEIGHTS, and RangeError for a step without a
 * checkpoint.
 */
export async function readFirst(
  plan: RunPlan,
  onNote: (sentence: string) => void,
): Promise<First | undefined> {
  const { from, rules, naming } = plan;
  if (from === null) return undefined;
  const run = await readRun(from, naming("from"));
  checkAlike(run, plan);
  const whose: Whose[] = ["generator", "discriminator"];
  if (run.averaged && rules.ema !== null) whose.push("ema");
  const all = await weightsOf(run, whose, plan, onNote);
  const [generator, discriminator, average] = all as [Weights, Weights, Weights?];
  return { run, step: generator.step, generator, discriminator, average };
}

async function weightsOf(
  run: StoredRun,
  whose: readonly Whose[],
  { fromStep, naming }: RunPlan,
  onNote: (sentence: string) => void,
): Promise<readonly Weights[]> {
  const name = naming("from");
  if (fromStep === undefined) return newestWeights(run, whose, name, onNote);
  const read = (one: Whose) =>
    fromStep === null
      ? endedWeights(run, one, name)
      : weightsAt(run, fromStep, naming("fromStep"), one);
  return Promise.all(whose.map(read));
}

/** Better known before images are packed for an hour. Throws ERR_WEIGHTS. */
function checkAlike(run: StoredRun, { preset, networks, size, naming }: RunPlan): void {
  const image = [run.discriminator.image[0] as number, ...sidesOf(size)] as const;
  const { classes } = run.generator.latent;
  const ours = { preset, ...pairOf({ preset, networks }, { image, classes }) };
  if (networksText(ours) !== networksText(run)) throw notAlike(run, ours, naming("from"));
}

/** Gives the pair these weights. Throws ERR_WEIGHTS where they are of other networks. */
export async function giveFirst(
  first: First | undefined,
  { generator, discriminator }: TrainerSettings,
  { preset, naming }: RunPlan,
): Promise<void> {
  if (first === undefined) return;
  try {
    await giveWeights(generator, first.generator, naming("from"));
    await giveWeights(discriminator, first.discriminator, naming("from"));
  } catch (error) {
    const { architecture } = discriminator;
    const ours = { preset, generator: generator.architecture, discriminator: architecture };
    const isMisfit = hasCode(error, "ERR_WEIGHTS");
    // Of networks that look alike the weights that differ tell more.
    if (!isMisfit || networksText(ours) === networksText(first.run)) throw error;
    throw notAlike(first.run, ours, naming("from"), error);
  }
}

type Trained = Pick<StoredRun, "preset" | "generator" | "discriminator">;

function notAlike(run: StoredRun, ours: Trained, name: string, cause?: unknown): SparringError {
  const received = `${showPath(run.folder.path)} (${networksText(run)})`;
  return refused("ERR_WEIGHTS", `a run of ${networksText(ours)},`, name, received, { cause });
}

/** `cgan, 1×28×28, 10 classes` */
function networksText({ preset, generator, discriminator }: Trained): string {
  const { classes = 0 } = generator.latent;
  const told = classes === 0 ? "" : `, ${counted(classes, "class", "classes")}`;
  return `${trainedText(preset)}, ${discriminator.image.join("×")}${told}`;
}

/** Gives a trainer that averages its generator the average; it began as the generator itself. */
export async function giveAverage(
  first: First | undefined,
  { ema }: Trainer,
  { naming }: RunPlan,
): Promise<void> {
  if (first?.average !== undefined && ema !== undefined)
    await giveWeights(ema, first.average, naming("from"));
}
