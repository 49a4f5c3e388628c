import * as check from "../check.js";
import { wrongType } from "../errors.js";
import { product, type Shape } from "../shape.js";
import { conv2dKind, convTranspose2dKind } from "./convolution.js";
import { type LayerKind, layerKind } from "./kind.js";
import type { Layer, ResolvedLayer } from "./layer.js";
import { linearKind } from "./linear.js";
import type { OnnxWriter } from "./onnx.js";
import { call, keywords } from "./python.js";
import { kept, type TensorSpec } from "./state.js";

/**
 * A layer with its weight divided by its largest singular value, which power iteration follows in
 * training (Miyato et al. 2018). torch.nn.utils.parametrizations.spectral_norm. It takes the
 * layer's name.
 *
 * @param layer a linear, conv2d or convTranspose2d
 * @param options `nPowerIterations` a pass in training, at least 1 @default 1, `eps` above 0
 * @default 1e-12
 */
export function spectralNorm(
  layer: Layer,
  options: { nPowerIterations?: number | undefined; eps?: number | undefined } = {},
): Layer {
  const name = layer?.name === undefined ? {} : { name: layer.name };
  return { type: "spectralNorm", ...name, ...options, layers: [layer] };
}

interface Wrappable {
  readonly kind: LayerKind;
  /** Which axis of its weight counts the outputs. */
  readonly axis: number;
}

/** What can be inside. */
const wrappable: ReadonlyMap<unknown, Wrappable> = new Map([
  ["linear", { kind: linearKind, axis: 0 }],
  ["conv2d", { kind: conv2dKind, axis: 0 }],
  ["convTranspose2d", { kind: convTranspose2dKind, axis: 1 }],
]);

/** The only layer inside, with its tensors. */
function wrapped({ layers }: ResolvedLayer) {
  const inner = layers[0] as ResolvedLayer;
  const { kind, axis } = wrappable.get(inner.type) as Wrappable;
  const { weight, ...bias } = (kind.state?.(inner) ?? {}) as { weight: TensorSpec };
  return { inner, axis, weight, bias };
}

export const spectralNormKind = layerKind({
  options: ["nPowerIterations", "eps", "layers"],
  resolve(layer, input, at) {
    const nPowerIterations = check.integer(
      layer.nPowerIterations ?? 1,
      at.option("nPowerIterations"),
      1,
    );
    const eps = check.positive(layer.eps ?? 1e-12, at.option("eps"));
    const [inner, ...others] = Array.isArray(layer.layers) ? layer.layers : [];
    if (others.length > 0 || !check.isObject(inner) || !wrappable.has(inner.type)) {
      const received = check.isObject(inner) && others.length === 0 ? inner.type : layer.layers;
      throw wrongType("one linear, conv2d or convTranspose2d", at.option("layers"), received);
    }
    const resolved = at.around.single(inner, input, at.path, "0");
    return { options: { nPowerIterations, eps }, output: resolved.output, layers: [resolved] };
  },
  state(layer) {
    const { axis, weight, bias } = wrapped(layer);
    const outputs = weight.shape[axis] as number;
    return {
      ...bias,
      "parametrizations.weight.original": weight,
      // The singular vectors: a number for each output, and one for each weight of an output.
      "parametrizations.weight.0._u": kept(outputs),
      "parametrizations.weight.0._v": kept(product(weight.shape) / outputs),
    };
  },
  python: (layer, write, drawnAnew) => ({
    module: call(
      "spectral_norm",
      drawnAnew(write(wrapped(layer).inner)),
      ...keywords(layer, { nPowerIterations: 1, eps: 1e-12 }),
    ),
    import: "from torch.nn.utils.parametrizations import spectral_norm",
  }),
  onnx(layer, x, to) {
    const { inner, axis, weight } = wrapped(layer);
    to.replace(inner, "weight", weight.shape, divided(layer, weight.shape, axis, to));
    return to.layer(inner, x);
  },
});

/**
 * The weight over u·(W·v), its largest singular value, where W has a row for each index of the
 * axis.
 */
function divided(layer: ResolvedLayer, shape: Shape, axis: number, to: OnnxWriter): Float32Array {
  const [weight, u, v] = ["original", "0._u", "0._v"].map((key) =>
    to.numbers(layer, `parametrizations.weight.${key}`),
  ) as [Float32Array, Float32Array, Float32Array];
  const rows = shape[axis] as number;
  const inner = product(shape.slice(axis + 1));
  const sigma = weight.reduce((total, value, i) => {
    const row = Math.floor(i / inner) % rows;
    const column = Math.floor(i / (inner * rows)) * inner + (i % inner);
    return total + value * (u[row] as number) * (v[column] as number);
  }, 0);
  return weight.map((value) => value / sigma);
}
