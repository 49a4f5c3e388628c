import * as architectures from "../architectures/index.js";
import { hinge } from "../objectives/index.js";
import { adam } from "../optimizers/index.js";
import { both, multipleOf, type Preset } from "./kind.js";

/** Miyato et al. 2018, a quarter as wide. */
export const snganHinge: Preset = {
  summary: "Miyato 2018: ResNets, spectral norms, hinge",
  size: multipleOf(8),
  steps: 600,
  batch: 64,
  objective: hinge(),
  optimizer: both(adam({ lr: 2e-4, betas: [0, 0.9] })),
  order: "discriminatorFirst",
  discriminatorSteps: 5,
  pair({ image }) {
    return {
      generator: architectures.sngan({ latent: { noise: 128 }, image, channels: 32 }),
      discriminator: architectures.sngan({ image, channels: 32 }),
    };
  },
};
