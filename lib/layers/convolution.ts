import * as check from "../check.js";
import { product, type Shape } from "../shape.js";
import { layerKind } from "./kind.js";
import type { Layer, ResolvedLayer } from "./layer.js";
import { type OnnxWriter, type WriteOnnx, weights } from "./onnx.js";
import { call, keywords, literal } from "./python.js";
import type { Site } from "./site.js";
import { weightAndBias } from "./state.js";
import { type Pair, pair, slide } from "./window.js";
import { withOptions } from "./with-options.js";

/** Options of torch.nn.Conv2d; a pair is [height, width]. */
export interface Conv2dOptions {
  /** Step of the kernel, at least 1. @default 1 */
  readonly stride?: Pair | undefined;
  /** Zeros on every side, at least 0. @default 0 */
  readonly padding?: Pair | undefined;
  /** Distance between the kernel's values, at least 1. @default 1 */
  readonly dilation?: Pair | undefined;
  /**
   * Parts that channels are cut into, each convolved for itself; a divisor of those of input and
   * output.
   * @default 1
   */
  readonly groups?: number | undefined;
  /** @default true */
  readonly bias?: boolean | undefined;
  /** Key in the state dict. @default its position among its siblings */
  readonly name?: string | undefined;
}

/** Options of torch.nn.ConvTranspose2d; a pair is [height, width]. */
export interface ConvTranspose2dOptions extends Conv2dOptions {
  /** Rows and columns more on one side of the output; below stride or dilation. @default 0 */
  readonly outputPadding?: Pair | undefined;
}

/**
 * Cross-correlation over `[channels, height, width]`. torch.nn.Conv2d.
 *
 * @param outChannels channels of the output, at least 1
 * @param kernelSize side of the square kernel, or [height, width]; at least 1
 */
export function conv2d(outChannels: number, kernelSize: Pair, options: Conv2dOptions = {}): Layer {
  return withOptions({ type: "conv2d", outChannels, kernelSize }, options);
}

/**
 * The transpose of a convolution: makes images larger by its stride, `[channels, height, width]` to
 * `[outChannels, (height − 1)·stride − 2·padding + dilation·(kernel − 1) + outputPadding + 1,
 * ...]`. torch.nn.ConvTranspose2d.
 *
 * @param outChannels channels of the output, at least 1
 * @param kernelSize side of the square kernel, or [height, width]; at least 1
 */
export function convTranspose2d(
  outChannels: number,
  kernelSize: Pair,
  options: ConvTranspose2dOptions = {},
): Layer {
  return withOptions({ type: "convTranspose2d", outChannels, kernelSize }, options);
}

/** What both directions share. */
function resolveWindow(layer: Layer, input: Shape, at: Site) {
  const outChannels = check.integer(layer.outChannels, at.option("outChannels"), 1);
  const options = {
    outChannels,
    kernelSize: pair(layer, "kernelSize", at, 1),
    stride: pair(layer, "stride", at, 1, 1),
    padding: pair(layer, "padding", at, 0, 0),
    dilation: pair(layer, "dilation", at, 1, 1),
    groups: check.integer(layer.groups ?? 1, at.option("groups"), 1),
    bias: check.boolean(layer.bias ?? true, at.option("bias")),
  };
  const image = at.image(input, "put unflatten([...]) before it");
  const inChannels = at.size(layer, "inChannels", image);
  if (inChannels % options.groups !== 0)
    throw at.refuse(`channels that are a multiple of groups ${options.groups}`, input);
  if (outChannels % options.groups !== 0) {
    throw at.refuseWhat(
      `outChannels that are a multiple of groups ${options.groups}`,
      String(outChannels),
    );
  }
  return { inChannels, image, ...options };
}

/** Sides of the area that a dilated kernel looks at. */
function reach(kernel: readonly [number, number], dilation: readonly [number, number]) {
  return [dilation[0] * (kernel[0] - 1) + 1, dilation[1] * (kernel[1] - 1) + 1] as const;
}

/** Options that both directions have. */
type Convolution = Omit<ReturnType<typeof resolveWindow>, "image">;

type Transposed = Convolution & { readonly outputPadding: readonly [number, number] };

/** A weight whose kernels are [first, second, height, width]. */
function stateOf({ options }: ResolvedLayer<Convolution>, first: number, second: number) {
  const { kernelSize, groups, bias, outChannels } = options;
  const weight = [first, second / groups, ...kernelSize];
  return weightAndBias(weight, bias ? [outChannels] : null);
}

/** Weights of one kernel through all its channels. */
function tapsOf({ kernelSize, groups }: Convolution, channels: number): number {
  return (product(kernelSize) * channels) / groups;
}

const windowOptions = ["inChannels", "outChannels", "kernelSize", "stride", "padding"] as const;

function python(torchName: string, defaults: Parameters<typeof keywords>[1]) {
  return (layer: ResolvedLayer<Convolution>) => {
    const { inChannels, outChannels, kernelSize } = layer.options;
    const sizes = [inChannels, outChannels, kernelSize].map(literal);
    return { module: call(`nn.${torchName}`, ...sizes, ...keywords(layer, defaults)) };
  };
}

const onnxAttributes = ({ options }: ResolvedLayer<Convolution>) => ({
  kernel_shape: options.kernelSize,
  strides: options.stride,
  pads: [...options.padding, ...options.padding],
  dilations: options.dilation,
  group: options.groups,
});

const onnxWeights = (layer: ResolvedLayer<Convolution>, to: OnnxWriter) =>
  weights(layer, to, layer.options);

const onnxConv: WriteOnnx<Convolution> = (layer, x, to) =>
  to.node("Conv", [x, ...onnxWeights(layer, to)], onnxAttributes(layer));

/**
 * PyTorch lets the output be longer by less than the dilation, onnxruntime by less than the stride
 * alone.
 */
const onnxConvTranspose: WriteOnnx<Transposed> = (layer, x, to) => {
  const { stride, outputPadding: more } = layer.options;
  // Each row of zeros behind the input makes the output longer by a stride.
  const rows = more.map((value, axis) => Math.floor(value / (stride[axis] as number)));
  const longer = rows.some((count) => count > 0)
    ? to.node("Pad", [x, to.ints([0, 0, 0, 0, 0, 0, ...rows])])
    : x;
  return to.node("ConvTranspose", [longer, ...onnxWeights(layer, to)], {
    ...onnxAttributes(layer),
    output_padding: more.map((value, axis) => value % (stride[axis] as number)),
  });
};

export const conv2dKind = layerKind({
  options: [...windowOptions, "dilation", "groups", "bias"],
  bends: () => "never",
  resolve(layer, input, at) {
    const { image, ...options } = resolveWindow(layer, input, at);
    const { stride, padding } = options;
    const kernel = reach(options.kernelSize, options.dilation);
    const output = [options.outChannels, ...slide(image, { kernel, stride, padding }, at)];
    return { options, output };
  },
  state: (layer) => stateOf(layer, layer.options.outChannels, layer.options.inChannels),
  // Every pixel of the output looks at a kernel's worth of the input.
  multiplications: ({ options, output }) => product(output) * tapsOf(options, options.inChannels),
  python: python("Conv2d", { stride: 1, padding: 0, dilation: 1, groups: 1, bias: true }),
  onnx: onnxConv,
});

export const convTranspose2dKind = layerKind({
  options: [...windowOptions, "outputPadding", "dilation", "groups", "bias"],
  bends: () => "never",
  resolve(layer, input, at) {
    const outputPadding = pair(layer, "outputPadding", at, 0, 0);
    const { image, ...options } = resolveWindow(layer, input, at);
    const { stride, padding, dilation } = options;
    const kernel = reach(options.kernelSize, dilation);
    const side = (axis: 0 | 1): number => {
      const limit = Math.max(stride[axis], dilation[axis]);
      check.integer(outputPadding[axis], at.option("outputPadding"), 0, limit - 1);
      const inner = (image[axis === 0 ? 1 : 2] - 1) * stride[axis] + kernel[axis];
      return inner - 2 * padding[axis] + outputPadding[axis];
    };
    const output = [options.outChannels, side(0), side(1)];
    if (Math.min(...output) < 1) {
      throw at.refuse(
        `an output of at least 1 x 1 (padding ${padding.join(" x ")} leaves ${output[1]} x ${output[2]})`,
        input,
      );
    }
    return { options: { ...options, outputPadding }, output };
  },
  state: (layer) => stateOf(layer, layer.options.inChannels, layer.options.outChannels),
  // Every pixel of the input goes to a kernel's worth of the output.
  multiplications: ({ options, input }) => product(input) * tapsOf(options, options.outChannels),
  python: python("ConvTranspose2d", {
    stride: 1,
    padding: 0,
    outputPadding: 0,
    groups: 1,
    bias: true,
    dilation: 1,
  }),
  onnx: onnxConvTranspose,
});
