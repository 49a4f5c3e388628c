import * as architectures from "../architectures/index.js";
import { nonSaturating } from "../objectives/index.js";
import { sgd } from "../optimizers/index.js";
import { exponential } from "../schedules.js";
import { anySide, both, type Preset } from "./kind.js";

/** Goodfellow et al. 2014, with the training recipe of its code. */
export const gan: Preset = {
  summary: "Goodfellow 2014: maxout, dropout, SGD",
  size: anySide(28),
  steps: 12_000,
  batch: 100,
  objective: nonSaturating(),
  optimizer: both(
    sgd({
      lr: 0.1,
      momentum: { from: 0.5, to: 0.7, steps: 150_000 },
      schedule: exponential({ gamma: 1 / 1.000004, min: 1e-6 }),
    }),
  ),
  order: "discriminatorFirst",
  pair({ size, channels }) {
    const image = [channels, size, size];
    return {
      generator: architectures.goodfellow2014({ latent: { noise: 100 }, image }),
      discriminator: architectures.goodfellow2014({ image }),
    };
  },
};
