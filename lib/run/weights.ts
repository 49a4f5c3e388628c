// The weights of a run's networks as they lie on the disk: in its checkpoints, and in weights/.
import { basename, join } from "node:path";
import { averageFile, discriminatorFile, generatorFile } from "../checkpoint/format.js";
import { readWeights, skipNote } from "../checkpoint/load.js";
import { hasCode, outOfRange, refused, renamed, showPath } from "../errors.js";
import { withFile } from "../files.js";
import { refusal } from "../reason.js";
import type { Network } from "../networks/network.js";
import type { StoredTensor } from "../safetensors.js";
import { Checkpoints } from "./checkpoints.js";
import type { StoredRun } from "./stored.js";

/** A network of a run: those that were trained, or the average of the generator. */
export type Whose = "discriminator" | "ema" | "generator";

const files: Readonly<Record<Whose, string>> = {
  discriminator: discriminatorFile,
  ema: averageFile,
  generator: generatorFile,
};

/** The file of a checkpoint. */
export const fileOf = (whose: Whose): string => files[whose];

/** Weights of a checkpoint, or a file that is only named. */
export type Weights = { readonly path: string; readonly whose: Whose } & (
  | { readonly step: number; readonly tensors: readonly StoredTensor[] }
  | { readonly step: null }
);

/**
 * The weights of some networks in the newest checkpoint that has all of them intact, and where
 * there is none those in weights/. Throws ERR_WEIGHTS where there are none at all.
 *
 * @param name what the user calls the run
 * @param onNote called with a sentence about a checkpoint that is passed over
 */
export async function newestWeights(
  run: StoredRun,
  whose: readonly Whose[],
  name: string,
  onNote: (sentence: string) => void,
): Promise<readonly Weights[]> {
  const checkpoints = new Checkpoints(run.folder.checkpoints);
  const tried = new Set<number>();
  for (;;) {
    // Listed again each time: the run may go on, and remove what it had.
    const next = (await checkpoints.list()).find(({ step }) => !tried.has(step));
    if (next === undefined) break;
    tried.add(next.step);
    try {
      const read = (one: Whose) => weightsIn(next, whoseAt(run, one, next.step), name);
      return await Promise.all(whose.map(read));
    } catch (error) {
      if (!hasCode(error, "ERR_CHECKPOINT")) throw error;
      if (await checkpoints.has(next.step)) onNote(skipNote(error));
    }
  }
  return Promise.all(whose.map((one) => endedWeights(run, one, name)));
}

/** The weights in weights/. Throws ERR_WEIGHTS where there are none that can be read. */
export async function endedWeights(
  { folder }: StoredRun,
  whose: Whose,
  name: string,
): Promise<Weights & { readonly step: null }> {
  const path = folder.weightsOf(whose === "ema" ? "generator-ema" : whose);
  try {
    await withFile(path, async () => {});
  } catch (cause) {
    // What is there and cannot be read is not missing.
    const isMissing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    const refuse = refusal("ERR_WEIGHTS", "a run with weights that can be read", path, name);
    if (!isMissing) throw refuse.unreadable(cause);
    const why = `it has none yet, or lost them: there is no weights/${basename(path)}`;
    const received = `${showPath(folder.path)} (${why})`;
    throw refused("ERR_WEIGHTS", "a run with weights", name, received, { cause });
  }
  return { path, whose, step: null };
}

/**
 * The weights of the checkpoint of a step. Throws RangeError where there is none, and
 * ERR_CHECKPOINT where it is not intact.
 *
 * @param name what the user calls the step
 */
export async function weightsAt(
  run: StoredRun,
  step: number,
  name: string,
  whose: Whose,
): Promise<Weights> {
  const all = await new Checkpoints(run.folder.checkpoints).list();
  const found = all.find((one) => one.step === step);
  if (found !== undefined) return weightsIn(found, whoseAt(run, whose, step), name);
  const steps = all.map((one) => one.step).reverse();
  throw outOfRange(stepsText(steps), name, step);
}

/** Which checkpoints there are. */
function stepsText(steps: readonly number[]): string {
  if (steps.length === 0) return "nothing (the run has no checkpoints)";
  const all = steps.join(", ");
  return steps.length === 1 ? `${all}, the only checkpoint of the run,` : `one of ${all}`;
}

/** What a checkpoint has: until the run began to average its generator, the generator. */
function whoseAt({ averagedAfter }: StoredRun, whose: Whose, step: number): Whose {
  return whose === "ema" && step <= averagedAfter ? "generator" : whose;
}

/** Throws ERR_CHECKPOINT where it is not intact. */
async function weightsIn(
  { path }: { readonly path: string },
  whose: Whose,
  name: string,
): Promise<Weights> {
  const file = fileOf(whose);
  return { path: join(path, file), whose, ...(await readWeights(path, file, name)) };
}

/**
 * Gives a network its weights. Throws ERR_WEIGHTS for those of another network.
 *
 * @param name what the user calls the run that they are of
 */
export function giveWeights(network: Network, weights: Weights, name: string): Promise<void> {
  const give = () =>
    "tensors" in weights
      ? network.loadTensors(weights.tensors, weights.path)
      : network.loadWeights(weights.path);
  return renamed("path", name, give, "ERR_WEIGHTS");
}
