// Pairs in which one kind of layer has nearly all of the work: they show what its rewrite is worth.
import { layers as l, objectives, optimizers, penalties } from "sparring";

const size = 32;
const image = [1, size, size];
const channels = 64;
const noise = 64;
const adam = optimizers.adam({ lr: 2e-4, betas: [0.5, 0.999] });
const conv3 = (n = channels) => l.conv2d(n, 3, { padding: 1 });
const activation = () => l.leakyRelu(0.2);
const twice = (make) => [...make(), ...make()];

/** Nothing to speak of, beside what is measured. */
const smallGenerator = {
  latent: { noise },
  layers: [l.linear(size * size), l.unflatten(image), l.tanh()],
};
const smallDiscriminator = { image, layers: [l.flatten(), l.linear(1)] };

/** Layers on 64 channels of 32×32, or what they make of them. */
const discriminating = (...layers) => discriminatingOf(channels, ...layers);

/** Layers on so many channels of 32×32. */
function discriminatingOf(count, ...layers) {
  const ends = [l.flatten(), l.linear(1)];
  return {
    generator: smallGenerator,
    discriminator: { image, layers: [l.conv2d(count, 1), ...layers, ...ends] },
  };
}

/** Layers that make 32×32 of 64 channels of 16×16. */
function generating(...layers) {
  const begin = [l.linear(channels * 256), l.unflatten([channels, 16, 16])];
  const ends = [l.conv2d(1, 1), l.tanh()];
  return {
    generator: { latent: { noise }, layers: [...begin, ...layers, ...ends] },
    discriminator: smallDiscriminator,
  };
}

/** The same for layers that take labels; the discriminator has to know of them, too. */
function generatingByLabels(...layers) {
  const { generator } = generating(...layers);
  const latent = { noise, classes: 10, labels: "embedded" };
  return {
    generator: { ...generator, latent },
    discriminator: { image, classes: 10, layers: [l.flatten(), l.projection()] },
  };
}

const pairs = {
  "3×3 convolutions": discriminating(...twice(() => [conv3(), activation()])),
  "4×4 convolutions of stride 2": discriminating(
    ...twice(() => [l.conv2d(channels, 4, { stride: 2, padding: 1 }), activation()]),
  ),
  "4×4 transposed convolution of stride 2": generating(
    l.convTranspose2d(channels, 4, { stride: 2, padding: 1 }),
    activation(),
  ),
  "upsampling, then 3×3": generating(l.upsample(2), conv3(), activation()),
  "upsampling, then 1×1": generating(l.upsample(2), l.conv2d(channels, 1), activation()),
  "3×3, then average pooling": discriminating(conv3(), l.avgPool2d(2), activation()),
  "1×1, then average pooling": discriminating(l.conv2d(channels, 1), l.avgPool2d(2), activation()),
  "transposed convolution of one pixel": {
    generator: {
      latent: { noise },
      layers: [
        l.unflatten([noise, 1, 1]),
        l.convTranspose2d(256, 8),
        activation(),
        l.convTranspose2d(1, 4, { stride: 4 }),
        l.tanh(),
      ],
    },
    discriminator: smallDiscriminator,
  },
  "3×3 to one channel": generating(l.upsample(2), activation(), conv3(1)),
  "batch normalisation, leaky ReLU": discriminating(
    ...twice(() => [l.batchNorm2d(), activation()]),
  ),
  "batch normalisation, SiLU": discriminating(...twice(() => [l.batchNorm2d(), l.silu()])),
  "conditional batch normalisation": generatingByLabels(
    l.upsample(2),
    ...twice(() => [l.conditionalBatchNorm2d(), activation()]),
  ),
  "instance normalisation": discriminating(...twice(() => [l.instanceNorm2d(), activation()])),
  "group normalisation": discriminating(...twice(() => [l.groupNorm(8), activation()])),
  "layer normalisation": discriminating(...twice(() => [l.layerNorm(), activation()])),
  "smooth activations": discriminating(...twice(() => [l.silu(), l.softplus(), l.elu()])),
  "pixel normalisation": discriminating(...twice(() => [l.pixelNorm(), activation()])),
  blurs: discriminating(...twice(() => [l.blur(), activation()])),
  "modulated convolutions": {
    generator: {
      latent: { noise },
      layers: [
        l.styled({
          mapping: [l.linear(noise)],
          synthesis: [
            l.constant([channels, 16, 16]),
            ...[true, false].flatMap((upsample) => [
              l.modulatedConv2d(channels, 3, { upsample }),
              l.noiseInjection(),
              activation(),
            ]),
            l.modulatedConv2d(1, 1, { demodulate: false }),
          ],
        }),
      ],
    },
    discriminator: smallDiscriminator,
  },
  "maxout of 5 pieces": {
    generator: smallGenerator,
    discriminator: {
      image,
      layers: [l.flatten(), ...twice(() => [l.maxout(240, 5)]), l.linear(1)],
    },
  },
  // With a convolution before it there is no list of calls.
  "convolution, maxout of 5 pieces": {
    generator: smallGenerator,
    discriminator: {
      image,
      layers: [
        l.conv2d(32, 4, { stride: 4 }),
        l.flatten(),
        ...twice(() => [l.maxout(240, 5)]),
        l.linear(1),
      ],
    },
  },
  "minibatch discrimination": {
    generator: smallGenerator,
    discriminator: {
      image,
      layers: [l.flatten(), l.linear(64), l.minibatchDiscrimination(100), l.linear(1)],
    },
  },
  "linear layers of 1,024": {
    generator: {
      latent: { noise },
      layers: [
        ...twice(() => [l.linear(1024), activation()]),
        l.linear(1024),
        l.unflatten(image),
        l.tanh(),
      ],
    },
    discriminator: {
      image,
      layers: [l.flatten(), ...twice(() => [l.linear(1024), activation()]), l.linear(1)],
    },
  },
};

/** Those whose second derivatives are what is measured. */
const penalised = {
  "5×5 convolutions of stride 2, WGAN-GP": discriminating(
    ...twice(() => [l.conv2d(channels, 5, { stride: 2, padding: 2 }), activation()]),
  ),
  "3×3 convolutions in groups, WGAN-GP": discriminating(
    ...twice(() => [l.conv2d(channels, 3, { padding: 1, groups: 4 }), activation()]),
  ),
  "instance normalisation, WGAN-GP": discriminating(
    ...twice(() => [l.instanceNorm2d(), activation()]),
  ),
  "group normalisation, WGAN-GP": discriminating(...twice(() => [l.groupNorm(8), activation()])),
  "layer normalisation, WGAN-GP": discriminating(...twice(() => [l.layerNorm(), activation()])),
};
const penalisedWithBatches = {
  "batch normalisation, R1": discriminating(...twice(() => [l.batchNorm2d(), activation()])),
};

const gradientPenalty = penalties.wganGp({ weight: 10 });
const r1 = penalties.r1({ weight: 10 });

/** @type {readonly import("./cases.mjs").Case[]} */
export const layerCases = [
  ...casesOf(pairs, objectives.hinge()),
  ...casesOf(penalised, objectives.wasserstein({ penalties: [gradientPenalty] })),
  ...casesOf(penalisedWithBatches, objectives.nonSaturating({ penalties: [r1] })),
];

/** Few images or few channels, where there is little to gain. */
const small = {
  "layer normalisation": [discriminating(...twice(() => [l.layerNorm(), activation()])), 1, 8],
  "group normalisation": [discriminating(...twice(() => [l.groupNorm(8), activation()])), 1, 4, 8],
  "1×1 convolutions of 3 channels": [discriminatingOf(3, l.conv2d(3, 1), activation()), 7, 64],
  "1×1 convolutions of 8 channels": [discriminatingOf(8, l.conv2d(8, 1), activation()), 7, 64],
  "3×3 convolutions of 4 channels": [chain(4), 1, 64],
  "3×3 convolutions of 8 channels": [chain(8), 1, 64],
  "3×3 convolutions of 16 channels": [chain(16), 1, 64],
};

function chain(count) {
  const layers = Array.from({ length: 4 }, () => [conv3(count), activation()]);
  return discriminatingOf(count, ...layers.flat());
}

/** @type {readonly import("./cases.mjs").Case[]} */
export const smallCases = Object.entries(small).flatMap(([title, [pair, ...batches]]) =>
  batches.flatMap((batch) => casesOf({ [title]: pair }, objectives.hinge(), batch)),
);

function casesOf(those, objective, batch = 64) {
  return Object.entries(those).map(([title, pair]) => ({
    name: `layers: ${title}, ${batch}`,
    title,
    batch,
    data: { kind: "mnist", size },
    pair,
    training: { objective, optimizer: { generator: adam, discriminator: adam } },
  }));
}
