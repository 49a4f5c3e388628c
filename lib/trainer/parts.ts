// A batch in parts, one after the other: which pairs can be trained so, and how many rows that
// leaves at once.
import { batchNormLayer, comparingLayer } from "../architecture.js";
import { outOfRange } from "../errors.js";
import { fewestRows } from "./data.js";
import type { TrainerSettings } from "./options.js";

/** What the user calls those options that a command line has too: `--accumulate`. */
export type OptionNaming = (option: "accumulate" | "precision" | "syncBatchNorm") => string;

/**
 * Throws RangeError where several parts are asked for, and a layer compares samples of the whole
 * batch, or the fakes of all parts would have to wait for the generator's update.
 */
export function checkAccumulate(
  { accumulate, syncBatchNorm, order, fakes, ...pair }: TrainerSettings,
  naming: OptionNaming,
): void {
  if (accumulate === 1) return;
  const refuse = (why: string) => outOfRange(`1, as ${why},`, naming("accumulate"), accumulate);
  if (order === "discriminatorFirst" && fakes === "same")
    throw refuse("the generator learns from the fakes of the discriminator's update");
  for (const player of ["generator", "discriminator"] as const) {
    const { resolved } = pair[player];
    const layer = comparingLayer(resolved);
    if (layer !== undefined)
      throw refuse(`the ${player}'s ${layer.path} (${layer.type}) compares the samples of a batch`);
    if (syncBatchNorm && batchNormLayer(resolved) !== undefined)
      throw refuse(`${naming("syncBatchNorm")} is over the whole batch`);
  }
}

type Divided = Pick<TrainerSettings, "generator" | "discriminator" | "distributed">;

/**
 * Throws RangeError where a part would have too few rows of a batch.
 * @param name what the user calls it
 */
export function checkParts(
  accumulate: number,
  name: string,
  settings: Divided,
  batchSize: number,
): void {
  const { distributed } = settings;
  const fewest = fewestRows(settings);
  const rows = rowsOfRank(settings, batchSize, Math.floor);
  const most = Math.floor(rows / fewest);
  if (accumulate <= most) return;
  const images = `${rows} images ${distributed === undefined ? "of a batch" : "that a rank has"}`;
  const why = fewest > 1 ? ", as BatchNorm trains on more than one" : "";
  const what = `a whole number from 1 to ${most} (a part has at least ${fewest} of the ${images}${why})`;
  throw outOfRange(what, name, accumulate);
}

/** Rows of the largest part, on the rank that has most. */
export function rowsAtOnce(settings: TrainerSettings, batchSize: number): number {
  const rows = rowsOfRank(settings, batchSize, Math.ceil);
  const most = Math.floor(rows / fewestRows(settings));
  return Math.ceil(rows / Math.min(settings.accumulate, most));
}

/** A batch that has too few for every rank is everybody's, whole. */
function rowsOfRank(settings: Divided, batchSize: number, round: (rows: number) => number): number {
  const ranks = settings.distributed?.worldSize ?? 1;
  return batchSize < ranks * fewestRows(settings) ? batchSize : round(batchSize / ranks);
}
