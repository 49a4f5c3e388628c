import * as architectures from "../architectures/index.js";
import { relativisticPaired } from "../objectives/index.js";
import { adam } from "../optimizers/index.js";
import * as penalties from "../penalties/index.js";
import { both, squareOf, type Preset } from "./kind.js";

const width = { channels: 64, blocks: 1 };

/** Huang et al. 2024, small. */
export const r3gan: Preset = {
  summary: "Huang 2024: relativistic pairs, R1 and R2",
  size: squareOf(8, 16, 32, 64),
  steps: 1_500,
  batch: 64,
  objective: relativisticPaired({
    penalties: [penalties.r1({ weight: 1 }), penalties.r2({ weight: 1 })],
  }),
  optimizer: both(adam({ lr: 2e-4, betas: [0, 0.99] })),
  order: "discriminatorFirst",
  ema: { decay: 0.999 },
  pair({ image }) {
    return {
      generator: architectures.r3gan({ latent: { noise: 64 }, image, ...width }),
      discriminator: architectures.r3gan({ image, ...width }),
    };
  },
};
