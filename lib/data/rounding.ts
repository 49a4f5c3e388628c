// Numbers as a dataset keeps them, bytes or float32. Native code rounds a slice of them in a call
// that answers at once: a few milliseconds, as long as a copy for the engine's thread would take.
// That could only read a copy, as a caller may transfer its array away at any time.
import { setImmediate } from "node:timers/promises";
import { addon } from "../addon.js";
import type { PixelRange } from "../pixel-range.js";

export type Numbers = Float32Array | Float64Array | Uint8Array;

/** Few enough that timers are not late. */
const slice = 1 << 20;

/**
 * Rounds to the nearest of 256 levels, as torchvision's save_image does, and lets timers run in
 * between.
 *
 * @returns the index of the first value that is more than half a level outside the range, or NaN,
 * or that is not there any more; −1 if none is
 */
export function toLevels(
  values: Numbers,
  [black, white]: PixelRange,
  levels: Uint8Array,
): Promise<number> {
  const native = addon();
  return bySlices(values, levels.length, (...part) =>
    native.toLevels(values.subarray(...part), levels.subarray(...part), black, white),
  );
}

/**
 * Copies numbers as float32, and lets timers run in between.
 *
 * @returns the index of the first that is not finite then, or not there any more; −1 if all are
 */
export function toFinite(
  values: Float32Array | Float64Array,
  floats: Float32Array,
): Promise<number> {
  const native = addon();
  return bySlices(values, floats.length, (...part) =>
    native.toFinite(values.subarray(...part), floats.subarray(...part)),
  );
}

/** @param round returns the index, from `start` on, of what it cannot round; −1 if it can all */
async function bySlices(
  values: Numbers,
  length: number,
  round: (start: number, end: number) => number,
): Promise<number> {
  for (let start = 0; start < length; start += slice) {
    if (start > 0) await setImmediate();
    const end = Math.min(start + slice, length);
    // Their memory was transferred away meanwhile, or became smaller.
    if (values.length < end) return Math.max(start, values.length);
    const wrong = round(start, end);
    if (wrong >= 0) return start + wrong;
  }
  return -1;
}
