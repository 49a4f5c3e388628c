import * as check from "../check.js";
import { type Layer, type LayerKind, type Place, trained } from "./kind.js";

/** Options of torch.nn.Conv2d; a pair is [height, width]. */
export interface Conv2dOptions {
  /** @default 1 */
  readonly stride?: number | readonly [number, number];
  /** Zeros on every side. @default 0 */
  readonly padding?: number | readonly [number, number];
  /** @default true */
  readonly bias?: boolean;
  readonly name?: string;
}

/**
 * Cross-correlation over `[channels, height, width]`. torch.nn.Conv2d.
 *
 * @param outChannels channels of the output
 * @param kernelSize side of the square kernel, or [height, width]
 */
export function conv2d(
  outChannels: number,
  kernelSize: number | readonly [number, number],
  options: Conv2dOptions = {},
): Layer {
  return { type: "conv2d", outChannels, kernelSize, ...options };
}

function pair(value: unknown, name: string, min: number): [number, number] {
  const both = Array.isArray(value) ? value : [value, value];
  if (both.length !== 2) check.shape(value, name, 2);
  return [check.integer(both[0], name, min), check.integer(both[1], name, min)];
}

function convolved(
  input: readonly number[],
  kernel: number[],
  stride: number[],
  padding: number[],
  at: Place,
): number[] {
  return [0, 1].map((axis) => {
    const room =
      (input[axis + 1] as number) + 2 * (padding[axis] as number) - (kernel[axis] as number);
    if (room < 0) {
      throw at.refuse(
        `height and width of at least ${kernel.join(" x ")} after padding ${padding.join(" x ")}`,
        input,
      );
    }
    return Math.floor(room / (stride[axis] as number)) + 1;
  });
}

export const conv2dKind: LayerKind = {
  options: ["inChannels", "outChannels", "kernelSize", "stride", "padding", "bias"],
  resolve(layer, input, at) {
    const outChannels = check.integer(layer.outChannels, at.option("outChannels"), 1);
    const kernelSize = pair(layer.kernelSize, at.option("kernelSize"), 1);
    const stride = pair(layer.stride ?? 1, at.option("stride"), 1);
    const padding = pair(layer.padding ?? 0, at.option("padding"), 0);
    const bias = check.boolean(layer.bias ?? true, at.option("bias"));
    if (input.length !== 3)
      throw at.refuse(
        "an input of [channels, height, width]",
        input,
        "put unflatten([...]) before it",
      );
    const inChannels = input[0] as number;
    if (layer.inChannels !== undefined && layer.inChannels !== inChannels) {
      throw at.refuse(`an input of [${layer.inChannels}, height, width]`, input);
    }
    const output = [outChannels, ...convolved(input, kernelSize, stride, padding, at)];
    return { options: { inChannels, outChannels, kernelSize, stride, padding, bias }, output };
  },
  state: ({ inChannels, outChannels, kernelSize, bias }) => ({
    weight: trained(outChannels as number, inChannels as number, ...(kernelSize as number[])),
    ...(bias ? { bias: trained(outChannels as number) } : {}),
  }),
};
