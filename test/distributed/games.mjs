// Games of every kind, small enough to be played several times. None of their layers couples samples, but for BatchNorm where
// the ranks normalise together.
import {
  auxiliaries,
  Discriminator,
  datasets,
  Generator,
  layers as l,
  objectives,
  optimizers,
  penalties,
} from "sparring";

const image = [1, 8, 8];
const classes = 3;

/** Plain descent: Adam's first steps would make a step of a rounding error. */
const descent = () => optimizers.sgd({ lr: 0.02, momentum: 0.9, clipGradNorm: 0.5 });

const dense = () => [l.linear(24), l.leakyRelu(0.2), l.linear(64), l.tanh(), l.unflatten(image)];
const convolutional = () => [
  ...[l.linear(64), l.unflatten([4, 4, 4]), l.leakyRelu(0.2), l.upsample(2)],
  ...[l.conv2d(1, 3, { padding: 1 }), l.tanh()],
];
/** Without noise: parts would draw other numbers. */
const styled = () => [
  l.styled({
    mapping: [l.linear(6), l.leakyRelu(0.2)],
    synthesis: [
      ...[l.constant([4, 4, 4]), l.modulatedConv2d(4, 3), l.leakyRelu(0.2)],
      l.modulatedConv2d(1, 3, { upsample: true }),
    ],
  }),
];
/** The article's blocks, with a bias before each BatchNorm. */
const upsampling = () => [
  ...[l.linear(6 * 4 * 4), l.unflatten([6, 4, 4]), l.batchNorm2d(), l.upsample(2)],
  ...[l.conv2d(4, 3, { padding: 1 }), l.batchNorm2d({ eps: 0.8 }), l.leakyRelu(0.2)],
  ...[l.conv2d(1, 3, { padding: 1 }), l.tanh()],
];
const transposed = () => [
  ...[l.unflatten([5, 1, 1]), l.convTranspose2d(6, 4), l.batchNorm2d(), l.relu()],
  ...[l.convTranspose2d(1, 4, { stride: 2, padding: 1 }), l.tanh()],
];
const dense1d = () => [
  ...[l.linear(24), l.batchNorm1d({ eps: 0.8 }), l.leakyRelu(0.2)],
  ...[l.linear(64), l.tanh(), l.unflatten(image)],
];
const convolved = () => [
  ...[l.conv2d(6, 4, { stride: 2, padding: 1 }), l.batchNorm2d(), l.leakyRelu(0.2), l.flatten()],
];
const normed1d = () => [l.flatten(), l.linear(16), l.batchNorm1d(), l.leakyRelu(0.2)];
const plain = () => [l.flatten(), l.linear(16), l.leakyRelu(0.2)];

/** A score for each of four patches. */
const patches = () => [
  ...[l.conv2d(6, 4, { stride: 2, padding: 1 }), l.leakyRelu(0.2)],
  ...[l.conv2d(1, 3, { padding: 1, stride: 2 })],
];

/** The energy of each image. */
const autoencoder = (loss) => () => [
  l.reconstructionError([...plain(), l.linear(64), l.unflatten(image)], { loss }),
];
const energies = (loss) => ({ judges: autoencoder(loss), isWhole: true });

const game = (objective, options = {}) => ({ objective, ...options });

export const games = {
  minimax: game(objectives.minimax()),
  smoothed: game(objectives.nonSaturating({ labelSmoothing: 0.1 })),
  leastSquares: game(objectives.leastSquares()),
  hinge: game(objectives.hinge()),
  formula: game(
    objectives.formula({
      generator: "softplus(mean(real) - fake)",
      discriminator: "softplus(mean(fake) - real) + square(relu(fake - mean(real)))",
    }),
  ),
  weightClip: game(objectives.wasserstein({ weightClip: 0.05 })),
  kl: game(objectives.fDivergence({ divergence: "kl" })),
  reverseKl: game(objectives.fDivergence({ divergence: "reverseKl" })),
  pearson: game(objectives.fDivergence({ divergence: "pearson" })),
  jensenShannon: game(objectives.fDivergence({ divergence: "jensenShannon" })),
  paired: game(objectives.relativisticPaired()),
  average: game(objectives.relativisticAverage()),
  ralsgan: game(objectives.relativisticAverage({ loss: "leastSquares" })),
  wganGp: game(objectives.wasserstein({ penalties: [penalties.wganGp()] }), {
    discriminatorSteps: 3,
  }),
  boundarySeeking: game(objectives.boundarySeeking()),
  energyBased: game(objectives.energyBased({ margin: 0.8 }), energies("mse")),
  boundaryEquilibrium: game(objectives.boundaryEquilibrium({ lambda: 0.5 }), {
    ...energies("l1"),
    discriminatorSteps: 2,
  }),
  softmax: game(objectives.softmax()),
  wganDiv: game(objectives.wasserstein({ penalties: [penalties.wganDiv()] }), {
    discriminatorSteps: 3,
  }),
  dragan: game(objectives.nonSaturating({ penalties: [penalties.dragan()] })),
  pathLength: game(
    objectives.hinge({
      penalties: [penalties.pathLength({ every: 2, decay: 0.2 }), penalties.r1({ every: 3 })],
    }),
    { makes: styled, discriminatorSteps: 2, generatorSteps: 2 },
  ),
  r1r2: game(
    objectives.relativisticPaired({
      penalties: [penalties.r1({ weight: 1, every: 4 }), penalties.r2({ weight: 1 })],
    }),
  ),
  acgan: game(objectives.nonSaturating({ auxiliaries: [auxiliaries.acgan()] }), {
    heads: { classes },
    latent: { noise: 5, classes },
  }),
  infogan: game(objectives.leastSquares({ auxiliaries: [auxiliaries.infogan()] }), {
    heads: { classes, codes: 2 },
    latent: { noise: 5, classes, codes: 2 },
  }),
  algorithm1: game(objectives.minimax(), { order: "discriminatorFirst", discriminatorSteps: 2 }),
  twoOfEach: game(objectives.nonSaturating({ penalties: [penalties.r1({ every: 2 })] }), {
    discriminatorSteps: 2,
    generatorSteps: 2,
    ema: { decay: 0.99 },
  }),
  augmented: game(objectives.hinge(), {
    diffAugment: ["color", "translation", "cutout"],
    convolutional: true,
    ema: { decay: 0.99 },
  }),
  adaptive: game(objectives.nonSaturating({ penalties: [penalties.r1({ every: 2 })] }), {
    ada: { kimg: 0.2 },
    convolutional: true,
    discriminatorSteps: 2,
  }),
  convolutional: game(objectives.nonSaturating({ penalties: [penalties.r1({ every: 2 })] }), {
    convolutional: true,
  }),
  patches: game(objectives.relativisticAverage({ penalties: [penalties.r1({ every: 2 })] }), {
    makes: convolutional,
    judges: patches,
    isWhole: true,
  }),
  syncArticle: game(objectives.nonSaturating({ penalties: [penalties.r1({ every: 2 })] }), {
    makes: upsampling,
    syncBatchNorm: true,
  }),
  syncDcgan: game(objectives.hinge(), {
    makes: transposed,
    judges: convolved,
    syncBatchNorm: true,
    discriminatorSteps: 2,
    ema: { decay: 0.99 },
  }),
  syncInfogan: game(objectives.leastSquares({ auxiliaries: [auxiliaries.infogan()] }), {
    makes: dense1d,
    judges: normed1d,
    heads: { classes, codes: 2 },
    latent: { noise: 5, classes, codes: 2 },
    syncBatchNorm: true,
  }),
  syncMlp: game(objectives.minimax(), { makes: dense1d, syncBatchNorm: true }),
};

const headsOf = ({ classes, codes }) =>
  l.heads({
    score: [l.linear(1)],
    ...(classes && { classes: [l.linear(classes)] }),
    ...(codes && { codes: [l.linear(codes)] }),
  });

/** A trainer's options, with networks of its own. */
export function trainerOf(name, execution = "fused") {
  const { latent = { noise: 5 }, heads, convolutional: isConvolutional, ...more } = games[name];
  const { makes = isConvolutional ? convolutional : dense, judges = plain, ...others } = more;
  const { isWhole = false, ...options } = others;
  const answers = isWhole ? [] : [heads === undefined ? l.linear(1) : headsOf(heads)];
  return {
    ...options,
    generator: new Generator({ latent, layers: makes() }, { seed: 3 }),
    discriminator: new Discriminator({ image, layers: [...judges(), ...answers] }, { seed: 4 }),
    optimizer: { generator: descent(), discriminator: descent() },
    execution,
  };
}

/** 22 images: batches of 8 leave a last one of 6. */
export function images(count = 22) {
  let state = 1;
  const bytes = Uint8Array.from({ length: count * 64 }, () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state >> 16;
  });
  const labels = Uint8Array.from({ length: count }, (_, i) => i % classes);
  return datasets.fromBytes(bytes, { shape: [count, ...image], labels });
}
