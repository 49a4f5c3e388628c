import * as architectures from "../architectures/index.js";
import { wasserstein } from "../objectives/index.js";
import { rmsprop } from "../optimizers/index.js";
import { anySide, both, type Preset } from "./kind.js";

/** Arjovsky et al. 2017. */
export const wgan: Preset = {
  summary: "Arjovsky 2017: Wasserstein, clipped weights",
  size: anySide(28),
  steps: 6_000,
  batch: 64,
  objective: wasserstein({ weightClip: 0.01 }),
  optimizer: both(rmsprop({ lr: 5e-5 })),
  order: "discriminatorFirst",
  discriminatorSteps: 5,
  pair({ image }) {
    return {
      generator: architectures.mlp({ latent: { noise: 100 }, image }),
      discriminator: architectures.mlp({ image, scores: "logit" }),
    };
  },
};
