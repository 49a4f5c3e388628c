// How far two lists of numbers are apart.
import { expect } from "vitest";

/** The largest difference of numbers that have to be equally many, at least one. */
export function largestDifference(ours: ArrayLike<number>, theirs: ArrayLike<number>): number {
  expect(ours.length).toBe(theirs.length);
  expect(theirs.length).toBeGreaterThan(0);
  return Array.from(ours).reduce(
    (most, value, i) => Math.max(most, Math.abs(value - (theirs[i] as number))),
    0,
  );
}
