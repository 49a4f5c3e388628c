import type { DiscriminatorArchitecture, GeneratorArchitecture, Latent } from "../architecture.js";
import * as check from "../check.js";
import * as l from "../layers/index.js";
import type { Layer } from "../layers/layer.js";
import type { Shape } from "../shape.js";
import {
  doublings,
  latentWidth,
  type PairOptions,
  readOptions,
  readSquare,
  type UnconditionalDiscriminator,
} from "./options.js";

const sides = [32, 64, 128];
const half = { stride: 2, padding: 1, bias: false };

/**
 * DCGAN (Radford et al. 2016, Unsupervised Representation Learning with Deep Convolutional GANs),
 * as PyTorch's tutorial builds it: transposed convolutions from 1×1 up, BatchNorm and ReLU, Tanh.
 * Keys are `main.*`; weights begin as N(0, 0.02²). The paper starts from 1024 channels, which is
 * `channels: 128` at 64 px.
 *
 * @param options.image [channels, side, side], side 32, 64 or 128
 * @param options.channels width at half the side, at least 1; doubled at each halving @default 64
 * @throws TypeError for an unknown option or one of the wrong type, RangeError for a number or an
 * image out of its range
 */
export function dcgan<const L extends Latent>(options: {
  latent: L;
  image: Shape;
  channels?: number | undefined;
}): GeneratorArchitecture<L>;
/**
 * DCGAN's discriminator: strided convolutions down to one score, LeakyReLU(0.2), Sigmoid.
 *
 * @throws TypeError for an unknown option or one of the wrong type, RangeError for a number or an
 * image out of its range
 */
export function dcgan(options: {
  image: Shape;
  channels?: number | undefined;
}): UnconditionalDiscriminator;
export function dcgan(
  options: PairOptions & { channels?: number | undefined },
): GeneratorArchitecture | DiscriminatorArchitecture {
  const own = ["channels"];
  const { latent } = readOptions(options, { generator: own, discriminator: own });
  const image = readSquare(options.image, sides);
  const base = check.integer(options.channels ?? 64, "channels", 1);
  // From half the side down to 4×4.
  const widths = Array.from({ length: doublings(image[1]) }, (_, i) => base * 2 ** i);
  return latent === undefined
    ? { image, init: "dcgan", layers: [l.sequential("main", down(widths))] }
    : {
        latent,
        init: "dcgan",
        layers: [
          l.unflatten([latentWidth(latent), 1, 1]),
          l.sequential("main", up(widths.toReversed(), image[0])),
        ],
      };
}

function up([first, ...rest]: number[], channels: number): Layer[] {
  const normed = (layer: Layer) => [layer, l.batchNorm2d(), l.relu()];
  return [
    ...normed(l.convTranspose2d(first as number, 4, { bias: false })),
    ...rest.flatMap((width) => normed(l.convTranspose2d(width, 4, half))),
    l.convTranspose2d(channels, 4, half),
    l.tanh(),
  ];
}

function down([first, ...rest]: number[]): Layer[] {
  return [
    l.conv2d(first as number, 4, half),
    l.leakyRelu(0.2),
    ...rest.flatMap((width) => [l.conv2d(width, 4, half), l.batchNorm2d(), l.leakyRelu(0.2)]),
    l.conv2d(1, 4, { bias: false }),
    l.flatten(),
    l.sigmoid(),
  ];
}
