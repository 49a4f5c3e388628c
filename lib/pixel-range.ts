import { wrongType } from "./errors.js";

/**
 * Values of black and of white, both finite, black below white: `[-1, 1]`, `[0, 1]`, `[0, 255]`. A
 * trainer shows its discriminator reals in the range of the two networks, and what its generator
 * makes is taken to be in it.
 */
export type PixelRange = readonly [black: number, white: number];

/**
 * Two finite numbers, black below white.
 * @param what more of what is needed, or why: ` (the values are float32)`
 */
export function checkRange(range: unknown, name: string, what = ""): PixelRange {
  const isRange =
    Array.isArray(range) &&
    range.length === 2 &&
    range.every(Number.isFinite) &&
    (range[0] as number) < (range[1] as number);
  if (!isRange) throw wrongType(`[black, white], such as [0, 1] or [-1, 1]${what},`, name, range);
  return [range[0], range[1]] as unknown as PixelRange;
}
