import * as l from "../layers/index.js";
import type { Layer } from "../layers/layer.js";
import { hinge } from "../objectives/index.js";
import { adam } from "../optimizers/index.js";
import type { Shape } from "../shape.js";
import { multipleOf, type Preset } from "./kind.js";

const width = 32;
const betas = [0, 0.9] as const;

/** Zhang, Goodfellow, Metaxas, Odena 2019, much narrower: SNGAN's blocks, and one look at all pixels. */
export const sagan: Preset = {
  summary: "Zhang 2019: self-attention, labels, two rates",
  size: multipleOf(8),
  steps: 1_500,
  batch: 64,
  objective: hinge(),
  optimizer: {
    generator: adam({ lr: 3e-4, betas }),
    discriminator: adam({ lr: 6e-4, betas }),
  },
  order: "discriminatorFirst",
  pair({ image, classes = 10 }) {
    return {
      generator: {
        latent: { noise: 128, classes, labels: "embedded" },
        layers: generator(image),
      },
      discriminator: { image, classes, layers: discriminator() },
    };
  },
};

const conv = () => l.spectralNorm(l.conv2d(width, 3, { padding: 1 }));
const short = () => l.spectralNorm(l.conv2d(width, 1));
const attention = () => l.selfAttention2d({ name: "attention" });

/** The attention is at half the sides, 16×16 of 32×32. */
function generator(image: Shape): Layer[] {
  const [channels, height, width_] = image as [number, number, number];
  const small = [width, height / 8, width_ / 8] as const;
  const norm = () => [l.conditionalBatchNorm2d(), l.relu()];
  const block = (name: string) =>
    l.residual([...norm(), l.upsample(2), conv(), ...norm(), conv()], [l.upsample(2), short()], {
      name,
    });
  return [
    l.spectralNorm(
      l.linear(
        small.reduce((a, b) => a * b),
        { name: "l1" },
      ),
    ),
    l.unflatten(small),
    ...[block("block2"), block("block3"), attention(), block("block4")],
    ...[l.batchNorm2d({ name: "b5" }), l.relu()],
    ...[l.spectralNorm(l.conv2d(channels, 3, { padding: 1, name: "c5" })), l.tanh()],
  ];
}

function discriminator(): Layer[] {
  const half = () => l.avgPool2d(2);
  const block = () => [l.relu(), conv(), l.relu(), conv()];
  return [
    // Works on pixels: no activation before the first convolution.
    l.residual([conv(), l.relu(), conv(), half()], [half(), short()], { name: "block1" }),
    attention(),
    l.residual([...block(), half()], [short(), half()], { name: "block2" }),
    l.residual(block(), [], { name: "block3" }),
    l.residual(block(), [], { name: "block4" }),
    ...[l.relu(), l.globalSumPool2d(), l.spectralNorm(l.projection({ name: "head" }))],
  ];
}
