import * as architectures from "../architectures/index.js";
import { relativisticAverage } from "../objectives/index.js";
import { multipleOf, type Preset, usualAdam } from "./kind.js";

/** Jolicoeur-Martineau 2019: the relativistic average with least squares. */
export const ralsgan: Preset = {
  summary: "Jolicoeur-Martineau 2019: relativistic average",
  size: multipleOf(4),
  steps: 1_800,
  batch: 64,
  objective: relativisticAverage({ loss: "leastSquares" }),
  optimizer: usualAdam,
  pair({ image }) {
    return {
      generator: architectures.upsampling({ latent: { noise: 100 }, image }),
      discriminator: architectures.convolutional({ image, scores: "logit" }),
    };
  },
};
