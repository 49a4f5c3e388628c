import * as l from "../layers/index.js";
import type { Layer } from "../layers/layer.js";
import { energyBased } from "../objectives/index.js";
import { adam } from "../optimizers/index.js";
import type { Shape } from "../shape.js";
import { both, multipleOf, type Preset } from "./kind.js";

const half = { stride: 2, padding: 1 };

/**
 * Zhao, Mathieu, LeCun 2017: the convolutional autoencoder, smaller; without the pulling-away term.
 */
export const ebgan: Preset = {
  summary: "Zhao 2017: an autoencoder's error is an energy",
  size: multipleOf(4),
  steps: 1_500,
  batch: 64,
  // Well above the energy of reals: a third of it after 500 steps, an eighth after all.
  objective: energyBased({ margin: 0.3 }),
  optimizer: both(adam({ lr: 1e-3, betas: [0.5, 0.999] })),
  pair({ image }) {
    return {
      generator: { latent: { noise: 100 }, layers: [l.sequential("decoder", decoder(image))] },
      discriminator: {
        image,
        layers: [
          l.reconstructionError(
            [l.sequential("encoder", encoder()), l.sequential("decoder", decoder(image))],
            { name: "energy" },
          ),
        ],
      },
    };
  },
};

function encoder(): Layer[] {
  return [
    ...[l.conv2d(32, 4, half), l.leakyRelu(0.2)],
    ...[l.conv2d(64, 4, half), l.batchNorm2d(), l.leakyRelu(0.2)],
    ...[l.flatten(), l.linear(32)],
  ];
}

/** From noise, or from what is left of an image, to pixels. */
function decoder(image: Shape): Layer[] {
  const [channels, height, width] = image as [number, number, number];
  const small = [64, height / 4, width / 4] as const;
  return [
    ...[l.linear((64 * height * width) / 16), l.unflatten(small), l.batchNorm2d(), l.relu()],
    ...[l.convTranspose2d(32, 4, half), l.batchNorm2d(), l.relu()],
    ...[l.convTranspose2d(channels, 4, half), l.tanh()],
  ];
}
