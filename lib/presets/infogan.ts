import * as architectures from "../architectures/index.js";
import * as auxiliaries from "../auxiliaries/index.js";
import { batchNorm1d, leakyRelu, linear } from "../layers/index.js";
import { nonSaturating } from "../objectives/index.js";
import { multipleOf, type Preset, usualAdam } from "./kind.js";

/** Chen et al. 2016; their latent for MNIST. */
const latent = { noise: 62, classes: 10, codes: 2 };

const recognition = (outputs: number) => [
  linear(128),
  batchNorm1d(),
  leakyRelu(0.2),
  linear(outputs),
];

export const infogan: Preset = {
  summary: "Chen 2016: codes that samples have to show",
  size: multipleOf(4),
  steps: 1_800,
  batch: 64,
  objective: nonSaturating({ auxiliaries: [auxiliaries.infogan()] }),
  optimizer: usualAdam,
  pair({ image }) {
    return {
      generator: architectures.upsampling({ latent, image }),
      discriminator: architectures.convolutional({
        image,
        classes: recognition(latent.classes),
        codes: recognition(latent.codes),
      }),
    };
  },
};
