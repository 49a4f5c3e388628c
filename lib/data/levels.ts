// Numbers as grey levels: the one place where pixels are counted in JavaScript, as they have to be
// bytes before the native side can take them.
import type { PixelRange } from "../pixel-range.js";
import { slicesOf } from "./slices.js";

export type Numbers = Float32Array | Float64Array | Uint8Array;

/**
 * Rounds to the nearest of 256 levels, as torchvision's save_image does, and lets timers run in
 * between.
 *
 * @returns the index of the first value that is more than half a level outside the range, or NaN;
 * −1 if none is
 */
export async function toLevels(
  values: Numbers,
  [black, white]: PixelRange,
  levels: Uint8Array,
): Promise<number> {
  const scale = 255 / (white - black);
  for await (const [start, end] of slicesOf(levels.length)) {
    for (let i = start; i < end; ++i) {
      const level = Math.floor(((values[i] as number) - black) * scale + 0.5);
      if (!(level >= 0 && level <= 255)) return i;
      levels[i] = level;
    }
  }
  return -1;
}
