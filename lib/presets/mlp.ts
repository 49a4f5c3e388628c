import * as architectures from "../architectures/index.js";
import { nonSaturating } from "../objectives/index.js";
import { anySide, type Preset, usualAdam } from "./kind.js";

export const mlp: Preset = {
  summary: "every tutorial's two MLPs",
  size: anySide(28),
  steps: 5_000,
  batch: 64,
  objective: nonSaturating(),
  optimizer: usualAdam,
  pair({ image }) {
    return {
      generator: architectures.mlp({ latent: { noise: 100 }, image }),
      discriminator: architectures.mlp({ image }),
    };
  },
};
