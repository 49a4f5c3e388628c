import type { DiscriminatorArchitecture, GeneratorArchitecture, Latent } from "../architecture.js";
import * as check from "../check.js";
import { outOfRange } from "../errors.js";
import * as l from "../layers/index.js";
import type { Layer } from "../layers/layer.js";
import type { Shape } from "../shape.js";
import {
  doublings,
  type PairOptions,
  readOptions,
  readSquare,
  type UnconditionalDiscriminator,
} from "./options.js";

const sides = [8, 16, 32, 64, 128, 256];
/** Channels of a group of the 3×3 convolutions. */
const groupWidth = 16;

/** Sizes of r3gan. */
export interface R3ganOptions {
  /**
   * Width at 4×4 and 8×8, then halved with each doubling; every width has to be a multiple of 8.
   * @default 256
   */
  readonly channels?: number | undefined;
  /** Residual blocks at each side, at least 1. @default 2, as in the paper */
  readonly blocks?: number | undefined;
}

/**
 * A residual generator without any normalisation, after R3GAN (Huang et al. 2024, The GAN is dead;
 * long live the GAN!): inverted bottlenecks (1×1 to twice the width, grouped 3×3, 1×1 back) with
 * LeakyReLU(0.2), bilinear doubling, and no Tanh. Deviates in its first weights, torch.nn's (the
 * paper scales them down and starts each block's last at 0), and in its beginning, a Linear to all
 * numbers of 4×4 (its code scales each channel of a learned tensor).
 *
 * @param options.image [channels, side, side], side a power of two from 8 to 256
 * @param options.channels width at 4×4 and 8×8, then halved with each doubling; every width has to
 *   be a multiple of 8 @default 256
 * @param options.blocks residual blocks at each side, at least 1; the paper has 2 @default 2
 * @throws TypeError for an unknown option or one of the wrong type, RangeError for a number or an
 * image out of its range
 */
export function r3gan<const L extends Latent>(
  options: { latent: L; image: Shape } & R3ganOptions,
): GeneratorArchitecture<L>;
/**
 * The discriminator: the generator backwards; its score is a logit. Deviates in that it halves by
 * means of 2×2 pixels (the paper's code by a low-pass filter).
 *
 * @throws TypeError for an unknown option or one of the wrong type, RangeError for a number or an
 * image out of its range
 */
export function r3gan(options: { image: Shape } & R3ganOptions): UnconditionalDiscriminator;
export function r3gan(
  options: PairOptions & R3ganOptions,
): GeneratorArchitecture | DiscriminatorArchitecture {
  const own = ["channels", "blocks"];
  const { latent } = readOptions(options, { generator: own, discriminator: own });
  const image = readSquare(options.image, sides);
  const stages = readStages(options, image[1]);
  return latent === undefined
    ? { image, layers: discriminator(stages) }
    : { latent, layers: generator(stages, image[0]) };
}

/** Residual blocks of one width at one side. */
interface Stage {
  readonly width: number;
  readonly blocks: Layer[];
}

/** The stages of a network, from 4×4 up to the image's side. */
function readStages(options: R3ganOptions, side: number): [Stage, ...Stage[]] {
  const halvings = doublings(side) - 1;
  const multiple = (groupWidth / 2) * 2 ** halvings;
  const channels = check.integer(options.channels ?? 256, "channels", 1);
  if (channels % multiple !== 0)
    throw outOfRange(`a multiple of ${multiple} (for a side of ${side})`, "channels", channels);
  const count = check.integer(options.blocks ?? 2, "blocks", 1);
  const stage = (width: number): Stage => ({
    width,
    blocks: Array.from({ length: count }, () => block(width)),
  });
  const narrowing = Array.from({ length: halvings }, (_, i) => stage(channels / 2 ** (i + 1)));
  return [stage(channels), stage(channels), ...narrowing];
}

function block(width: number): Layer {
  const hidden = 2 * width;
  return l.residual([
    l.conv2d(hidden, 1),
    l.leakyRelu(0.2),
    l.conv2d(hidden, 3, { padding: 1, groups: hidden / groupWidth }),
    l.leakyRelu(0.2),
    l.conv2d(width, 1, { bias: false }),
  ]);
}

/** To another width, if it is another. */
function resize(from: Stage, to: Stage): Layer[] {
  return from.width === to.width ? [] : [l.conv2d(to.width, 1, { bias: false })];
}

function generator([first, ...rest]: [Stage, ...Stage[]], channels: number): Layer[] {
  const main = [...first.blocks];
  let last = first;
  for (const stage of rest) {
    main.push(...resize(last, stage), l.upsample(2, { mode: "bilinear" }), ...stage.blocks);
    last = stage;
  }
  return [
    l.linear(first.width * 4 * 4, { name: "basis" }),
    l.unflatten([first.width, 4, 4]),
    l.sequential("main", main),
    l.conv2d(channels, 1, { bias: false, name: "aggregation" }),
  ];
}

function discriminator(stages: Stage[]): Layer[] {
  const [first, ...rest] = stages.toReversed() as [Stage, ...Stage[]];
  const main = [...first.blocks];
  let last = first;
  for (const stage of rest) {
    main.push(l.avgPool2d(2), ...resize(last, stage), ...stage.blocks);
    last = stage;
  }
  return [
    l.conv2d(first.width, 1, { bias: false, name: "extraction" }),
    l.sequential("main", main),
    l.sequential("basis", [
      l.conv2d(last.width, 4, { groups: last.width, bias: false }),
      l.flatten(),
      l.linear(1, { bias: false }),
    ]),
  ];
}
