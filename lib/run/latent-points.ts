// Draws samples at points in the latent space: for `sparring interpolate`, and for the explorer of
// the dashboard.
import type { Images } from "../images.js";
import * as latents from "../latents.js";
import type { Generator } from "../networks.js";

/** How the noise gets from one seed to another. */
export const methods = ["spherical", "linear"] as const;
export type Method = (typeof methods)[number];

/** A point between the latents of two seeds. */
export interface LatentPoint {
  /** Seed of its noise at t = 0. */
  readonly from: number;
  /** Seed at t = 1. @default from */
  readonly to?: number | undefined;
  /** @default 0 */
  readonly t?: number | undefined;
  /** Class, where there are classes. @default 0 */
  readonly label?: number | undefined;
  /** A number each code, where there are codes. @default zeros */
  readonly codes?: readonly number[] | undefined;
}

/** Points, and how they are drawn. */
export interface LatentPoints {
  readonly points: readonly LatentPoint[];
  readonly method: Method;
  /** How far styles are from their mean. @default as far as in training */
  readonly truncationPsi?: number | undefined;
}

/**
 * Draws the samples of all points in one pass, in their order. Throws TypeError or RangeError where
 * the generator has no such class or codes.
 */
export async function drawPoints(
  generator: Generator,
  { points, method, truncationPsi }: LatentPoints,
): Promise<Images> {
  const { noise: size, classes, codes } = generator.latent;
  const between = method === "linear" ? latents.lerp : latents.slerp;
  const noiseOf = await drawSeeds(
    generator,
    points.flatMap(({ from, to = from }) => [from, to]),
  );
  const noise = new Float32Array(points.length * size);
  for (const [i, { from, to = from, t = 0 }] of points.entries())
    noise.set(between(noiseOf(from), noiseOf(to), t), i * size);
  // The generator itself refuses classes and codes that it does not have.
  const labels = points.map(({ label }) => label ?? 0);
  const vectors = points.map((point) => point.codes ?? new Array<number>(codes).fill(0));
  const asksClass = points.some(({ label }) => label !== undefined);
  const asksCodes = points.some((point) => point.codes !== undefined);
  return generator.sample(points.length, {
    seed: 0,
    noise,
    truncationPsi,
    labels: classes > 0 || asksClass ? labels : undefined,
    codes: codes > 0 || asksCodes ? vectors : undefined,
  });
}

/** The noise of seeds, each drawn once. */
async function drawSeeds(
  generator: Generator,
  seeds: readonly number[],
): Promise<(seed: number) => Float32Array> {
  const drawn = new Map<number, Float32Array>();
  for (const seed of new Set(seeds)) drawn.set(seed, await generator.noise(1, { seed }));
  return (seed) => drawn.get(seed) as Float32Array;
}
