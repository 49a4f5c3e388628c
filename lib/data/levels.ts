// Numbers as grey levels: the one place where pixels are counted in JavaScript, as they have to be bytes before
// the native side can take them.
import { setImmediate } from "node:timers/promises";
import { wrongType } from "../errors.js";

/** Values of black and of white: `[-1, 1]`, `[0, 1]`, `[0, 255]`. */
export type Range = readonly [black: number, white: number];

export type Numbers = Float32Array | Float64Array | Uint8Array;

/** Few enough that timers are not late. */
const slice = 1 << 20;

export function checkRange(range: unknown, name: string, what = ""): Range {
  const isRange =
    Array.isArray(range) &&
    range.length === 2 &&
    range.every(Number.isFinite) &&
    (range[0] as number) < (range[1] as number);
  if (!isRange) throw wrongType(`[black, white], such as [0, 1] or [-1, 1]${what},`, name, range);
  return [range[0], range[1]] as unknown as Range;
}

/**
 * Rounds to the nearest of 256 levels, as torchvision's save_image does, and lets timers run in between.
 *
 * @returns the index of the first value that is more than half a level outside the range, or NaN; −1 if none is
 */
export async function toLevels(
  values: Numbers,
  [black, white]: Range,
  levels: Uint8Array,
): Promise<number> {
  const scale = 255 / (white - black);
  for (let start = 0; start < levels.length; start += slice) {
    if (start > 0) await setImmediate();
    const end = Math.min(start + slice, levels.length);
    for (let i = start; i < end; ++i) {
      const level = Math.floor(((values[i] as number) - black) * scale + 0.5);
      if (!(level >= 0 && level <= 255)) return i;
      levels[i] = level;
    }
  }
  return -1;
}

/** Moves colours from the last axis to the first: bytes of [count, pixels, channels] to [count, channels, pixels]. */
export function channelsFirst(
  from: Uint8Array,
  to: Uint8Array,
  pixels: number,
  channels: number,
): void {
  const image = pixels * channels;
  for (let start = 0; start < from.length; start += image) {
    for (let channel = 0; channel < channels; ++channel) {
      const place = start + channel * pixels;
      for (let i = 0, at = start + channel; i < pixels; ++i, at += channels)
        to[place + i] = from[at] as number;
    }
  }
}
