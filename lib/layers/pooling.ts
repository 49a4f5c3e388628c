import * as check from "../check.js";
import { layerKind } from "./kind.js";
import type { Layer } from "./layer.js";
import { type OnnxWriter, reduce, reshape, type Value } from "./onnx.js";
import { call, keywords, literal } from "./python.js";
import type { Site } from "./site.js";
import { type Pair, pair, slide } from "./window.js";
import { withOptions } from "./with-options.js";

/** Options of torch.nn.AvgPool2d; a pair is [height, width]. */
export interface AvgPool2dOptions {
  /** Step of the window, at least 1. @default kernelSize */
  readonly stride?: Pair | undefined;
  /** Zeros on every side, at most half of the kernel. @default 0 */
  readonly padding?: Pair | undefined;
  /** Whether the zeros around the image count in the average. @default true */
  readonly countIncludePad?: boolean | undefined;
  /** Key in the state dict. @default its position among its siblings */
  readonly name?: string | undefined;
}

/** Options of torch.nn.MaxPool2d; a pair is [height, width]. */
export interface MaxPool2dOptions {
  /** Step of the window, at least 1. @default kernelSize */
  readonly stride?: Pair | undefined;
  /** Pixels below all others on every side, at most half of the kernel. @default 0 */
  readonly padding?: Pair | undefined;
  /** Key in the state dict. @default its position among its siblings */
  readonly name?: string | undefined;
}

/**
 * Averages over windows of `[channels, height, width]`. torch.nn.AvgPool2d.
 *
 * @param kernelSize side of the square window, or [height, width]; at least 1
 */
export function avgPool2d(kernelSize: Pair, options: AvgPool2dOptions = {}): Layer {
  return withOptions({ type: "avgPool2d", kernelSize }, options);
}

/**
 * The largest of each window of `[channels, height, width]`. torch.nn.MaxPool2d.
 *
 * @param kernelSize side of the square window, or [height, width], at least 1
 */
export function maxPool2d(kernelSize: Pair, options: MaxPool2dOptions = {}): Layer {
  return withOptions({ type: "maxPool2d", kernelSize }, options);
}

/**
 * Averages of `[channels, height, width]` over as many windows as are asked for, which may overlap
 * by a pixel. torch.nn.AdaptiveAvgPool2d. With 1 it is the mean of each channel (global average
 * pooling, Lin et al. 2014).
 *
 * @param outputSize side of the output, or [height, width], at least 1
 */
export function adaptiveAvgPool2d(
  outputSize: Pair,
  options: { name?: string | undefined } = {},
): Layer {
  return withOptions({ type: "adaptiveAvgPool2d", outputSize }, options);
}

/**
 * The sum of each channel: `[channels, height, width]` to `[channels]`. What the discriminators of
 * SNGAN-projection and BigGAN end in before their last layer (Miyato and Koyama 2018).
 */
export function globalSumPool2d(options: { name?: string | undefined } = {}): Layer {
  return withOptions({ type: "globalSumPool2d" }, options);
}

/** libtorch holds sides of windows in 32 bits. */
const longest = 2 ** 31 - 1;

/** The options that every window has. */
function windowOf(layer: Layer, at: Site) {
  const kernel = pair(layer, "kernelSize", at, 1);
  const stride = pair(layer, "stride", at, 1, kernel);
  const padding = pair(layer, "padding", at, 0, 0);
  for (const axis of [0, 1] as const) {
    check.integer(kernel[axis], at.option("kernelSize"), 1, longest);
    check.integer(stride[axis], at.option("stride"), 1, longest);
    check.integer(padding[axis], at.option("padding"), 0, Math.floor(kernel[axis] / 2));
  }
  return { kernel, stride, padding };
}

export const avgPool2dKind = layerKind({
  options: ["kernelSize", "stride", "padding", "countIncludePad"],
  keepsProbabilities: true,
  resolve(layer, input, at) {
    const { kernel, stride, padding } = windowOf(layer, at);
    const countIncludePad = check.boolean(
      layer.countIncludePad ?? true,
      at.option("countIncludePad"),
    );
    const image = at.image(input);
    const output = [image[0], ...slide(image, { kernel, stride, padding }, at)];
    return { options: { kernelSize: kernel, stride, padding, countIncludePad }, output };
  },
  python(layer) {
    const { kernelSize } = layer.options;
    const defaults = { stride: kernelSize, padding: 0, countIncludePad: true };
    return { module: call("nn.AvgPool2d", literal(kernelSize), ...keywords(layer, defaults)) };
  },
  onnx: ({ options }, x, to) =>
    to.node("AveragePool", [x], {
      ...onnxWindow(options),
      count_include_pad: options.countIncludePad ? 1 : 0,
    }),
});

export const maxPool2dKind = layerKind({
  options: ["kernelSize", "stride", "padding"],
  keepsProbabilities: true,
  resolve(layer, input, at) {
    const { kernel, stride, padding } = windowOf(layer, at);
    const image = at.image(input);
    const output = [image[0], ...slide(image, { kernel, stride, padding }, at)];
    return { options: { kernelSize: kernel, stride, padding }, output };
  },
  python(layer) {
    const { kernelSize } = layer.options;
    const defaults = { stride: kernelSize, padding: 0 };
    return { module: call("nn.MaxPool2d", literal(kernelSize), ...keywords(layer, defaults)) };
  },
  onnx: ({ options }, x, to) => to.node("MaxPool", [x], onnxWindow(options)),
});

function onnxWindow({ kernelSize, stride, padding }: Record<WindowOption, readonly number[]>) {
  return { kernel_shape: kernelSize, strides: stride, pads: [...padding, ...padding] };
}

type WindowOption = "kernelSize" | "stride" | "padding";

export const adaptiveAvgPool2dKind = layerKind({
  options: ["outputSize"],
  keepsProbabilities: true,
  resolve(layer, input, at) {
    const outputSize = pair(layer, "outputSize", at, 1);
    const [channels] = at.image(input);
    return { options: { outputSize }, output: [channels, ...outputSize] };
  },
  // To one pixel it is a mean, of which libtorch knows; else it makes zeros.
  bends: ({ options }) => (options.outputSize.every((side) => side === 1) ? "never" : "always"),
  python: ({ options }) => ({
    module: call("nn.AdaptiveAvgPool2d", literal(options.outputSize)),
  }),
  // No operator has windows of several sizes: means along one axis and then the other, as products.
  onnx({ input, output }, x, to) {
    const [, height, width] = input as [number, number, number];
    const [, tall, wide] = output as [number, number, number];
    const rows = to.node("MatMul", [meansOf(height, tall, to), x]);
    return to.node("MatMul", [
      rows,
      to.node("Transpose", [meansOf(width, wide, to)], { perm: [1, 0] }),
    ]);
  },
});

/**
 * [windows, side]: what makes means of a side; window i is from ⌊i·side/windows⌋ up to ⌈(i +
 * 1)·side/windows⌉.
 */
function meansOf(side: number, windows: number, to: OnnxWriter): Value {
  const values = new Array<number>(windows * side).fill(0);
  for (let i = 0; i < windows; ++i) {
    const from = Math.floor((i * side) / windows);
    const end = Math.ceil(((i + 1) * side) / windows);
    values.fill(1 / (end - from), i * side + from, i * side + end);
  }
  return to.floats(values, [windows, side]);
}

const sumHelper = `class GlobalSumPool2d(nn.Module):
    """The sum of each channel (Miyato and Koyama 2018)."""

    def forward(self, x):
        return x.sum((2, 3))`;

export const globalSumPool2dKind = layerKind({
  options: [],
  bends: () => "never",
  resolve: (_, input, at) => ({ options: {}, output: [at.image(input)[0]] }),
  python: () => ({ module: call("GlobalSumPool2d"), helpers: [sumHelper] }),
  // A mean times its pixels: ReduceSum has its axes elsewhere in another opset than ReduceMean.
  onnx({ input }, x, to) {
    const [channels, height, width] = input as [number, number, number];
    const mean = reshape(reduce("ReduceMean", x, [2, 3], to), [channels], to);
    return to.node("Mul", [mean, to.floats([height * width])]);
  },
});
