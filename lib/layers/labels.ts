// The layers that look at the labels of a batch.
import * as check from "../check.js";
import { product, type Shape } from "../shape.js";
import { layerKind } from "./kind.js";
import type { Layer } from "./layer.js";
import { reshape } from "./onnx.js";
import { call, type Expression, keywords, list, literal, withLabels } from "./python.js";
import type { Site } from "./site.js";
import { trained } from "./state.js";
import { withOptions } from "./with-options.js";

/** Options of an embedding of labels. */
export interface EmbeddingOptions {
  /**
   * `concatenate` puts it behind the features, or as channels of equal pixels behind the channels;
   * `multiply` multiplies the features, or every pixel, by it. @default "concatenate"
   */
  readonly combine?: "concatenate" | "multiply" | undefined;
  /** Key in the state dict. @default its position among its siblings */
  readonly name?: string | undefined;
}

/**
 * A learned vector for each class, put together with the input: `[features]` to
 * `[features + embeddingDim]`, `[channels, height, width]` to
 * `[channels + embeddingDim, height, width]`; the same shape where it multiplies.
 * torch.nn.Embedding of the labels (Mirza and Osindero 2014; Odena et al. 2017 for the product).
 *
 * @param embeddingDim width of the vector; where it multiplies, the features or channels of the
 * input
 */
export function embedding(embeddingDim: number, options: EmbeddingOptions = {}): Layer {
  return withOptions({ type: "embedding", embeddingDim }, options);
}

/**
 * A score that knows the label: w·x + b + v(label)·x, `[features]` to `[1]` (Miyato and Koyama
 * 2018, cGANs with Projection Discriminator).
 */
export function projection(options: { name?: string | undefined } = {}): Layer {
  return withOptions({ type: "projection" }, options);
}

/** The number of classes of a network with labels. */
export function classes(layer: Layer, at: Site): number {
  const { player, classes: count } = at.around;
  if (count === 0) {
    throw player === "generator"
      ? at.refuseWhat('a latent with classes and labels "embedded"', "one without")
      : at.refuseWhat("a discriminator with classes", "one without");
  }
  const stated = check.integer(layer.numEmbeddings ?? count, at.option("numEmbeddings"), 2);
  if (stated !== count) throw at.refuseWhat(`labels of ${stated} classes`, `${count} classes`);
  return count;
}

export const embeddingKind = layerKind({
  options: ["numEmbeddings", "embeddingDim", "combine"],
  bends: () => "never",
  labels: true,
  resolve(layer, input, at) {
    const numEmbeddings = classes(layer, at);
    const embeddingDim = check.integer(layer.embeddingDim, at.option("embeddingDim"), 1);
    const ways = ["concatenate", "multiply"] as const;
    const combine = check.oneOf(layer.combine ?? "concatenate", at.option("combine"), ways);
    if (input.length !== 1 && input.length !== 3)
      throw at.refuse("an input of [features] or [channels, height, width]", input);
    const [width, ...sides] = input as [number, ...number[]];
    if (combine === "multiply" && width !== embeddingDim) {
      const needed = [embeddingDim, ...(sides.length > 0 ? ["height", "width"] : [])];
      throw at.refuse(`an input of [${needed.join(", ")}] (to multiply)`, input);
    }
    const output = combine === "multiply" ? input : [width + embeddingDim, ...sides];
    return { options: { numEmbeddings, embeddingDim, combine }, output };
  },
  state: ({ options: { numEmbeddings, embeddingDim } }) => ({
    weight: trained(numEmbeddings, embeddingDim),
  }),
  python: ({ options, input }) => ({
    module: call("nn.Embedding", ...[options.numEmbeddings, options.embeddingDim].map(literal)),
    forward: (module, x) => combined(x, `${module}(labels)`, options.combine, input),
    inside: {
      module: call(
        "LabelEmbedding",
        ...[options.numEmbeddings, options.embeddingDim].map(literal),
        ...keywords({ options }, { combine: "concatenate" }),
      ),
      helpers: [embeddingHelper],
    },
  }),
  onnx(layer, x, to) {
    const { embeddingDim, combine } = layer.options;
    const [, ...sides] = layer.input;
    const embedded = to.node("Gather", [to.weight(layer, "weight"), to.labels]);
    const ones = sides.map(() => 1);
    const pixels = ones.length === 0 ? embedded : reshape(embedded, [embeddingDim, ...ones], to);
    if (combine === "multiply") return to.node("Mul", [x, pixels]);
    const wide =
      ones.length === 0 ? pixels : to.node("Expand", [pixels, to.ints([1, 1, ...sides])]);
    return to.node("Concat", [x, wide], { axis: 1 });
  },
});

/** An input and an embedding, put together in Python. */
function combined(x: string, embedded: string, combine: string, input: Shape): Expression {
  const [, height, width] = input;
  const pixels = input.length === 3 ? `${embedded}[:, :, None, None]` : embedded;
  if (combine === "multiply") return `${x} * ${pixels}`;
  const wide = input.length === 3 ? `${pixels}.expand(-1, -1, ${height}, ${width})` : embedded;
  return call("torch.cat", list(x, wide), "1");
}

const embeddingHelper = `class LabelEmbedding(nn.Embedding):
    """An embedding of the labels, put together with the input."""

    takes_labels = True

    def __init__(self, classes, width, combine="concatenate"):
        super().__init__(classes, width)
        self.combine = combine

    def forward(self, x, labels):
        embedded = super().forward(labels)
        if x.dim() == 4:
            embedded = embedded[:, :, None, None]
        if self.combine == "multiply":
            return x * embedded
        return torch.cat([x, embedded.expand(-1, -1, *x.shape[2:])], 1)`;

const helper = `class Projection(nn.Module):
    """A score that knows the label (Miyato and Koyama 2018)."""

    takes_labels = True

    def __init__(self, features, classes, norm=lambda module: module):
        super().__init__()
        self.linear = norm(nn.Linear(features, 1))
        self.embedding = norm(nn.Embedding(classes, features))

    def forward(self, x, labels):
        return self.linear(x) + (self.embedding(labels) * x).sum(1, keepdim=True)`;

export const projectionKind = layerKind({
  options: ["inFeatures", "numEmbeddings"],
  bends: () => "never",
  labels: true,
  resolve(layer, input, at) {
    const numEmbeddings = classes(layer, at);
    const inFeatures = at.size(layer, "inFeatures", at.features(input));
    return { options: { inFeatures, numEmbeddings }, output: [1] };
  },
  state: ({ options: { inFeatures, numEmbeddings } }) => ({
    "linear.weight": trained(1, inFeatures),
    "linear.bias": trained(1),
    "embedding.weight": trained(numEmbeddings, inFeatures),
  }),
  multiplications: ({ input }) => 2 * product(input),
  python: ({ options: { inFeatures, numEmbeddings } }) => ({
    module: call("Projection", literal(inFeatures), literal(numEmbeddings)),
    helpers: [helper],
    forward: withLabels,
  }),
});
