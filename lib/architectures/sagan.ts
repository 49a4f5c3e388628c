import type { DiscriminatorArchitecture, GeneratorArchitecture, Latent } from "../architecture.js";
import * as check from "../check.js";
import { outOfRange } from "../errors.js";
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

const sides = [32, 64];
const half = { stride: 2, padding: 1 };

/**
 * A self-attention generator (Zhang et al. 2019, Self-Attention Generative Adversarial Networks):
 * the chain of DCGAN with spectral normalisation, and attention at half the side (16×16 or 32×32).
 * The paper's networks are residual, and conditional on ImageNet's classes.
 *
 * @param options.image [channels, side, side], side 32 or 64
 * @param options.channels width at half the side, where the attention is, a multiple of 8; doubled
 *   at each halving @default 64
 * @throws TypeError for an unknown option or one of the wrong type, RangeError for a number or an
 * image out of its range
 */
export function sagan<const L extends Latent>(options: {
  latent: L;
  image: Shape;
  channels?: number | undefined;
}): GeneratorArchitecture<L>;
/**
 * The discriminator: strided convolutions, all spectrally normalised, with attention; its score is
 * a logit.
 *
 * @throws TypeError for an unknown option or one of the wrong type, RangeError for a number or an
 * image out of its range
 */
export function sagan(options: {
  image: Shape;
  channels?: number | undefined;
}): UnconditionalDiscriminator;
export function sagan(
  options: PairOptions & { channels?: number | undefined },
): GeneratorArchitecture | DiscriminatorArchitecture {
  const own = ["channels"];
  const { latent } = readOptions(options, { generator: own, discriminator: own });
  const image = readSquare(options.image, sides);
  const base = check.integer(options.channels ?? 64, "channels", 1);
  // Queries and keys have an eighth of the channels.
  if (base % 8 !== 0) throw outOfRange("a multiple of 8", "channels", base);
  // From half the side down to 4×4.
  const widths = Array.from({ length: doublings(image[1]) }, (_, i) => base * 2 ** i);
  if (latent === undefined) return { image, layers: [l.sequential("main", down(widths))] };
  return {
    latent,
    layers: [
      l.unflatten([latentWidth(latent), 1, 1]),
      l.sequential("main", up(widths.toReversed(), image[0])),
    ],
  };
}

function up([first, ...rest]: number[], channels: number): Layer[] {
  const normed = (layer: Layer) => [l.spectralNorm(layer), l.batchNorm2d(), l.relu()];
  return [
    ...normed(l.convTranspose2d(first as number, 4)),
    ...rest.flatMap((width) => normed(l.convTranspose2d(width, 4, half))),
    l.selfAttention2d(),
    l.convTranspose2d(channels, 4, half),
    l.tanh(),
  ];
}

function down([first, ...rest]: number[]): Layer[] {
  const block = (width: number) => [l.spectralNorm(l.conv2d(width, 4, half)), l.leakyRelu(0.2)];
  return [
    ...block(first as number),
    l.selfAttention2d(),
    ...rest.flatMap(block),
    l.spectralNorm(l.conv2d(1, 4)),
    l.flatten(),
  ];
}
