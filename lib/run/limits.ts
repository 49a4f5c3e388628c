// What whole numbers of a run may be, wherever they come from: a command line, a file of options,
// the config.json of a run. Those of plain-options.ts have theirs beside their defaults.
import * as check from "../check.js";
import { mostUpdates } from "../trainer/options.js";

/** A smallest value, and a largest one where it is not that of exact numbers. */
export interface Limit {
  readonly min: number;
  readonly max?: number | undefined;
}

const atLeastOne: Limit = { min: 1 };

export const limits = {
  steps: atLeastOne,
  epochs: atLeastOne,
  batch: atLeastOne,
  discriminatorSteps: { min: 1, max: mostUpdates },
  generatorSteps: { min: 1, max: mostUpdates },
  seed: { min: 0 },
} satisfies Record<string, Limit>;

/**
 * A whole number within its limits. Throws TypeError or RangeError.
 *
 * @param name what the user calls it
 */
export function checkWhole(value: unknown, name: string, { min, max }: Limit): number {
  return check.integer(value, name, min, max);
}
