import type { GeneratorArchitecture, Latent } from "../architecture.js";
import { resolveLatent } from "../architecture.js";
import * as check from "../check.js";
import { outOfRange, wrongType } from "../errors.js";
import * as l from "../layers/index.js";

/**
 * The article's generator: Linear, then (Upsample, Conv, BatchNorm, LeakyReLU) twice, Conv, Tanh. Its
 * state-dict keys are `l1.0.*` and `conv_blocks.*`.
 *
 * @param options.image [channels, height, width]; height and width multiples of 4
 */
export function upsampling(options: {
  latent: Latent;
  image: readonly number[];
}): GeneratorArchitecture {
  if (options === undefined) throw wrongType("an object", "options", options);
  check.options(options, "options", ["latent", "image"]);
  resolveLatent(options.latent, "latent");
  const [channels, height, width] = check.shape(options.image, "image", 3) as [
    number,
    number,
    number,
  ];
  if (height % 4 !== 0 || width % 4 !== 0) {
    throw outOfRange(
      "[channels, height, width] with height and width multiples of 4",
      "image",
      options.image,
    );
  }
  const small = [128, height / 4, width / 4];
  // 0.8 lands in BatchNorm's eps: the well-known slip of the script, kept for equality with it.
  const norm = () => l.batchNorm2d({ eps: 0.8 });
  return {
    latent: options.latent,
    layers: [
      l.sequential("l1", [l.linear((128 * height * width) / 16)]),
      l.unflatten(small),
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
