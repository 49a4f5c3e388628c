// Which images of a dataset a part of it has.
import { types } from "node:util";
import * as check from "../check.js";
import { outOfRange, wrongType } from "../errors.js";

/**
 * @internal A copy of indices of the images of a dataset, at once: native code reads it later.
 */
export function checkIndices(indices: unknown, size: number): Float64Array {
  if (!Array.isArray(indices) && !isNumbers(indices))
    throw wrongType("an array of whole numbers", "indices", indices);
  if (ArrayBuffer.isView(indices)) check.withMemory(indices, "indices");
  if (indices.length === 0) throw outOfRange("at least one index", "indices", indices);
  // Grown, so that the first hole of a long sparse array ends it, before there is memory for all.
  const chosen: number[] = [];
  for (let i = 0; i < indices.length; ++i) {
    const index = indices[i];
    const isPlain = Number.isInteger(index) && index >= 0 && index < size;
    chosen.push(isPlain ? index : check.integer(index, `indices[${i}]`, 0, size - 1));
  }
  return Float64Array.from(chosen);
}

const isNumbers = (value: unknown): value is ArrayBufferView & ArrayLike<number> =>
  types.isTypedArray(value) && !types.isBigInt64Array(value) && !types.isBigUint64Array(value);

/** @internal Labels of the chosen images, in the same type. */
export function labelsAt<Labels extends Uint8Array | Uint16Array>(
  labels: Labels,
  indices: Float64Array,
): Labels {
  const Same = labels.constructor as new (length: number) => Labels;
  const chosen = new Same(indices.length);
  for (const [i, index] of indices.entries()) chosen[i] = labels[index] as number;
  return chosen;
}

/**
 * @internal Images in each part, by the rule of torch.utils.data.random_split: lengths are numbers
 * of images, or shares of 1, each rounded down; what is left over goes to the first parts, one
 * each.
 */
export function checkLengths(lengths: unknown, size: number): number[] {
  if (!Array.isArray(lengths) || lengths.length === 0)
    throw wrongType("an array of shares, or of numbers of images,", "lengths", lengths);
  const given = Array.from(lengths, (length, i) => check.positive(length, `lengths[${i}]`));
  const counts = isWhole(given) ? sharesOf(size, given) : given;
  if (!counts.every(Number.isInteger) || sumOf(counts) !== size)
    throw outOfRange(
      `shares that sum to 1, or numbers of images that sum to ${size},`,
      "lengths",
      given,
    );
  if (counts.includes(0))
    throw outOfRange(`shares that give each part one of ${size} images`, "lengths", given);
  return counts;
}

const sumOf = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0);

/** As Python's math.isclose(sum, 1) has it: 0.1 and 0.2 and 0.7 are not quite 1. */
const isWhole = (shares: readonly number[]) => Math.abs(sumOf(shares) - 1) <= 1e-9;

function sharesOf(size: number, shares: readonly number[]): number[] {
  const counts = shares.map((share) => Math.floor(size * share));
  const left = size - sumOf(counts);
  return counts.map((count, i) => count + (i < left ? 1 : 0));
}
