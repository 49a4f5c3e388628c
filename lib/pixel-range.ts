import { isFinite32 } from "./check.js";
import { outOfRange, wrongType } from "./errors.js";

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
  const refuse = () => wrongType(`[black, white], such as [0, 1] or [-1, 1]${what},`, name, range);
  if (!Array.isArray(range) || range.length !== 2) throw refuse();
  const [black, white] = range as [number, number];
  // By name: every() would skip the hole of a sparse array.
  if (!Number.isFinite(black) || !Number.isFinite(white)) throw refuse();
  if (black < white) return [black, white];
  throw wrongType("[black, white] with black below white", name, range);
}

/** Two numbers, black below white, of which pixels in float32 can be made. */
export function checkFloatRange(range: unknown, name: string): PixelRange {
  const [black, white] = checkRange(range, name);
  if ([black, white, white - black].every(isFinite32)) return [black, white];
  throw outOfRange("[black, white] whose values and width a float32 can hold", name, range);
}
