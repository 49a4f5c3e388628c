import { setImmediate } from "node:timers/promises";

/**
 * The slices of a long array, [start, end): timers run between two of them.
 *
 * @param each elements a slice: few enough that timers are not late
 */
export async function* slicesOf(
  length: number,
  each = 1 << 20,
): AsyncGenerator<readonly [number, number], void, void> {
  for (let start = 0; start < length; start += each) {
    if (start > 0) await setImmediate();
    yield [start, Math.min(start + each, length)];
  }
}
