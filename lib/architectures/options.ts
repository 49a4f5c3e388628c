// What the functions of this folder take, read in one place.
import type { DiscriminatorArchitecture, Latent } from "../architecture.js";
import { resolveLatent } from "../architecture.js";
import * as check from "../check.js";
import { outOfRange, wrongType } from "../errors.js";
import type { Shape } from "../shape.js";

/** What every function of this folder takes: with a latent it makes a generator. */
export interface PairOptions {
  /** What the generator starts from; without it a discriminator is made. */
  readonly latent?: Latent | undefined;
  /** Shape of a sample: [channels, height, width]. */
  readonly image: Shape;
}

/** A discriminator that is told no labels. */
export type UnconditionalDiscriminator = DiscriminatorArchitecture & {
  readonly classes?: 0 | undefined;
};

/** What a discriminator's score is: a probability ends in a sigmoid. */
export type Scores = "probability" | "logit";

/** An object with no options but the known ones, and a latent that makes sense if there is one. */
export function readOptions<T extends PairOptions>(
  options: T,
  own: {
    generator?: readonly string[] | undefined;
    discriminator?: readonly string[] | undefined;
  } = {},
): T {
  if (options === undefined) throw wrongType("an object", "options", options);
  const role = options?.latent === undefined ? "discriminator" : "generator";
  const known = ["latent", "image", ...(own[role] ?? [])] as (keyof T & string)[];
  check.options(options, "options", known);
  if (options.latent !== undefined) resolveLatent(options.latent, "latent");
  return options;
}

/** Channels, height and width of an image. */
export type Image = readonly [channels: number, height: number, width: number];

/** An image that the network can make, or `what` is needed of it. */
export function readImage(
  image: Shape,
  what: string,
  fits: (height: number, width: number) => boolean,
): Image {
  const [channels, height, width] = check.shape(image, "image", 3) as [number, number, number];
  if (!fits(height, width))
    throw outOfRange(`[channels, height, width] with ${what}`, "image", image);
  return [channels, height, width];
}

/** A square image with a side of 4, doubled some times. */
export function readSquare(image: Shape, sides: readonly number[]): Image {
  const what = `height and width equal, one of ${sides.join(", ")},`;
  return readImage(image, what, (height, width) => height === width && sides.includes(height));
}

/** Numbers that the generator's layers get: noise, one-hot label, codes. */
export function latentWidth(latent: Latent): number {
  const { noise, classes, codes, labels } = resolveLatent(latent, "latent");
  return noise + (labels === "oneHot" ? classes : 0) + codes;
}

/** True if the label comes in through an embedding. */
export function isEmbedded(latent: Latent): boolean {
  const { classes, labels } = resolveLatent(latent, "latent");
  return classes > 0 && labels === "embedded";
}

/** Steps of doubling from 4 to `side`. */
export function doublings(side: number): number {
  return Math.round(Math.log2(side / 4));
}
