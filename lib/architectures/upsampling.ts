import type { GeneratorArchitecture, Latent } from "../architecture.js";
import * as l from "../layers/index.js";
import type { Shape } from "../shape.js";
import { isEmbedded, latentWidth, readImage, readOptions } from "./options.js";

/**
 * The article's generator: Linear, then (Upsample, Conv, BatchNorm, LeakyReLU) twice, Conv, Tanh.
 * Its state-dict keys are `l1.0.*` and `conv_blocks.*`. Labels that are "embedded" multiply the
 * noise (Odena et al. 2017), under the key `label_emb`.
 *
 * @param options.image [channels, height, width]; height and width multiples of 4
 * @throws TypeError for an unknown option or one of the wrong type, RangeError for a number or an
 * image out of its range
 */
export function upsampling<const L extends Latent>(options: {
  latent: L;
  image: Shape;
}): GeneratorArchitecture<L> {
  const { latent } = readOptions(options);
  const [channels, height, width] = readImage(
    options.image,
    "height and width multiples of 4",
    (...sides) => sides.every((side) => side % 4 === 0),
  );
  const label = isEmbedded(latent)
    ? [l.embedding(latentWidth(latent), { combine: "multiply", name: "label_emb" })]
    : [];
  // 0.8 lands in BatchNorm's eps: the well-known slip of the script, kept for equality with it.
  const norm = () => l.batchNorm2d({ eps: 0.8 });
  return {
    latent,
    layers: [
      ...label,
      l.sequential("l1", [l.linear((128 * height * width) / 16)]),
      l.unflatten([128, height / 4, width / 4]),
      l.sequential("conv_blocks", [
        l.batchNorm2d(),
        l.upsample(2),
        l.conv2d(128, 3, { padding: 1 }),
        norm(),
        l.leakyRelu(0.2),
        l.upsample(2),
        l.conv2d(64, 3, { padding: 1 }),
        norm(),
        l.leakyRelu(0.2),
        l.conv2d(channels, 3, { padding: 1 }),
        l.tanh(),
      ]),
    ],
  };
}
