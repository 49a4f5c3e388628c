import * as architectures from "../architectures/index.js";
import { nonSaturating } from "../objectives/index.js";
import { squareOf, type Preset, usualAdam } from "./kind.js";

/** Radford et al. 2016. */
export const dcgan: Preset = {
  summary: "Radford 2016: strided convolutions both ways",
  size: squareOf(32, 64, 128),
  steps: 1_500,
  batch: 64,
  objective: nonSaturating(),
  optimizer: usualAdam,
  order: "discriminatorFirst",
  pair({ image }) {
    return {
      generator: architectures.dcgan({ latent: { noise: 100 }, image }),
      discriminator: architectures.dcgan({ image }),
    };
  },
};
