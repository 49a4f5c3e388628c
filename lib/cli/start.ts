// From what a command line asks `sparring train` for to a plan of what is done.
import { refused, showPath } from "../errors.js";
import { type FileRequest, readConfigFile } from "../run/file.js";
import { holdsRun } from "../run/folder.js";
import { type TakenOver, takenOver, takesOver } from "../run/from.js";
import { plainOf } from "../run/plain-options.js";
import {
  type Naming,
  planResume,
  planRun,
  type ResumePlan,
  type RunPlan,
  type RunRequest,
} from "../run/plan.js";
import { planRestart } from "../run/restart.js";
import { toFlag } from "./options.js";

/** What a command line says: a config file, and options that go before those of the file. */
export interface Asked {
  readonly config: string | undefined;
  readonly flags: RunRequest;
  /** A port, or true for any; undefined where nobody watches. */
  readonly dashboard?: unknown;
  /** Goes on with the run that is there, or begins it. */
  readonly restartable: boolean;
  /** Seconds to wait for another rank; as usual if undefined. */
  readonly timeout?: unknown;
}

/** A plan, with what it was made of. */
export interface Start {
  readonly plan: RunPlan | ResumePlan;
  readonly request: RunRequest;
  readonly file?: FileRequest | undefined;
}

/** What a command line and its file ask for, before anything else is read. */
export interface Wish {
  readonly request: RunRequest;
  readonly naming: Naming;
  readonly file?: FileRequest | undefined;
}

export async function readWish({ config, flags }: Asked): Promise<Wish> {
  if (config === undefined) return { request: flags, naming: toFlag };
  const file = await readConfigFile(config, flags);
  return { ...withFile(file, flags), file };
}

/** Whether a wish makes a plan only with what it takes over from another run. */
export function isOpen({ request }: Wish): boolean {
  return request.resume === undefined && takesOver(request);
}

/**
 * Reads what a wish takes over from another run.
 *
 * @param restarts whether a run that is in the folder already is gone on with
 */
export async function takeOver(wish: Wish, restarts: boolean): Promise<TakenOver> {
  if (!isOpen(wish)) return {};
  const { request, naming } = wish;
  return takenOver(request, naming, restarts ? await begunIn(request, naming) : undefined);
}

/** Plans a run that goes on, or one that begins. */
export function planBy({ request, naming, file }: Wish, taken: TakenOver): Start {
  const goesOn = request.resume !== undefined;
  const plan = goesOn ? planResume(request, naming) : planRun({ ...taken, ...request }, naming);
  return { plan, request, file };
}

/** The folder of a run that has begun already; undefined where it has not. */
async function begunIn({ out }: RunRequest, naming: Naming): Promise<string | undefined> {
  if (typeof out !== "string") return undefined;
  return (await holdsRun({ path: out, name: naming("out") })) ? out : undefined;
}

/**
 * The file's options where no flag says otherwise; --steps or --epochs is a length in place of the
 * file's.
 */
function withFile({ path, options }: FileRequest, flags: RunRequest) {
  const isAsked = (option: keyof RunRequest) => flags[option] !== undefined;
  const replaced = [
    ...(isAsked("steps") || isAsked("epochs") ? ["steps", "epochs"] : []),
    // The step of one run to begin from is no other's.
    ...(isAsked("from") && options.from !== undefined ? ["fromStep"] : []),
  ];
  const kept = Object.entries(options).filter(([option]) => !replaced.includes(option));
  const naming: Naming = (option) =>
    option in options && !(option in flags) ? `${option} of ${path}` : toFlag(option);
  return { request: { ...Object.fromEntries(kept), ...flags }, naming };
}

/** The plan of a run that begins, as a dry run tells of no other. */
export async function planBeginning(
  start: Start,
  { restartable }: Pick<Asked, "restartable">,
): Promise<RunPlan> {
  const plan = start.plan as RunPlan;
  if (!restartable) return plan;
  const found = await planRestart(plan, start.request);
  if (!("path" in found)) return found;
  const what = "a folder without the run, as --dry-run tells only of one that begins,";
  throw refused("ERR_OUTPUT", what, plan.out.name, showPath(plan.out.path));
}

/**
 * What is about to be done, defaults and all, as far as it has to be the same on every rank. The
 * rest is a machine's own, rank 0's alone, or compared later.
 */
export function sharedPlan({ plan, request }: Start, { restartable }: Pick<Asked, "restartable">) {
  // First: where these differ, all else does.
  const kind = { resume: "path" in plan, restartable };
  if ("path" in plan) {
    // The network that judges is rank 0's alone: the others may have it elsewhere.
    const { evaluateFeatures, ...values } = plan.changes.values;
    return { ...kind, ...plan.length, ...values, lr: plan.changes.lr };
  }
  const { preset, networks, size, channels, length, batch, rules } = plan;
  const images = { size, channels };
  // A seed that nobody chose is rank 0's.
  const plain = { batch, ...plainOf(plan), seed: request.seed };
  const begins = { from: plan.from !== null };
  return { ...kind, ...begins, preset, ...networks, ...images, ...length, ...plain, ...rules };
}
