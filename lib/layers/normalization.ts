import * as check from "../check.js";
import { product, type Shape } from "../shape.js";
import { layerKind } from "./kind.js";
import type { Layer, ResolvedLayer } from "./layer.js";
import {
  float,
  type OnnxWriter,
  reshape,
  rootMeanSquare,
  scaleChannels,
  type Value,
  weights,
} from "./onnx.js";
import { call, keywords, literal, tuple } from "./python.js";
import { weightAndBias } from "./state.js";
import { withOptions } from "./with-options.js";

/** Options of torch.nn.InstanceNorm2d and GroupNorm. */
export interface NormOptions {
  /** Added to the variance; finite and above 0. @default 1e-5 */
  readonly eps?: number | undefined;
  /** A weight and a bias for each channel. @default false for instanceNorm2d, true for groupNorm */
  readonly affine?: boolean | undefined;
  /** Key in the state dict. @default its position among its siblings */
  readonly name?: string | undefined;
}

/** Options of torch.nn.LayerNorm. */
export interface LayerNormOptions {
  /** The last dimensions of the input, over which statistics are taken. @default the whole input */
  readonly normalizedShape?: Shape | undefined;
  /** Added to the variance; finite and above 0. @default 1e-5 */
  readonly eps?: number | undefined;
  /** A weight and a bias for each number. @default true */
  readonly elementwiseAffine?: boolean | undefined;
  /** @default true */
  readonly bias?: boolean | undefined;
  /** Key in the state dict. @default its position among its siblings */
  readonly name?: string | undefined;
}

/**
 * Each channel of each sample of `[channels, height, width]` to mean 0 and variance 1 (Ulyanov et
 * al. 2016). torch.nn.InstanceNorm2d.
 */
export function instanceNorm2d(options: NormOptions = {}): Layer {
  return withOptions({ type: "instanceNorm2d" }, options);
}

/**
 * Each group of channels of each sample to mean 0 and variance 1 (Wu and He 2018).
 * torch.nn.GroupNorm.
 *
 * @param numGroups a divisor of the channels
 */
export function groupNorm(numGroups: number, options: NormOptions = {}): Layer {
  return withOptions({ type: "groupNorm", numGroups }, options);
}

/**
 * Each sample, over its last dimensions, to mean 0 and variance 1 (Ba et al. 2016).
 * torch.nn.LayerNorm.
 */
export function layerNorm(options: LayerNormOptions = {}): Layer {
  return withOptions({ type: "layerNorm" }, options);
}

/**
 * Each pixel's vector of channels to mean square 1: x / sqrt(mean over channels of x² + eps)
 * (Karras et al. 2018, Progressive Growing of GANs, section 4.2).
 *
 * @param options `eps`, finite and above 0 @default 1e-8
 */
export function pixelNorm(
  options: { eps?: number | undefined; name?: string | undefined } = {},
): Layer {
  return withOptions({ type: "pixelNorm" }, options);
}

export const instanceNorm2dKind = layerKind({
  options: ["numFeatures", "eps", "affine"],
  resolve(layer, input, at) {
    const eps = check.positive(layer.eps ?? 1e-5, at.option("eps"));
    const affine = check.boolean(layer.affine ?? false, at.option("affine"));
    const [, height, width] = at.image(input);
    const numFeatures = at.size(layer, "numFeatures", input);
    // As in PyTorch: the mean of one pixel is the pixel, so that nothing would be left of it.
    if (height * width === 1) throw at.refuse("an input of more than one pixel", input);
    return { options: { numFeatures, eps, affine }, output: input };
  },
  state: ({ options: { numFeatures, affine } }) =>
    affine ? weightAndBias([numFeatures], [numFeatures]) : {},
  python: (layer) => ({
    module: call(
      "nn.InstanceNorm2d",
      literal(layer.options.numFeatures),
      ...keywords(layer, { eps: 1e-5, affine: false }),
    ),
  }),
  onnx: (layer, x, to) => standardize(layer, x, layer.options.numFeatures, to),
});

/**
 * Each of the groups of a sample to mean 0 and variance 1, then each channel by its weight and
 * bias.
 */
function standardize(
  layer: ResolvedLayer<{ readonly eps: number }>,
  x: Value,
  groups: number,
  to: OnnxWriter,
): Value {
  const all = (value: number) => to.floats(Array(groups).fill(value), [groups]);
  const inputs = [reshape(x, [groups, -1], to), all(1), all(0)];
  const epsilon = float(layer.options.eps);
  const rows = to.node("InstanceNormalization", inputs, { epsilon });
  return scaleChannels(layer, reshape(rows, layer.input, to), to);
}

export const groupNormKind = layerKind({
  options: ["numGroups", "numChannels", "eps", "affine"],
  resolve(layer, input, at) {
    const numGroups = check.integer(layer.numGroups, at.option("numGroups"), 1);
    const eps = check.positive(layer.eps ?? 1e-5, at.option("eps"));
    const affine = check.boolean(layer.affine ?? true, at.option("affine"));
    const numChannels = at.size(layer, "numChannels", input);
    if (numChannels % numGroups !== 0)
      throw at.refuse(`channels that are a multiple of numGroups ${numGroups}`, input);
    // As in PyTorch: the mean of one number is the number.
    if (product(input) === numGroups)
      throw at.refuse(`more than one number in each of ${numGroups} groups`, input);
    return { options: { numGroups, numChannels, eps, affine }, output: input };
  },
  state: ({ options: { numChannels, affine } }) =>
    affine ? weightAndBias([numChannels], [numChannels]) : {},
  python(layer) {
    const { numGroups, numChannels } = layer.options;
    const sizes = [numGroups, numChannels].map(literal);
    return {
      module: call("nn.GroupNorm", ...sizes, ...keywords(layer, { eps: 1e-5, affine: true })),
    };
  },
  onnx: (layer, x, to) => standardize(layer, x, layer.options.numGroups, to),
});

export const layerNormKind = layerKind({
  options: ["normalizedShape", "eps", "elementwiseAffine", "bias"],
  resolve(layer, input, at) {
    const normalizedShape = at.shape(layer.normalizedShape ?? input, "normalizedShape");
    const eps = check.positive(layer.eps ?? 1e-5, at.option("eps"));
    const elementwiseAffine = check.boolean(
      layer.elementwiseAffine ?? true,
      at.option("elementwiseAffine"),
    );
    const bias = check.boolean(layer.bias ?? true, at.option("bias"));
    if (
      normalizedShape.length > input.length ||
      input.slice(-normalizedShape.length).join() !== normalizedShape.join()
    )
      throw at.refuse(`an input that ends in [${normalizedShape.join(", ")}]`, input);
    return { options: { normalizedShape, eps, elementwiseAffine, bias }, output: input };
  },
  state({ options: { normalizedShape: shape, elementwiseAffine, bias } }) {
    return elementwiseAffine ? weightAndBias(shape, bias ? shape : null) : {};
  },
  python(layer) {
    const shape = layer.options.normalizedShape;
    const defaults = { eps: 1e-5, elementwiseAffine: true, bias: true };
    return {
      module: call(
        "nn.LayerNorm",
        shape.length === 1 ? literal(shape[0] as number) : tuple(shape),
        ...keywords(layer, defaults),
      ),
    };
  },
  onnx(layer, x, to) {
    const { normalizedShape: shape, eps, elementwiseAffine, bias } = layer.options;
    const scale = elementwiseAffine
      ? weights(layer, to, { bias })
      : [to.floats(Array(product(shape)).fill(1), shape)];
    const attributes = { axis: -shape.length, epsilon: float(eps) };
    return to.node("LayerNormalization", [x, ...scale], attributes);
  },
});

const helper = `class PixelNorm(nn.Module):
    """Each pixel's vector of channels to mean square 1 (Karras et al. 2018)."""

    def __init__(self, eps=1e-8):
        super().__init__()
        self.eps = eps

    def forward(self, x):
        return x * torch.rsqrt(x.square().mean(1, keepdim=True) + self.eps)`;

export const pixelNormKind = layerKind({
  options: ["eps"],
  resolve(layer, input, at) {
    const eps = check.positive(layer.eps ?? 1e-8, at.option("eps"));
    return { options: { eps }, output: input };
  },
  python: (layer) => ({
    module: call("PixelNorm", ...keywords(layer, { eps: 1e-8 })),
    helpers: [helper],
  }),
  onnx: ({ options }, x, to) => to.node("Div", [x, rootMeanSquare(x, [1], options.eps, to)]),
});
