// What the whole numbers of a run may be, wherever they come from: a command line, a file of
// options, the config.json of a run.
import * as check from "../check.js";
import { largestSide } from "../data/dataset.js";
import { mostUpdates } from "../trainer/options.js";

/** A smallest value, and a largest one where it is not that of exact numbers. */
export interface Limit {
  readonly min: number;
  readonly max?: number | undefined;
}

const atLeastOne: Limit = { min: 1 };

export const limits = {
  size: { min: 1, max: largestSide },
  steps: atLeastOne,
  epochs: atLeastOne,
  batch: atLeastOne,
  accumulate: atLeastOne,
  discriminatorSteps: { min: 1, max: mostUpdates },
  seed: { min: 0 },
  sampleEvery: atLeastOne,
  logEvery: atLeastOne,
  checkpointEvery: atLeastOne,
  keepCheckpoints: atLeastOne,
  rollbacks: { min: 0, max: 1000 },
  /** 0 for none. */
  evaluateEvery: { min: 0 },
  evaluateSamples: { min: 2, max: 1_000_000 },
} satisfies Record<string, Limit>;

/**
 * A whole number within its limits. Throws TypeError or RangeError.
 *
 * @param name what the user calls it
 */
export function checkWhole(value: unknown, name: string, { min, max }: Limit): number {
  return check.integer(value, name, min, max);
}
