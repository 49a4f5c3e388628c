// In which order an array has the sides of its images. Pixels are turned by native code alone.
import * as check from "../check.js";
import { outOfRange, wrongType } from "../errors.js";
import { product } from "../shape.js";

/**
 * The order of the sides of an array of images: `"NCHW"` has them in planes, as PyTorch does, all
 * reds of an image before its greens; `"NHWC"` has the channels of a pixel side by side, as sharp,
 * a canvas and TensorFlow.js do.
 */
export type Layout = "NCHW" | "NHWC";

/** [count, channels, height, width], whatever the layout of the array is. */
export type ImagesShape = readonly [number, number, number, number];

/** Images as bytes. */
export interface Pixels {
  readonly bytes: Uint8Array;
  readonly shape: ImagesShape;
  /** @default "NCHW" */
  readonly layout?: Layout | undefined;
}

/** What the sides of an array are, in their order. */
export const orders: Readonly<Record<Layout, string>> = {
  NCHW: "[count, channels, height, width]",
  NHWC: "[count, height, width, channels]",
};

/** Throws TypeError. Undefined stays undefined: it may mean another than the default. */
export function checkLayout(layout: unknown): Layout | undefined {
  return layout === undefined ? undefined : check.oneOf<Layout>(layout, "layout", ["NHWC", "NCHW"]);
}

/** The error for the layout of what has none. */
export const noLayout = (layout: unknown) =>
  wrongType("no layout (vectors have no channels)", "layout", layout);

/** An array's own shape, whose sides are in the order of its layout, as that of its images. */
export function imagesShape(sides: readonly number[], layout: Layout | undefined): ImagesShape {
  const [count, a, b, c] = sides as ImagesShape;
  return layout === "NHWC" ? [count, c, a, b] : [count, a, b, c];
}

/**
 * The shape of an array as it was given. Throws TypeError and RangeError.
 *
 * @param known what the sides may be, by the number of them
 * @param what the values are called
 */
export function checkSides(
  shape: unknown,
  known: Readonly<Record<number, string>>,
  values: ArrayLike<number>,
  what: string,
): number[] {
  const order = Array.isArray(shape) ? known[shape.length] : undefined;
  if (order === undefined)
    throw wrongType(`${Object.values(known).join(" or ")}, whole numbers,`, "shape", shape);
  const checked = check.shape(shape, "shape");
  if (product(checked) === values.length) return checked;
  throw outOfRange(`${order} of ${values.length} ${what}`, "shape", checked);
}
