import * as architectures from "../architectures/index.js";
import { wasserstein } from "../objectives/index.js";
import * as penalties from "../penalties/index.js";
import { anySide, type Preset, usualAdam } from "./kind.js";

/** Gulrajani et al. 2017. */
export const wganGp: Preset = {
  summary: "Gulrajani 2017: Wasserstein, gradient penalty",
  size: anySide(28),
  steps: 4_000,
  batch: 64,
  objective: wasserstein({ penalties: [penalties.wganGp({ weight: 10 })] }),
  optimizer: usualAdam,
  order: "discriminatorFirst",
  discriminatorSteps: 5,
  pair({ image }) {
    return {
      generator: architectures.mlp({ latent: { noise: 100 }, image }),
      discriminator: architectures.mlp({ image, scores: "logit" }),
    };
  },
};
