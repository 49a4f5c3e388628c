// A window that moves over an image: the arithmetic of convolutions and pooling.
import * as check from "../check.js";
import type { Layer, OptionValue } from "./layer.js";
import type { Site } from "./site.js";

/** Both axes: one number, or [height, width]. */
export type Pair = number | readonly [number, number];

/** An option of both axes, each at least `min`. */
export function pair(
  layer: Layer,
  option: string,
  at: Site,
  min: number,
  fallback?: OptionValue,
): [number, number] {
  const value = layer[option] ?? fallback;
  const name = at.option(option);
  const both = Array.isArray(value) ? value : [value, value];
  if (both.length !== 2) check.shape(value, name, 2);
  return [check.integer(both[0], name, min), check.integer(both[1], name, min)];
}

export interface Window {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
}

/** Height and width of what a window makes of an image. */
export function slide(
  image: readonly [number, number, number],
  { kernel, stride, padding }: Window,
  at: Site,
): [number, number] {
  const side = (axis: 0 | 1): number => {
    const room = image[axis === 0 ? 1 : 2] + 2 * padding[axis] - kernel[axis];
    if (room < 0) {
      throw at.refuse(
        `height and width of at least ${kernel.join(" x ")} after padding ${padding.join(" x ")}`,
        image,
      );
    }
    return Math.floor(room / stride[axis]) + 1;
  };
  return [side(0), side(1)];
}
