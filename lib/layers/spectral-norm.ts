import * as check from "../check.js";
import { wrongType } from "../errors.js";
import { product, type Shape } from "../shape.js";
import { conv2dKind, convTranspose2dKind } from "./convolution.js";
import { type LayerKind, layerKind } from "./kind.js";
import { embeddingKind, projectionKind } from "./labels.js";
import type { Layer, ResolvedLayer } from "./layer.js";
import { linearKind } from "./linear.js";
import type { OnnxWriter } from "./onnx.js";
import {
  call,
  type Expression,
  keyword,
  keywords,
  lambda,
  withItem,
  withLabels,
} from "./python.js";
import { kept, type TensorSpec } from "./state.js";

/**
 * A layer with its weight divided by its largest singular value, which power iteration follows in
 * training (Miyato et al. 2018). torch.nn.utils.parametrizations.spectral_norm. A projection has
 * both of its weights divided, each by its own value. It takes the layer's name.
 *
 * @param layer a linear, conv2d, convTranspose2d, embedding or projection
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
  /** Where its weights are: modules inside it, or itself. @default itself */
  readonly parts?: readonly string[];
}

/** What can be inside. */
const wrappable: ReadonlyMap<unknown, Wrappable> = new Map<string, Wrappable>([
  ["linear", { kind: linearKind, axis: 0 }],
  ["conv2d", { kind: conv2dKind, axis: 0 }],
  ["convTranspose2d", { kind: convTranspose2dKind, axis: 1 }],
  ["embedding", { kind: embeddingKind, axis: 0 }],
  ["projection", { kind: projectionKind, axis: 0, parts: ["linear", "embedding"] }],
]);

/** A weight that is divided, with what stands before its key, and the bias beside it. */
interface Divided {
  readonly prefix: string;
  readonly weight: TensorSpec;
  readonly bias: TensorSpec | undefined;
}

/** The only layer inside, with the weights that are divided. */
function wrapped({ layers }: ResolvedLayer) {
  const inner = layers[0] as ResolvedLayer;
  const { kind, axis, parts } = wrappable.get(inner.type) as Wrappable;
  const state = kind.state?.(inner) ?? {};
  const weights = (parts?.map((part) => `${part}.`) ?? [""]).map(
    (prefix): Divided => ({
      prefix,
      weight: state[`${prefix}weight`] as TensorSpec,
      bias: state[`${prefix}bias`],
    }),
  );
  return { inner, axis, weights, isInParts: parts !== undefined };
}

export const spectralNormKind = layerKind({
  options: ["nPowerIterations", "eps", "layers"],
  bends: () => "never",
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
      const what = "one linear, conv2d, convTranspose2d, embedding or projection";
      throw wrongType(what, at.option("layers"), received);
    }
    const resolved = at.around.single(inner, input, at.path, "0");
    return { options: { nPowerIterations, eps }, output: resolved.output, layers: [resolved] };
  },
  state(layer) {
    const { axis, weights } = wrapped(layer);
    return Object.fromEntries(weights.flatMap((one) => Object.entries(normedState(one, axis))));
  },
  python(layer, write, drawnAnew) {
    const { inner, isInParts } = wrapped(layer);
    const options = keywords(layer, { nPowerIterations: 1, eps: 1e-12 });
    const normed = (module: Expression) => call("spectral_norm", drawnAnew(module), ...options);
    const module = write(inner);
    return {
      module: isInParts
        ? withItem(module, keyword("norm", lambda("module", normed("module"))))
        : normed(module),
      import: "from torch.nn.utils.parametrizations import spectral_norm",
      ...(layer.takesLabels && { forward: withLabels }),
    };
  },
  onnx(layer, x, to) {
    const { inner, axis, weights } = wrapped(layer);
    for (const { prefix, weight } of weights) {
      const values = divided(layer, prefix, weight.shape, axis, to);
      to.replace(inner, `${prefix}weight`, weight.shape, values);
    }
    return to.layer(inner, x);
  },
});

/** What stands in the place of a weight and its bias. */
function normedState({ prefix, weight, bias }: Divided, axis: number): Record<string, TensorSpec> {
  const outputs = weight.shape[axis] as number;
  return {
    ...(bias && { [`${prefix}bias`]: bias }),
    [`${prefix}parametrizations.weight.original`]: weight,
    // The singular vectors: a number for each output, and one for each weight of an output.
    [`${prefix}parametrizations.weight.0._u`]: kept(outputs),
    [`${prefix}parametrizations.weight.0._v`]: kept(product(weight.shape) / outputs),
  };
}

/**
 * The weight over u·(W·v), its largest singular value, where W has a row for each index of the
 * axis.
 */
function divided(
  layer: ResolvedLayer,
  prefix: string,
  shape: Shape,
  axis: number,
  to: OnnxWriter,
): Float32Array {
  const [weight, u, v] = ["original", "0._u", "0._v"].map((key) =>
    to.numbers(layer, `${prefix}parametrizations.weight.${key}`),
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
