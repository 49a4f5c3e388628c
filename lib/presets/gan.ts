import * as architectures from "../architectures/index.js";
import { nonSaturating } from "../objectives/index.js";
import { anySide, type Preset, usualAdam } from "./kind.js";

/**
 * Goodfellow et al. 2014: its networks, Algorithm 1, its loss. From torch.nn's first weights the
 * SGD of its code (optimizers.sgd has it) lets the discriminator win within three epochs; Adam does
 * not.
 */
export const gan: Preset = {
  summary: "Goodfellow 2014: MLP against maxout, dropout",
  size: anySide(28),
  steps: 6_000,
  batch: 100,
  objective: nonSaturating(),
  optimizer: usualAdam,
  order: "discriminatorFirst",
  pair({ image }) {
    return {
      generator: architectures.goodfellow2014({ latent: { noise: 100 }, image }),
      discriminator: architectures.goodfellow2014({ image }),
    };
  },
};
