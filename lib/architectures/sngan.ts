import type { DiscriminatorArchitecture, GeneratorArchitecture, Latent } from "../architecture.js";
import * as check from "../check.js";
import * as l from "../layers/index.js";
import type { Layer } from "../layers/layer.js";
import type { Shape } from "../shape.js";
import {
  type PairOptions,
  readImage,
  readOptions,
  type UnconditionalDiscriminator,
} from "./options.js";

/**
 * SNGAN's ResNet for 32×32 (Miyato et al. 2018, Spectral Normalization for GANs, Table 4): a Linear
 * and three residual blocks that double the side. Keys are those of its Chainer code: `l1`,
 * `block2` to `block4`, `b5`, `c5`.
 *
 * @param options.image [channels, height, width], sides multiples of 8 (32 for the paper's)
 * @param options.channels width of every layer, at least 1; the paper's generator has 256
 * @default 128
 * @throws TypeError for an unknown option or one of the wrong type, RangeError for a number or an
 * image out of its range
 */
export function sngan<const L extends Latent>(options: {
  latent: L;
  image: Shape;
  channels?: number | undefined;
}): GeneratorArchitecture<L>;
/**
 * SNGAN's discriminator: four residual blocks, every weight spectrally normalised; its score is a
 * logit. Two things deviate: the last Linear sees the features of every pixel, where the paper's
 * sees their sum over the pixels; and first weights are torch.nn's, in its Chainer code Glorot's.
 *
 * @param options.channels width of every layer, at least 1 @default 128
 * @throws TypeError for an unknown option or one of the wrong type, RangeError for a number or an
 * image out of its range
 */
export function sngan(options: {
  image: Shape;
  channels?: number | undefined;
}): UnconditionalDiscriminator;
export function sngan(
  options: PairOptions & { channels?: number | undefined },
): GeneratorArchitecture | DiscriminatorArchitecture {
  const own = ["channels"];
  const { latent } = readOptions(options, { generator: own, discriminator: own });
  const image = readImage(options.image, "height and width multiples of 8", (...sides) =>
    sides.every((side) => side % 8 === 0),
  );
  const width = check.integer(options.channels ?? 128, "channels", 1);
  if (latent === undefined) return { image, layers: discriminator(width) };
  const [channels, ...sides] = image;
  const small = [width, ...sides.map((side) => side / 8)];
  return { latent, layers: generator(width, small, channels) };
}

function generator(width: number, small: Shape, channels: number): Layer[] {
  const conv = () => l.conv2d(width, 3, { padding: 1 });
  const block = (name: string) =>
    l.residual(
      [l.batchNorm2d(), l.relu(), l.upsample(2), conv(), l.batchNorm2d(), l.relu(), conv()],
      [l.upsample(2), l.conv2d(width, 1)],
      { name },
    );
  return [
    l.linear(
      small.reduce((total, side) => total * side, 1),
      { name: "l1" },
    ),
    l.unflatten(small),
    ...["block2", "block3", "block4"].map(block),
    l.batchNorm2d({ name: "b5" }),
    l.relu(),
    l.conv2d(channels, 3, { padding: 1, name: "c5" }),
    l.tanh(),
  ];
}

function discriminator(width: number): Layer[] {
  const conv = () => l.spectralNorm(l.conv2d(width, 3, { padding: 1 }));
  const short = () => l.spectralNorm(l.conv2d(width, 1));
  const half = () => l.avgPool2d(2);
  const block = () => [l.relu(), conv(), l.relu(), conv()];
  return [
    // Works on pixels: no activation before the first convolution.
    l.residual([conv(), l.relu(), conv(), half()], [half(), short()], { name: "block1" }),
    l.residual([...block(), half()], [short(), half()], { name: "block2" }),
    l.residual(block(), [], { name: "block3" }),
    l.residual(block(), [], { name: "block4" }),
    l.relu(),
    l.flatten(),
    l.spectralNorm(l.linear(1, { name: "l5" })),
  ];
}
