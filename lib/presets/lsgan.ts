import * as architectures from "../architectures/index.js";
import { leastSquares } from "../objectives/index.js";
import { multipleOf, type Preset, usualAdam } from "./kind.js";

/** Mao et al. 2017. */
export const lsgan: Preset = {
  summary: "Mao 2017: least squares",
  size: multipleOf(4),
  steps: 1_800,
  batch: 64,
  objective: leastSquares(),
  optimizer: usualAdam,
  pair({ image }) {
    return {
      generator: architectures.upsampling({ latent: { noise: 100 }, image }),
      discriminator: architectures.convolutional({ image, scores: "logit" }),
    };
  },
};
