import * as architectures from "../architectures/index.js";
import { nonSaturating } from "../objectives/index.js";
import { adam } from "../optimizers/index.js";
import * as penalties from "../penalties/index.js";
import { both, type Preset, squareOf } from "./kind.js";

const width = { channels: 64 };

/** Karras et al. 2020, small; the rate and R1 are for a short training. */
export const stylegan2: Preset = {
  summary: "Karras 2020: styles, lazy R1, equalized rates",
  size: squareOf(8, 16, 32, 64, 128, 256),
  steps: 1_500,
  batch: 64,
  objective: nonSaturating({
    discriminatorLoss: "sum",
    penalties: [penalties.r1({ weight: 4, every: 16 })],
  }),
  optimizer: both(adam({ lr: 5e-3, betas: [0, 0.99] })),
  order: "discriminatorFirst",
  ema: { decay: 0.999 },
  pair({ image }) {
    return {
      generator: architectures.stylegan2({ latent: { noise: 64 }, image, ...width, skips: true }),
      discriminator: architectures.stylegan2({ image, ...width }),
    };
  },
};
