import * as architectures from "../architectures/index.js";
import { nonSaturating } from "../objectives/index.js";
import { sgd } from "../optimizers/index.js";
import { exponential } from "../schedules.js";
import { anySide, both, type Preset } from "./kind.js";

/** Updates of the 250 epochs in which the momentum rises: 60,000 images in batches of 100. */
const ramp = 250 * 600;

/**
 * Goodfellow et al. 2014 as its released code trains MNIST (mnist.yaml): networks, first weights,
 * noise, pixels in [0, 1], and SGD with a momentum that rises from 0.5 to 0.7 while the learning
 * rate falls. Both players are updated from the same fakes, as there. What is not in the paper is
 * the moving average of the generator, which no update reads: the last weights, of `--raw`, are the
 * paper's. Both their Parzen rows are in docs/parzen.md.
 */
export const goodfellow2014: Preset = {
  summary: "Goodfellow 2014, the recipe: SGD, for hours",
  size: anySide(28),
  steps: ramp,
  batch: 100,
  objective: nonSaturating(),
  optimizer: both(
    sgd({
      lr: 0.1,
      momentum: { from: 0.5, to: 0.7, steps: ramp },
      schedule: exponential({ gamma: 1 / 1.000004, min: 1e-6 }),
    }),
  ),
  ema: { decay: 0.9999 },
  pair({ image }) {
    const latent = { noise: 100, distribution: "uniform" } as const;
    return {
      generator: architectures.goodfellow2014({ latent, image, original: true }),
      discriminator: architectures.goodfellow2014({ image, original: true }),
    };
  },
};
