import * as architectures from "../architectures/index.js";
import { nonSaturating } from "../objectives/index.js";
import * as penalties from "../penalties/index.js";
import { multipleOf, type Preset, usualAdam } from "./kind.js";

/** Kodali et al. 2017. */
export const dragan: Preset = {
  summary: "Kodali 2017: gradient penalty around the data",
  size: multipleOf(4),
  steps: 3_000,
  batch: 64,
  objective: nonSaturating({ penalties: [penalties.dragan({ weight: 10 })] }),
  optimizer: usualAdam,
  pair({ image }) {
    return {
      generator: architectures.upsampling({ latent: { noise: 100 }, image }),
      // Logits of layers that keep samples apart: the norm is that of each sample's own gradient.
      discriminator: architectures.mlp({ image, scores: "logit" }),
    };
  },
};
