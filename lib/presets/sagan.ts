import * as l from "../layers/index.js";
import type { Layer } from "../layers/layer.js";
import { hinge } from "../objectives/index.js";
import { adam } from "../optimizers/index.js";
import { product, type Shape } from "../shape.js";
import { multipleOf, type Preset } from "./kind.js";

/** Zhang et al. 2019, much narrower: SNGAN's blocks, and one look at all pixels. */
export const sagan: Preset = {
  summary: "Zhang 2019: self-attention, labels, two rates",
  size: multipleOf(8),
  steps: 1_500,
  batch: 64,
  objective: hinge(),
  optimizer: {
    generator: adam({ lr: 3e-4, betas: [0, 0.9] }),
    discriminator: adam({ lr: 6e-4, betas: [0, 0.9] }),
  },
  order: "discriminatorFirst",
  pair({ image, classes = 10 }) {
    const latent = { noise: 128, classes, labels: "embedded" } as const;
    return {
      generator: { latent, layers: generator(image) },
      discriminator: { image, classes, layers: discriminator() },
    };
  },
};

const width = 32;
const conv = () => l.spectralNorm(l.conv2d(width, 3, { padding: 1 }));
const short = () => l.spectralNorm(l.conv2d(width, 1));
const attention = () => l.selfAttention2d({ name: "attention" });

/** The attention is at half the sides, 16×16 of 32×32. */
function generator([channels, ...sides]: Shape): Layer[] {
  const small = [width, ...sides.map((side) => side / 8)];
  const norm = () => [l.conditionalBatchNorm2d(), l.relu()];
  const main = () => [...norm(), l.upsample(2), conv(), ...norm(), conv()];
  const block = (name: string) => l.residual(main(), [l.upsample(2), short()], { name });
  return [
    ...[l.spectralNorm(l.linear(product(small), { name: "l1" })), l.unflatten(small)],
    ...[block("block2"), block("block3"), attention(), block("block4")],
    ...[l.batchNorm2d({ name: "b5" }), l.relu()],
    ...[l.spectralNorm(l.conv2d(channels as number, 3, { padding: 1, name: "c5" })), l.tanh()],
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
    ...["block3", "block4"].map((name) => l.residual(block(), [], { name })),
    ...[l.relu(), l.globalSumPool2d(), l.spectralNorm(l.projection({ name: "head" }))],
  ];
}
