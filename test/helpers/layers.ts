// Every layer in the smallest architecture that takes it, given no more than it must be given; and any layers,
// to be resolved or refused.
import { resolveDiscriminator, resolveGenerator } from "../../lib/architecture.js";
import { type Layer, layers as l } from "../../lib/index.js";
import type { ResolvedLayer } from "../../lib/layers/layer.js";
import { layerKinds } from "../../lib/layers/table.js";

/** A layer, and what resolves it, or another of its type, in its place. */
interface Smallest {
  readonly layer: Layer;
  resolve(layer: Layer): ResolvedLayer;
}

const last = ({ layers }: { layers: readonly ResolvedLayer[] }) => layers.at(-1) as ResolvedLayer;

/** As the layer `0` on [8]. */
const onFeatures = (layer: Layer): Smallest => ({
  layer,
  resolve: (layer) => last(resolveGenerator({ latent: { noise: 8 }, layers: [layer] })),
});

/** As the layer `1` on [8, 2, 2]. */
const onImages = (layer: Layer): Smallest => ({
  layer,
  resolve: (layer) =>
    last(resolveGenerator({ latent: { noise: 32 }, layers: [l.unflatten([8, 2, 2]), layer] })),
});

/** As the layer `0` of a discriminator of [8]. */
const judging = (layer: Layer, classes = 0): Smallest => ({
  layer,
  resolve: (layer) => last(resolveDiscriminator({ image: [8], classes, layers: [layer] })),
});

const labelled = { noise: 8, classes: 3, labels: "embedded" } as const;

const smallest: Readonly<Record<string, Smallest>> = {
  adaptiveAvgPool2d: onImages(l.adaptiveAvgPool2d(1)),
  avgPool2d: onImages(l.avgPool2d(2)),
  batchNorm1d: onFeatures(l.batchNorm1d()),
  batchNorm2d: onImages(l.batchNorm2d()),
  blur: onImages(l.blur()),
  conditionalBatchNorm2d: {
    layer: l.conditionalBatchNorm2d(),
    resolve: (layer) =>
      last(resolveGenerator({ latent: labelled, layers: [l.unflatten([2, 2, 2]), layer] })),
  },
  constant: onFeatures(l.constant([2, 2, 2])),
  conv2d: onImages(l.conv2d(8, 2)),
  convTranspose2d: onImages(l.convTranspose2d(8, 2)),
  dropout: onFeatures(l.dropout()),
  dropout2d: onImages(l.dropout2d()),
  elu: onFeatures(l.elu()),
  embedding: {
    layer: l.embedding(4),
    resolve: (layer) => last(resolveGenerator({ latent: labelled, layers: [layer] })),
  },
  equalized: onFeatures(l.equalized(l.linear(4))),
  flatten: onImages(l.flatten()),
  gaussianNoise: onFeatures(l.gaussianNoise()),
  gelu: onFeatures(l.gelu()),
  globalSumPool2d: onImages(l.globalSumPool2d()),
  groupNorm: onImages(l.groupNorm(4)),
  heads: judging(l.heads({ score: [l.linear(1)] })),
  instanceNorm2d: onImages(l.instanceNorm2d()),
  layerNorm: onFeatures(l.layerNorm()),
  leakyRelu: onFeatures(l.leakyRelu()),
  linear: onFeatures(l.linear(4)),
  maxPool2d: onImages(l.maxPool2d(2)),
  maxout: onFeatures(l.maxout(4, 2)),
  minibatchDiscrimination: onFeatures(l.minibatchDiscrimination(4)),
  minibatchStdDev: onImages(l.minibatchStdDev()),
  mish: onFeatures(l.mish()),
  modulatedConv2d: {
    layer: l.modulatedConv2d(8, 3),
    resolve: (layer) => {
      const synthesis = [l.constant([8, 2, 2]), layer];
      const layers = [l.styled({ mapping: [l.linear(4)], synthesis })];
      return last(last(last(resolveGenerator({ latent: { noise: 8 }, layers }))));
    },
  },
  noiseInjection: onImages(l.noiseInjection()),
  pixelNorm: onFeatures(l.pixelNorm()),
  pixelShuffle: onImages(l.pixelShuffle(2)),
  pixelUnshuffle: onImages(l.pixelUnshuffle(2)),
  prelu: onFeatures(l.prelu()),
  projection: judging(l.projection(), 3),
  reconstructionError: onFeatures(l.reconstructionError([l.linear(4), l.linear(8)])),
  reflectionPad2d: onImages(l.reflectionPad2d(1)),
  relu: onFeatures(l.relu()),
  replicationPad2d: onImages(l.replicationPad2d(1)),
  residual: onFeatures(l.residual([l.linear(8)])),
  selfAttention2d: onImages(l.selfAttention2d()),
  selu: onFeatures(l.selu()),
  sequential: onFeatures(l.sequential("body", [l.linear(4)])),
  sigmoid: onFeatures(l.sigmoid()),
  silu: onFeatures(l.silu()),
  softplus: onFeatures(l.softplus()),
  spectralNorm: onFeatures(l.spectralNorm(l.linear(4))),
  styled: onFeatures(l.styled({ mapping: [l.linear(4)], synthesis: [l.linear(4)] })),
  tanh: onFeatures(l.tanh()),
  unflatten: onFeatures(l.unflatten([2, 2, 2])),
  upsample: onImages(l.upsample(2)),
  zeroPad2d: onImages(l.zeroPad2d(1)),
};

/** Options that follow from what comes before the layer. */
export const inferred: ReadonlySet<string> = new Set([
  "channels",
  "distribution",
  "imageSize",
  "inChannels",
  "inFeatures",
  "noiseFeatures",
  "numChannels",
  "numEmbeddings",
  "numFeatures",
  "styleFeatures",
]);

/** The types of all layers. */
export const types = [...layerKinds.keys()];

/** The layer of that type above. */
export const find = (type: string) => smallest[type] as Smallest;

/** Layers of a generator that starts from 32 numbers. */
export const make =
  (...layers: Layer[]) =>
  () =>
    resolveGenerator({ latent: { noise: 32 }, layers });

/** Layers of a discriminator of [3, 4, 4], with classes or without. */
export const judge = (...layers: Layer[]) => conditional(0, ...layers);
export const conditional =
  (classes: number, ...layers: Layer[]) =>
  () =>
    resolveDiscriminator({ image: [3, 4, 4], classes, layers });

/** What is thrown, or undefined. */
export function refusal(call: () => unknown): Error | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}
