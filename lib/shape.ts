/** Sizes of one sample, without the batch: [features], or [channels, height, width]. */
export type Shape = readonly number[];

/** How many numbers there are in a tensor of a shape. */
export function product(shape: Shape): number {
  return shape.reduce((total, side) => total * side, 1);
}
