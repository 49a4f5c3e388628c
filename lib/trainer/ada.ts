// Adaptive discriminator augmentation: its options, and what they can go with.
import * as check from "../check.js";
import type { Complete } from "../complete.js";
import { outOfRange, wrongType } from "../errors.js";
import type { Discriminator } from "../networks.js";
import { middleOf, type Objective } from "../objectives/table.js";
import { product } from "../shape.js";

/** A group of the transforms of ADA's pipeline. */
export type AdaTransform = (typeof adaTransforms)[number];
export const adaTransforms = ["blit", "geometry", "color"] as const;

/** Options of adaptive discriminator augmentation; the defaults are those of Karras et al. 2020. */
export interface AdaOptions {
  /**
   * What is changed, each group at most once; the order is always that of the paper, which is the
   * default's. `blit`: mirrored, turned by quarters, moved by whole pixels. `geometry`: scaled,
   * turned, stretched, moved. `color`: brightness and contrast, and for 3 channels luma flip, hue
   * and saturation; for 1 or 3 channels.
   * @default ["blit", "geometry", "color"]
   */
  readonly transforms?: readonly AdaTransform[] | undefined;
  /** The probability of each transform for each sample at the beginning, in [0, 1]. @default 0 */
  readonly p?: number | undefined;
  /**
   * Keeps the probability where it begins; `target`, `interval` and `kimg` then mean nothing.
   * @default false
   */
  readonly fixed?: boolean | undefined;
  /**
   * Where the mean sign of the discriminator's scores of reals is held, in [-1, 1]: 0 where it
   * guesses, 1 where it is sure of all. Above it the probability grows, below it falls.
   * @default 0.6
   */
  readonly target?: number | undefined;
  /** Steps between two changes of the probability; a whole number of at least 1. @default 4 */
  readonly interval?: number | undefined;
  /**
   * Thousands of reals shown in which the probability can go from 0 to 1; finite, above 0.
   * @default 500
   */
  readonly kimg?: number | undefined;
}

/** @internal Every option of ADA. */
export const adaNames = ["transforms", "p", "fixed", "target", "interval", "kimg"] as const;

/** @internal */
export function checkAdaOptions(value: unknown): Complete<AdaOptions> {
  if (!check.isObject(value)) throw wrongType(`an object { ${adaNames.join(", ")} }`, "ada", value);
  const ada: AdaOptions = check.options(value, "ada", adaNames);
  return {
    transforms: checkTransforms(ada.transforms ?? adaTransforms),
    p: check.between(ada.p ?? 0, "ada.p", 0, 1),
    fixed: check.boolean(ada.fixed ?? false, "ada.fixed"),
    target: check.between(ada.target ?? 0.6, "ada.target", -1, 1),
    interval: check.integer(ada.interval ?? 4, "ada.interval", 1),
    kimg: check.positive(ada.kimg ?? 500, "ada.kimg"),
  };
}

function checkTransforms(value: unknown): readonly AdaTransform[] {
  const name = "ada.transforms";
  if (!Array.isArray(value) || value.length === 0)
    throw wrongType(`an array of some of ${adaTransforms.join(", ")}`, name, value);
  // Array.from sees the holes of a sparse array, which map would skip.
  const chosen = Array.from(value, (one, i) => check.oneOf(one, `${name}[${i}]`, adaTransforms));
  if (new Set(chosen).size < chosen.length) throw wrongType("each transform once", name, chosen);
  return chosen;
}

/** Checks the options, and that images and objective are such as they can be had with. */
export function checkAda(
  value: unknown,
  discriminator: Discriminator,
  objective: Objective,
): Complete<AdaOptions> {
  const ada = checkAdaOptions(value);
  const { image } = discriminator;
  if (image.length !== 3)
    throw wrongType("a discriminator of [channels, height, width]", "ada", image);
  if (ada.transforms.includes("color") && image[0] !== 1 && image[0] !== 3)
    throw wrongType("no color, which is for 1 or 3 channels,", "ada.transforms", image);
  if (!ada.fixed && middleOf(objective, discriminator.scores) === undefined) {
    const why = `as the sign of a score tells nothing under ${objective.type},`;
    throw outOfRange(`true, ${why}`, "ada.fixed", false);
  }
  return ada;
}

/** Samples by which native code's wavelet reaches beyond a side: twelve taps. */
const reach = 10;

/**
 * Numbers of one sample that ADA has beside what it changes, where it moves pixels to places in
 * between: none in `fused` on the CPU, where loops take one sample after the other. Saved for the
 * backward pass are the places that they come from. At once it has, as these are made, the mirrored
 * image on the grid that is twice as fine, and the places before and after they are brought onto
 * that grid and put together; on the way back the gradient on the grid, and its copy in the order
 * of a product.
 */
export function resampledValues({
  ada,
  discriminator,
  execution,
}: {
  readonly ada: Complete<AdaOptions> | undefined;
  readonly discriminator: Discriminator;
  readonly execution: "eager" | "fused";
}): { readonly saved: number; readonly atOnce: number } {
  const byLoops = execution === "fused" && discriminator.device === "cpu";
  if (byLoops || !ada?.transforms.includes("geometry")) return { saved: 0, atOnce: 0 };
  const [channels, ...sides] = discriminator.image as [number, number, number];
  const places = product(sides.map((side) => 2 * side + reach));
  const finer = product(sides.map((side) => 2 * Math.max(2 * (side - 1), 1) + 1));
  const onFiner = channels * finer;
  return { saved: 2 * places, atOnce: onFiner + Math.max(6 * places, onFiner) };
}
