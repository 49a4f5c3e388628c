import * as architectures from "../architectures/index.js";
import { nonSaturating } from "../objectives/index.js";
import { anySide, type Preset, usualAdam } from "./kind.js";

/** Mirza and Osindero 2014. */
export const cgan: Preset = {
  summary: "Mirza 2014: MLPs that are told the label",
  size: anySide(28),
  steps: 8_000,
  batch: 64,
  objective: nonSaturating(),
  optimizer: usualAdam,
  pair({ image, classes = 10 }) {
    const latent = { noise: 100, classes, labels: "embedded" } as const;
    return {
      generator: architectures.mlp({ latent, image }),
      discriminator: architectures.mlp({ image, classes }),
    };
  },
};
