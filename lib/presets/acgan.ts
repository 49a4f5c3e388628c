import * as architectures from "../architectures/index.js";
import * as auxiliaries from "../auxiliaries/index.js";
import { linear } from "../layers/index.js";
import { nonSaturating } from "../objectives/index.js";
import { multipleOf, type Preset, usualAdam } from "./kind.js";

/** Odena et al. 2017. */
export const acgan: Preset = {
  summary: "Odena 2017: the discriminator classifies too",
  size: multipleOf(4),
  steps: 1_800,
  batch: 64,
  objective: nonSaturating({ auxiliaries: [auxiliaries.acgan()] }),
  optimizer: usualAdam,
  pair({ image, classes = 10 }) {
    const latent = { noise: 100, classes, labels: "embedded" } as const;
    return {
      generator: architectures.upsampling({ latent, image }),
      discriminator: architectures.convolutional({ image, classes: [linear(classes)] }),
    };
  },
};
