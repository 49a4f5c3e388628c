import * as check from "../check.js";
import { product } from "../shape.js";
import { layerKind } from "./kind.js";
import type { Layer } from "./layer.js";
import { affine, reduce, reshape } from "./onnx.js";
import { call, keywords, literal } from "./python.js";
import { trained } from "./state.js";
import { withOptions } from "./with-options.js";

/**
 * The largest of several linear functions, on `[features]`: output j is the maximum of the rows
 * j·pieces to (j + 1)·pieces − 1 of one linear layer (Goodfellow et al. 2013, Maxout Networks).
 *
 * @param outFeatures width of the output, at least 1
 * @param pieces linear functions an output, at least 2
 * @param options `bias` @default true
 */
export function maxout(
  outFeatures: number,
  pieces: number,
  options: { bias?: boolean | undefined; name?: string | undefined } = {},
): Layer {
  return withOptions({ type: "maxout", outFeatures, pieces }, options);
}

const helper = `class Maxout(nn.Module):
    """The largest of several linear functions (Goodfellow et al. 2013)."""

    def __init__(self, in_features, out_features, pieces, bias=True):
        super().__init__()
        self.pieces = pieces
        self.linear = nn.Linear(in_features, out_features * pieces, bias=bias)

    def forward(self, x):
        return self.linear(x).unflatten(1, (-1, self.pieces)).max(2).values`;

export const maxoutKind = layerKind({
  options: ["inFeatures", "outFeatures", "pieces", "bias"],
  bends: () => "never",
  resolve(layer, input, at) {
    const outFeatures = check.integer(layer.outFeatures, at.option("outFeatures"), 1);
    const pieces = check.integer(layer.pieces, at.option("pieces"), 2);
    const bias = check.boolean(layer.bias ?? true, at.option("bias"));
    const inFeatures = at.size(layer, "inFeatures", at.features(input));
    return { options: { inFeatures, outFeatures, pieces, bias }, output: [outFeatures] };
  },
  state({ options: { inFeatures, outFeatures, pieces, bias } }) {
    const rows = outFeatures * pieces;
    return {
      "linear.weight": trained(rows, inFeatures),
      ...(bias ? { "linear.bias": trained(rows) } : {}),
    };
  },
  multiplications: ({ options, input, output }) =>
    product(input) * product(output) * options.pieces,
  python(layer) {
    const { inFeatures, outFeatures, pieces } = layer.options;
    const sizes = [inFeatures, outFeatures, pieces].map(literal);
    return {
      module: call("Maxout", ...sizes, ...keywords(layer, { bias: true })),
      helpers: [helper],
    };
  },
  onnx(layer, x, to) {
    const { outFeatures, pieces, bias } = layer.options;
    const all = affine(layer, x, to, { prefix: "linear.", bias: bias });
    const grouped = reshape(all, [outFeatures, pieces], to);
    return reshape(reduce("ReduceMax", grouped, [2], to), [outFeatures], to);
  },
});
