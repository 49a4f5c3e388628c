import { setImmediate } from "node:timers/promises";

/** Few enough that timers are not late. */
const slice = 1 << 20;

/**
 * The slices of a long array, [start, end): timers run between two of them.
 */
export async function* slicesOf(
  length: number,
): AsyncGenerator<readonly [number, number], void, void> {
  for (let start = 0; start < length; start += slice) {
    if (start > 0) await setImmediate();
    yield [start, Math.min(start + slice, length)];
  }
}
