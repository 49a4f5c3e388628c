import * as architectures from "../architectures/index.js";
import { nonSaturating } from "../objectives/index.js";
import { multipleOf, type Preset, usualAdam } from "./kind.js";

export const article: Preset = {
  summary: "the article's: convolutions against an MLP",
  size: multipleOf(4),
  // Enough for digits that a stranger recognises, in under 3 minutes on 2 CPU cores.
  steps: 1_800,
  batch: 64,
  objective: nonSaturating(),
  optimizer: usualAdam,
  pair({ image }) {
    return {
      generator: architectures.upsampling({ latent: { noise: 100 }, image }),
      discriminator: architectures.mlp({ image }),
    };
  },
};
