import * as check from "../check.js";
import { product } from "../shape.js";
import { byRunning } from "./batch-norm.js";
import { layerKind } from "./kind.js";
import { classes } from "./labels.js";
import type { Layer } from "./layer.js";
import { reshape } from "./onnx.js";
import { call, keywords, literal, withLabels } from "./python.js";
import { counter, kept, trained } from "./state.js";
import { withOptions } from "./with-options.js";

/** Options of batch normalisation with a scale for each class. */
export interface ConditionalBatchNormOptions {
  /** Added to the variance; finite and above 0. @default 1e-5 */
  readonly eps?: number | undefined;
  /** Weight of a new batch in the running statistics, 0 to 1. @default 0.1 */
  readonly momentum?: number | undefined;
  /** Key in the state dict. @default its position among its siblings */
  readonly name?: string | undefined;
}

/**
 * Batch normalisation of `[channels, height, width]` with a weight and a bias for each class (de
 * Vries et al. 2017), as in the generators of SNGAN-projection and BigGAN. Weights begin as
 * N(1, 0.02²), biases as 0. Keys: `bn.*`, `embed.weight`.
 */
export function conditionalBatchNorm2d(options: ConditionalBatchNormOptions = {}): Layer {
  return withOptions({ type: "conditionalBatchNorm2d" }, options);
}

const helper = `class ConditionalBatchNorm2d(nn.Module):
    """Batch normalisation with a weight and a bias for each class (de Vries et al. 2017)."""

    takes_labels = True

    def __init__(self, features, classes, eps=1e-5, momentum=0.1):
        super().__init__()
        self.bn = nn.BatchNorm2d(features, eps, momentum, affine=False)
        self.embed = nn.Embedding(classes, 2 * features)
        nn.init.normal_(self.embed.weight.data[:, :features], 1.0, 0.02)
        nn.init.zeros_(self.embed.weight.data[:, features:])

    def forward(self, x, labels):
        weight, bias = self.embed(labels)[:, :, None, None].chunk(2, 1)
        return weight * self.bn(x) + bias`;

export const conditionalBatchNorm2dKind = layerKind({
  options: ["numFeatures", "numEmbeddings", "eps", "momentum"],
  labels: true,
  resolve(layer, input, at) {
    const numEmbeddings = classes(layer, at);
    const eps = check.positive(layer.eps ?? 1e-5, at.option("eps"));
    const momentum = check.between(layer.momentum ?? 0.1, at.option("momentum"), 0, 1);
    const numFeatures = at.size(layer, "numFeatures", at.image(input));
    return { options: { numFeatures, numEmbeddings, eps, momentum }, output: input };
  },
  state: ({ options: { numFeatures, numEmbeddings } }) => ({
    "bn.running_mean": kept(numFeatures),
    "bn.running_var": kept(numFeatures),
    "bn.num_batches_tracked": counter,
    "embed.weight": trained(numEmbeddings, 2 * numFeatures),
  }),
  python: (layer) => ({
    module: call(
      "ConditionalBatchNorm2d",
      literal(layer.options.numFeatures),
      literal(layer.options.numEmbeddings),
      ...keywords(layer, { eps: 1e-5, momentum: 0.1 }),
    ),
    helpers: [helper],
    forward: withLabels,
  }),
  onnx(layer, x, to) {
    const { numFeatures } = layer.options;
    const embedded = to.node("Gather", [to.weight(layer, "embed.weight"), to.labels]);
    const part = (start: number) => {
      const ends = [start, start + numFeatures, 1].map((one) => to.ints([one]));
      return reshape(to.node("Slice", [embedded, ...ends]), [numFeatures, 1, 1], to);
    };
    const scaled = to.node("Mul", [part(0), byRunning(layer, x, to, "bn.")]);
    return to.node("Add", [scaled, part(numFeatures)]);
  },
  couplesSamples: true,
  normalizesBatch: true,
  needsTwo: ({ input }) => product(input.slice(1)) === 1,
});
