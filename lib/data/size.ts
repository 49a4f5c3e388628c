// The height and width that images get: one word for them in options, files and command lines.
import * as check from "../check.js";
import { wrongType } from "../errors.js";

/**
 * Pixels of an image, 1 to 4,096 a side: the side of a square, or [height, width], in the order of
 * torchvision's Resize((height, width)). Two equal sides are the square of that side.
 */
export type ImageSize = number | readonly [height: number, width: number];

/** @internal The largest side in pixels that images are resized to. */
export const largestSide = 4096;

/**
 * @internal Checks a size. A square is a number afterwards, however it was given: equal sizes are
 * equal wherever they are compared, stored or hashed. Throws TypeError or RangeError.
 */
export function checkImageSize(size: unknown, name = "size"): ImageSize {
  if (typeof size === "number") return check.integer(size, name, 1, largestSide);
  if (!Array.isArray(size) || size.length !== 2)
    throw wrongType(`a whole number from 1 to ${largestSide}, or [height, width],`, name, size);
  const side = (index: number) => check.integer(size[index], `${name}[${index}]`, 1, largestSide);
  return sizeOf(side(0), side(1));
}

/** @internal The size of images of known sides. */
export function sizeOf(height: number, width: number): ImageSize {
  return height === width ? height : [height, width];
}

/** @internal Height and width. */
export function sidesOf(size: ImageSize): readonly [height: number, width: number] {
  return typeof size === "number" ? [size, size] : size;
}

/** @internal `48×64`: height, then width. */
export function sizeText(size: ImageSize): string {
  return sidesOf(size).join("×");
}
