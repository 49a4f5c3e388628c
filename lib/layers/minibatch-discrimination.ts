import * as check from "../check.js";
import { product } from "../shape.js";
import { layerKind } from "./kind.js";
import type { Layer } from "./layer.js";
import { reduce, reshape } from "./onnx.js";
import { call, keywords, literal } from "./python.js";
import { trained } from "./state.js";
import { withOptions } from "./with-options.js";

/**
 * How close a sample is to each other one of its batch, behind its features: `[features]` to
 * `[features + outFeatures]`. A discriminator sees by it a generator that makes few different
 * samples (Salimans et al. 2016, Improved Techniques for Training GANs, section 3.2).
 *
 * New feature b of sample i is Σ exp(−‖Mᵢ,b − Mⱼ,b‖₁) over the other samples j, where M = x·T. It
 * is the module that PyTorch scripts share as `MinibatchDiscrimination(in_features, out_features,
 * kernel_dims)`: `T`, [features, outFeatures, kernelDims], is drawn from N(0, 1), and of the
 * paper's sum the term of the sample itself, which is 1, is taken off. Time and memory grow with
 * the square of the batch.
 *
 * @param outFeatures closenesses of a sample, the paper's B; at least 1
 * @param options `kernelDims`: numbers by which a closeness compares, the paper's C; at least 1
 * @default 5
 */
export function minibatchDiscrimination(
  outFeatures: number,
  options: { kernelDims?: number | undefined; name?: string | undefined } = {},
): Layer {
  return withOptions({ type: "minibatchDiscrimination", outFeatures }, options);
}

const helper = `class MinibatchDiscrimination(nn.Module):
    """How close a sample is to the others of its batch (Salimans et al. 2016)."""

    def __init__(self, in_features, out_features, kernel_dims=5):
        super().__init__()
        self.T = nn.Parameter(torch.empty(in_features, out_features, kernel_dims))
        nn.init.normal_(self.T)

    def forward(self, x):
        rows = (x @ self.T.flatten(1)).unflatten(1, self.T.shape[1:])
        distances = (rows[None] - rows[:, None]).abs().sum(3)
        closeness = torch.exp(-distances).sum(0) - 1  # but for itself
        return torch.cat([x, closeness], 1)`;

export const minibatchDiscriminationKind = layerKind({
  options: ["inFeatures", "outFeatures", "kernelDims"],
  resolve(layer, input, at) {
    const outFeatures = check.integer(layer.outFeatures, at.option("outFeatures"), 1);
    const kernelDims = check.integer(layer.kernelDims ?? 5, at.option("kernelDims"), 1);
    const inFeatures = at.size(layer, "inFeatures", at.features(input));
    return {
      options: { inFeatures, outFeatures, kernelDims },
      output: [inFeatures + outFeatures],
    };
  },
  state: ({ options: { inFeatures, outFeatures, kernelDims } }) => ({
    T: trained(inFeatures, outFeatures, kernelDims),
  }),
  multiplications: ({ options, input }) =>
    product(input) * options.outFeatures * options.kernelDims,
  valuesOfPair: ({ options }) => options.outFeatures,
  python(layer) {
    const { inFeatures, outFeatures } = layer.options;
    const sizes = [inFeatures, outFeatures].map(literal);
    return {
      module: call("MinibatchDiscrimination", ...sizes, ...keywords(layer, { kernelDims: 5 })),
      helpers: [helper],
    };
  },
  onnx(layer, x, to) {
    const { inFeatures, outFeatures, kernelDims } = layer.options;
    const flat = to.ints([inFeatures, outFeatures * kernelDims]);
    const weight = to.node("Reshape", [to.weight(layer, "T"), flat]);
    const rows = reshape(to.node("MatMul", [x, weight]), [outFeatures, kernelDims], to);
    const [mine, others] = [0, 1].map((axis) => to.node("Unsqueeze", [rows, to.ints([axis])])) as [
      string,
      string,
    ];
    const distances = reduce("ReduceL1", to.node("Sub", [mine, others]), [3], to);
    const near = to.node("Exp", [to.node("Neg", [distances])]); // [N, N, outFeatures, 1]
    const sum = to.node("ReduceSum", [near, to.ints([0, 3])], { keepdims: 0 });
    const closeness = to.node("Sub", [sum, to.floats([1])]);
    return to.node("Concat", [x, closeness], { axis: 1 });
  },
  couplesSamples: true,
  comparesSamples: true,
});
