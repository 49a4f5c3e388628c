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

/** Sizes of stylegan2. */
export interface Stylegan2Options {
  /**
   * Width at 4×4 and 8×8, then halved with each doubling: a whole number of times 2 for each of
   * these.
   * @default 128
   */
  readonly channels?: number | undefined;
}

/** More sizes of its generator. */
export interface Stylegan2GeneratorOptions extends Stylegan2Options {
  /** Width of the style w, at least 1. @default channels */
  readonly style?: number | undefined;
  /** Layers of the mapping, at least 1; the paper has 8. @default 2, as StyleGAN2-ADA has it */
  readonly mappingLayers?: number | undefined;
  /**
   * Colours of every side add up, each upsampled to the next, as in the paper's section 4; else the
   * last layer alone makes them (`orig` in that code). @default false
   */
  readonly skips?: boolean | undefined;
  /**
   * Chance that a batch of training has two styles, from 0 to 1: `mixing` of styled. The paper's
   * code has 0.9.
   * @default 0
   */
  readonly mixing?: number | undefined;
}

/**
 * StyleGAN2's generator (Karras et al. 2020, Analyzing and Improving the Image Quality of
 * StyleGAN): a mapping to the style w, and a synthesis of modulated convolutions from a learned
 * constant, with noise for each pixel and LeakyReLU(0.2). Deviates in its widths, and in that
 * styles are mixed and colours of several sides added up only if asked; with `skips`, colours are
 * upsampled bilinearly, which differs at the borders. Pixels have no Tanh.
 *
 * @param options.image [channels, side, side], side a power of two from 8 to 256
 * @param options.channels width at 4×4 and 8×8, then halved with each doubling @default 128
 * @param options.style width of the style w, at least 1 @default channels
 * @param options.mappingLayers layers of the mapping, at least 1; the paper has 8 @default 2
 * @param options.skips colours of every side add up, as in the paper @default false
 * @param options.mixing chance that a batch of training has two styles, 0 to 1 @default 0
 * @throws TypeError for an unknown option or one of the wrong type, RangeError for a number or an
 * image out of its range
 */
export function stylegan2<const L extends Latent>(
  options: { latent: L; image: Shape } & Stylegan2GeneratorOptions,
): GeneratorArchitecture<L>;
/**
 * The discriminator: residual blocks that blur before they halve, the deviation of a minibatch as a
 * channel, every learning rate equalized; its score is a logit.
 *
 * @throws TypeError for an unknown option or one of the wrong type, RangeError for a number or an
 * image out of its range
 */
export function stylegan2(options: { image: Shape } & Stylegan2Options): UnconditionalDiscriminator;
export function stylegan2(
  options: PairOptions & Stylegan2GeneratorOptions,
): GeneratorArchitecture | DiscriminatorArchitecture {
  const { latent } = readOptions(options, {
    generator: ["channels", "style", "mappingLayers", "mixing", "skips"],
    discriminator: ["channels"],
  });
  const [channels, side] = readSquare(options.image, sides);
  const widths = readWidths(options.channels ?? 128, side);
  const image = [channels, side, side];
  if (latent === undefined) return { image, layers: discriminator(widths) };
  const style = check.integer(options.style ?? widths[0], "style", 1);
  const layers = check.integer(options.mappingLayers ?? 2, "mappingLayers", 1);
  const mixing = check.between(options.mixing ?? 0, "mixing", 0, 1);
  const skips = check.boolean(options.skips ?? false, "skips");
  const parts = { mapping: mapping(style, layers), synthesis: synthesis(widths, channels, skips) };
  return { latent, layers: [l.styled(parts, { mixing })] };
}

type Widths = readonly [number, ...number[]];

/** Widths from 4×4 up to the image's side. */
function readWidths(value: unknown, side: number): Widths {
  const halvings = doublings(side) - 1;
  const channels = check.integer(value, "channels", 1);
  if (channels % 2 ** halvings !== 0) {
    const what = `a multiple of ${2 ** halvings} (for a side of ${side})`;
    throw outOfRange(what, "channels", channels);
  }
  const narrowing = Array.from({ length: halvings }, (_, i) => channels / 2 ** (i + 1));
  return [channels, channels, ...narrowing];
}

const activation = () => l.leakyRelu(0.2);
/** Keeps the size of numbers through the activation, which halves their squares. */
const gain = Math.SQRT2;

function mapping(style: number, layers: number): Layer[] {
  const layer = () => [l.equalized(l.linear(style), { gain, lrMultiplier: 0.01 }), activation()];
  return [l.pixelNorm(), ...Array.from({ length: layers }, layer).flat()];
}

function synthesis([first, ...rest]: Widths, colours: number, skips: boolean): Layer[] {
  const conv = (width: number, upsample: boolean) => [
    l.modulatedConv2d(width, 3, { upsample, gain }),
    l.noiseInjection(),
    activation(),
  ];
  const block = (width: number, i: number) =>
    l.sequential(`b${8 * 2 ** i}`, [...conv(width, true), ...conv(width, false)]);
  const blocks = [l.sequential("b4", conv(first, false)), ...rest.map(block)];
  const toRgb = () => l.modulatedConv2d(colours, 1, { demodulate: false, name: "torgb" });
  const input = l.constant([first, 4, 4], { name: "input" });
  return [input, ...(skips ? summed(blocks, toRgb) : [...blocks, toRgb()])];
}

/**
 * Blocks of which each adds its colours: after each there are two ways to the image, by its own
 * colours and by the blocks that follow. Those come last, as styles are mixed in this order.
 */
function summed([block, ...others]: readonly Layer[], toRgb: () => Layer): Layer[] {
  if (block === undefined) return [];
  if (others.length === 0) return [block, toRgb()];
  const upsampled = others.map(() => l.upsample(2, { mode: "bilinear" }));
  const ways = [[toRgb(), ...upsampled], summed(others, toRgb)] as const;
  return [block, l.residual(...ways, { name: "sum" })];
}

function discriminator(widths: Widths): Layer[] {
  const outward = widths.toReversed();
  const [last] = widths;
  const block = (width: number, i: number) => {
    const name = `b${4 * 2 ** (outward.length - 1 - i)}`;
    return halving(width, outward[i + 1] as number, name);
  };
  return [
    l.equalized(l.conv2d(outward[0] as number, 1, { name: "fromrgb" }), { gain }),
    activation(),
    ...outward.slice(0, -1).map(block),
    l.sequential("b4", [
      l.minibatchStdDev(),
      l.equalized(l.conv2d(last, 3, { padding: 1 }), { gain }),
      activation(),
      l.flatten(),
      l.equalized(l.linear(last), { gain }),
      activation(),
      l.equalized(l.linear(1)),
    ]),
  ];
}

/** A block whose two ways add up to numbers of the size of either. */
function halving(from: number, to: number, name: string): Layer {
  return l.residual(
    [
      l.equalized(l.conv2d(from, 3, { padding: 1 }), { gain }),
      activation(),
      l.blur({ padding: 2 }),
      l.equalized(l.conv2d(to, 3, { stride: 2 })), // √2 of the activation and √½ of the sum
      activation(),
    ],
    [
      l.blur({ padding: 1, stride: 2 }),
      l.equalized(l.conv2d(to, 1, { bias: false }), { gain: Math.SQRT1_2 }),
    ],
    { name },
  );
}
