import * as check from "../check.js";
import { wrongType } from "../errors.js";
import * as l from "../layers/index.js";
import type { Layer } from "../layers/layer.js";
import type { Shape } from "../shape.js";
import { readImage, type UnconditionalDiscriminator } from "./options.js";

/** What normalises the features of a patch discriminator. */
export type PatchNorm = "batch" | "instance" | "none";

/** Channels grow no further. */
const mostDoublings = 3;

/**
 * PatchGAN (Isola et al. 2017, Image-to-Image Translation with Conditional Adversarial Networks,
 * section 3.2.2), as the code of pix2pix and CycleGAN builds it: a score for each patch of the
 * image, a logit, by 4×4 convolutions, of stride 2 and then of stride 1, with LeakyReLU(0.2). By
 * default each score sees 70×70 pixels. Keys are `model.*`; weights begin as N(0, 0.02²), biases
 * as 0.
 *
 * @param options.image [channels, height, width], of which at least one patch is left: 24×24 by
 * default
 * @param options.channels width at half the side, at least 1; doubled at each halving, three times
 * at most @default 64
 * @param options.halvings convolutions of stride 2, from 1 to 8; a score sees 16, 34, 70, 142, ...
 * pixels of each side @default 3
 * @param options.norm what comes behind all convolutions but the first and the last; with `batch`
 * those in between have no biases. Gradient penalties at points between reals and fakes need
 * `instance` or `none` @default "batch"
 * @throws TypeError for an unknown option or one of the wrong type, RangeError for a number or an
 * image out of its range
 */
export function patch(options: {
  image: Shape;
  channels?: number | undefined;
  halvings?: number | undefined;
  norm?: PatchNorm | undefined;
}): UnconditionalDiscriminator {
  if (options === undefined) throw wrongType("an object", "options", options);
  check.options(options, "options", ["image", "channels", "halvings", "norm"]);
  const halvings = check.integer(options.halvings ?? 3, "halvings", 1, 8);
  const channels = check.integer(options.channels ?? 64, "channels", 1);
  const norm = check.oneOf(options.norm ?? "batch", "norm", ["batch", "instance", "none"]);
  // What two convolutions of stride 1 take, and the smallest side that halves to that.
  const side = 3 * 2 ** halvings;
  const what = `sides of at least ${side}`;
  const image = readImage(options.image, what, (height, width) => Math.min(height, width) >= side);
  const body = patches(channels, halvings, norm);
  return { image, init: { type: "normal", std: 0.02 }, layers: [l.sequential("model", body)] };
}

function patches(channels: number, halvings: number, norm: PatchNorm): Layer[] {
  const width = (doublings: number) => channels * 2 ** Math.min(doublings, mostDoublings);
  const block = (doublings: number, stride: number): Layer[] => [
    l.conv2d(width(doublings), 4, { stride, padding: 1, bias: norm !== "batch" }),
    ...(norm === "none" ? [] : [norm === "batch" ? l.batchNorm2d() : l.instanceNorm2d()]),
    l.leakyRelu(0.2),
  ];
  return [
    l.conv2d(width(0), 4, { stride: 2, padding: 1 }),
    l.leakyRelu(0.2),
    ...Array.from({ length: halvings - 1 }, (_, i) => block(i + 1, 2)).flat(),
    ...block(halvings, 1),
    l.conv2d(1, 4, { padding: 1 }),
  ];
}
