// Networks that together use every layer with every option at two values or more: their Python twins have to
// hold the same weights under the same keys, draw the same first ones, and compute the same numbers.
import {
  type DiscriminatorArchitecture,
  type GeneratorArchitecture,
  type Init,
  type Layer,
  layers as l,
} from "../../lib/index.js";
import { energies } from "./twins-energies.js";
import * as normed from "./twins-normed.js";
import { patches } from "./twins-patches.js";
import * as styles from "./twins-styled.js";
const lrelu = () => l.leakyRelu(0.2);

/** Layers between a linear layer to [channels, 4, 4] and one back to an image. */
const onImages = (channels: number, ...layers: Layer[]): Layer[] => [
  l.linear(channels * 16),
  l.unflatten([channels, 4, 4]),
  ...layers,
];

/** Weights that spectral normalisation divides, beside some that it does not. */
const drawnAndNormed = (init: Init): DiscriminatorArchitecture => ({
  image: [2, 6, 6],
  init,
  layers: [
    l.sequential("main", [
      l.spectralNorm(l.conv2d(4, 3, { padding: 1 })),
      l.batchNorm2d(),
      l.residual([l.spectralNorm(l.conv2d(4, 3, { padding: 1, bias: false }))]),
      l.conv2d(3, 1),
      l.spectralNorm(l.convTranspose2d(5, 2), { eps: 1e-6 }),
    ]),
    l.flatten(),
    l.spectralNorm(l.linear(5), { nPowerIterations: 3 }),
    l.linear(1),
  ],
});

/** Weights of every kind that is drawn anew: higher than wide, wider than high, square, in groups. */
const drawnAnew = (init: Init): GeneratorArchitecture => ({
  latent: { noise: 4 },
  init,
  layers: [
    l.maxout(6, 2),
    ...onImages(
      4,
      l.conv2d(6, 3, { padding: 1, groups: 2 }),
      l.batchNorm2d(),
      l.convTranspose2d(4, [2, 3], { groups: 2, bias: false }),
      l.selfAttention2d({ reduction: 2 }),
      l.conv2d(1, 2),
      l.tanh(),
    ),
  ],
});

const normedInits: Record<string, Init> = {
  "DCGAN's, normed": "dcgan",
  "uniform, normed": { type: "uniform", range: 0.05 },
  "Xavier's, normed": { type: "xavierUniform", gain: 2 },
  "orthogonal, normed": { type: "orthogonal" },
};

const inits: Record<string, Init> = {
  normal: { type: "normal", std: 0.02 },
  "Xavier's uniform": { type: "xavierUniform" },
  "Xavier's uniform, scaled": { type: "xavierUniform", gain: 0.02 },
  "Xavier's normal": { type: "xavierNormal", gain: 1.5 },
  "Kaiming's uniform": { type: "kaimingUniform", a: 0.2, mode: "fanOut" },
  "Kaiming's normal": { type: "kaimingNormal" },
  "Kaiming's of a relu": { type: "kaimingNormal", nonlinearity: "relu", mode: "fanOut" },
  "Kaiming's of a tanh": { type: "kaimingUniform", nonlinearity: "tanh" },
  "Kaiming's of a selu": { type: "kaimingNormal", nonlinearity: "selu" },
  "Kaiming's of nothing": { type: "kaimingUniform", nonlinearity: "linear" },
  orthogonal: { type: "orthogonal" },
  "orthogonal, scaled": { type: "orthogonal", gain: 0.7 },
};

const under = <T>(every: Record<string, Init>, make: (init: Init) => T) =>
  Object.fromEntries(
    Object.entries(every).map(([name, init]) => [`first weights: ${name}`, make(init)]),
  );

const unnamed: Record<string, GeneratorArchitecture> = {
  activations: {
    latent: { noise: 6 },
    layers: [
      ...[l.linear(9), l.relu(), l.linear(9, { bias: false }), l.leakyRelu(), l.linear(9), lrelu()],
      ...[
        l.linear(9),
        l.elu(),
        l.linear(9),
        l.elu(0.5),
        l.linear(9),
        l.silu(),
        l.linear(9),
        l.gelu(),
      ],
      ...[l.linear(9), l.gelu("tanh"), l.linear(9), l.softplus(), l.linear(9)],
      ...[l.softplus({ beta: 2, threshold: 0.5 }), l.linear(9), l.dropout(), l.sigmoid()],
      ...[l.dropout(0.1), l.linear(9), l.tanh()],
      ...[l.linear(9), l.selu(), l.linear(9), l.mish(), l.linear(9), l.prelu()],
      ...[l.linear(9), l.prelu({ numParameters: 9, init: -0.1 })],
    ],
  },
  maxout: {
    latent: { noise: 5 },
    layers: [l.maxout(6, 3), l.maxout(4, 2, { bias: false }), l.linear(3)],
  },
  convolutions: {
    latent: { noise: 4 },
    layers: onImages(
      6,
      l.conv2d(8, 3, { padding: 1, groups: 2 }),
      l.conv2d(6, [2, 3], { stride: [1, 2], padding: [1, 2], dilation: [2, 1], bias: false }),
      l.convTranspose2d(4, [3, 2], { stride: [2, 3], padding: [1, 0], outputPadding: [1, 2] }),
      l.convTranspose2d(8, 3, { groups: 2, dilation: [1, 2], bias: false }),
      l.convTranspose2d(3, 2, { stride: 2 }),
    ),
  },
  "uniform first weights": {
    latent: { noise: 4, distribution: "uniform" },
    init: { type: "uniform", range: 0.05 },
    layers: [
      l.maxout(8, 2),
      ...onImages(
        4,
        l.conv2d(4, 3, { padding: 1, bias: false }),
        l.batchNorm2d(),
        l.convTranspose2d(4, 2),
        l.selfAttention2d({ reduction: 2 }),
      ),
    ],
  },
  norms: {
    latent: { noise: 7 },
    layers: [
      ...[l.linear(12), l.batchNorm1d(), l.linear(8), l.layerNorm(), l.pixelNorm()],
      ...[l.batchNorm1d({ eps: 0.8, momentum: 0.3, affine: false, trackRunningStats: false })],
      ...[l.linear(9), l.layerNorm({ eps: 0.1, bias: false }), l.groupNorm(3)],
      ...[l.linear(8), l.layerNorm({ elementwiseAffine: false }), l.pixelNorm({ eps: 0.01 })],
    ],
  },
  "norms of images": {
    latent: { noise: 3 },
    layers: onImages(
      6,
      l.batchNorm2d(),
      l.conv2d(6, 1),
      l.batchNorm2d({ eps: 0.8, momentum: 0.2, affine: false, trackRunningStats: false }),
      l.conv2d(6, 1),
      l.instanceNorm2d({ eps: 0.01 }),
      l.conv2d(8, 1),
      l.instanceNorm2d({ affine: true }),
      l.groupNorm(4, { eps: 0.1, affine: false }),
      l.layerNorm({ normalizedShape: [4, 4] }),
      l.pixelNorm(),
    ),
  },
  resampling: {
    latent: { noise: 3 },
    layers: onImages(
      2,
      l.upsample(3),
      l.conv2d(3, 3),
      l.avgPool2d(2),
      l.conv2d(3, 3, { padding: 1 }),
      l.upsample(2, { mode: "bilinear" }),
      l.conv2d(3, 2),
      l.avgPool2d([3, 2], { stride: [2, 1], padding: 1, countIncludePad: false }),
      l.upsample(2, { mode: "bilinear", alignCorners: true }),
    ),
  },
  "pooling and dropping": {
    latent: { noise: 3 },
    layers: onImages(
      6,
      l.maxPool2d(2, { stride: 1 }),
      l.dropout2d(0.25),
      l.gaussianNoise(),
      l.prelu({ numParameters: 6 }),
      l.upsample(3),
      l.conv2d(4, 3),
      l.maxPool2d([3, 2], { stride: [2, 1], padding: [1, 0] }),
      l.dropout2d(),
      l.gaussianNoise(0.25),
      l.adaptiveAvgPool2d([3, 5]),
      l.conv2d(3, 1),
      l.adaptiveAvgPool2d(2),
    ),
  },
  "sums of channels": {
    latent: { noise: 3 },
    layers: [
      ...onImages(6, l.conv2d(5, [2, 3]), l.globalSumPool2d()),
      ...[
        l.linear(24),
        l.unflatten([4, 2, 3]),
        l.sequential("end", [l.globalSumPool2d(), l.tanh()]),
      ],
    ],
  },
  "pixels that move, and what is around them": {
    latent: { noise: 3 },
    layers: onImages(
      8,
      l.pixelShuffle(2),
      l.pixelUnshuffle(4),
      l.pixelShuffle(4),
      l.reflectionPad2d(1),
      l.conv2d(2, 3),
      l.zeroPad2d([1, 0, 0, 2]),
      l.conv2d(2, [1, 2]),
      l.reflectionPad2d([0, 2, 3, 0]),
      l.conv2d(3, 1),
      l.replicationPad2d([3, 0, 1, 2]),
      l.zeroPad2d(2),
      l.conv2d(2, 2),
      l.replicationPad2d(1),
      l.conv2d(2, [2, 4]),
      l.pixelUnshuffle(5),
      l.pixelShuffle(1),
    ),
  },
};

const named: Record<string, GeneratorArchitecture> = {
  "one-hot labels and codes": {
    latent: { noise: 6, classes: 3, codes: 2 },
    init: "dcgan",
    layers: [
      l.sequential("l1", [l.linear(4 * 4 * 4)]),
      l.unflatten([4, 4, 4]),
      l.sequential("conv_blocks", [
        l.batchNorm2d(),
        l.convTranspose2d(4, 4, { stride: 2, padding: 1 }),
        l.batchNorm2d({ eps: 0.8 }),
        lrelu(),
        l.conv2d(1, 3, { padding: 1 }),
        l.tanh(),
      ]),
    ],
  },
  ...{ ...normed.generators, ...styles.generators },
  "embedded labels": {
    latent: { noise: 6, classes: 5, labels: "embedded" },
    layers: [
      l.embedding(4, { name: "label_emb" }),
      { ...l.linear(3 * 4 * 4), name: "from" },
      l.unflatten([3, 4, 4]),
      l.embedding(2),
      l.pixelNorm(),
      l.conv2d(6, 3, { padding: 1 }),
      l.embedding(6, { combine: "multiply", name: "class" }),
      l.tanh(),
    ],
  },
  "multiplied labels and codes": {
    latent: { noise: 6, classes: 10, codes: 1, labels: "embedded" },
    layers: [
      l.embedding(7, { combine: "multiply" }),
      l.sequential("model", [{ ...l.linear(8), name: "first" }, l.relu(), l.linear(4)]),
    ],
  },
  "labels inside other layers": {
    latent: { noise: 6, classes: 5, labels: "embedded" },
    layers: [
      l.linear(4 * 16),
      l.unflatten([4, 4, 4]),
      l.residual([
        l.embedding(4, { combine: "multiply" }),
        l.conditionalBatchNorm2d(),
        l.relu(),
        l.sequential("body", [l.embedding(3, { name: "planes" }), l.conv2d(4, 3, { padding: 1 })]),
      ]),
      l.sequential("ends", [
        l.residual([l.conv2d(4, 1)], [l.embedding(4, { combine: "multiply" })], { name: "wide" }),
        l.conv2d(2, 1),
      ]),
      l.sequential("flat", [l.flatten(), l.embedding(8), l.linear(6), l.tanh()]),
    ],
  },
  "normalisation by labels": {
    latent: { noise: 6, classes: 4, labels: "embedded" },
    init: { type: "orthogonal" },
    layers: onImages(
      18,
      l.conditionalBatchNorm2d(),
      l.residual(
        [
          l.relu(),
          l.upsample(2),
          l.conv2d(5, 3, { padding: 1 }),
          l.conditionalBatchNorm2d({ eps: 1e-3, momentum: 0.2, name: "norm" }),
        ],
        [l.upsample(2), l.conv2d(5, 1)],
      ),
      l.tanh(),
    ),
  },
  residuals: {
    latent: { noise: 4 },
    init: "dcgan",
    layers: onImages(
      4,
      l.residual([l.batchNorm2d(), l.relu(), l.conv2d(4, 3, { padding: 1, bias: false })]),
      l.residual(
        [l.upsample(2), l.conv2d(8, 3, { padding: 1 }), l.residual([l.conv2d(8, 1)])],
        [l.upsample(2), l.conv2d(8, 1)],
      ),
      l.selfAttention2d(),
      l.residual([l.selfAttention2d({ reduction: 2 })], [], { name: "seen" }),
      l.conv2d(2, 1),
      l.selfAttention2d({ reduction: 1 }),
    ),
  },
};

const discriminators: Record<string, DiscriminatorArchitecture> = {
  ...{ ...normed.discriminators, ...patches, ...energies, ...styles.discriminators },
  "spectral normalisation": {
    image: [2, 6, 6],
    layers: [
      l.spectralNorm(l.conv2d(4, 3, { padding: 1 })),
      lrelu(),
      l.spectralNorm(l.convTranspose2d(3, 3, { bias: false, name: "up" }), { eps: 1e-6 }),
      l.flatten(),
      l.spectralNorm(l.linear(5), { nPowerIterations: 3 }),
      l.spectralNorm(l.linear(1, { bias: false })),
    ],
  },
  projection: {
    image: [1, 4, 4],
    classes: 3,
    layers: [l.flatten(), l.sequential("model", [l.linear(8), lrelu()]), l.projection()],
  },
  "labels inside heads": {
    image: [1, 4, 4],
    classes: 3,
    layers: [
      l.flatten(),
      l.heads({
        score: [l.sequential("model", [l.linear(8), lrelu(), l.projection({ name: "out" })])],
        codes: [l.embedding(2), l.linear(2)],
      }),
    ],
  },
  "embedded labels of images": {
    image: [2, 4, 4],
    classes: 4,
    layers: [
      l.embedding(2, { combine: "multiply", name: "scale" }),
      l.embedding(3, { name: "planes" }),
      l.minibatchStdDev(),
      l.minibatchStdDev({ groupSize: 2, name: "again" }),
      l.sequential("model", [l.conv2d(4, 3), lrelu(), l.flatten(), l.linear(2)]),
      l.projection({ name: "out" }),
    ],
  },
  "samples that are compared": {
    image: [1, 4, 4],
    layers: [
      l.flatten(),
      l.sequential("model", [l.linear(6), l.minibatchDiscrimination(4, { kernelDims: 3 })]),
      l.minibatchDiscrimination(3, { name: "again" }),
      l.linear(1),
    ],
  },
  heads: {
    image: [1, 4, 4],
    layers: [
      l.sequential("model", [l.conv2d(4, 3), lrelu()]),
      l.flatten(),
      l.heads(
        {
          score: [l.linear(1), l.sigmoid()],
          classes: [l.linear(8), l.batchNorm1d(), lrelu(), l.linear(5)],
          codes: [l.linear(2)],
        },
        { name: "adv_layer" },
      ),
    ],
  },
};

/** A network and, by name, its twin in Python. */
export type Twin =
  | { readonly name: string; readonly generator: GeneratorArchitecture }
  | { readonly name: string; readonly discriminator: DiscriminatorArchitecture };

export const twins: readonly Twin[] = [
  ...Object.entries({ ...unnamed, ...under(inits, drawnAnew), ...named }).map(
    ([name, generator]) => ({ name, generator }),
  ),
  ...Object.entries({ ...discriminators, ...under(normedInits, drawnAndNormed) }).map(
    ([name, discriminator]) => ({ name, discriminator }),
  ),
];
