// From points in the latent space to a picture of their samples.
import type { Images } from "../../images.js";
import * as latents from "../../latents.js";
import type { Generator } from "../../networks.js";
import type { ExploreRequest } from "../page/protocol.js";

/**
 * The samples of all points in one pass, in their order. Throws TypeError or RangeError where the
 * generator has no such class or codes.
 */
export async function drawPoints(
  generator: Generator,
  { points, method }: Pick<ExploreRequest, "points" | "method">,
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
    ...(classes > 0 || asksClass ? { labels } : {}),
    ...(codes > 0 || asksCodes ? { codes: vectors } : {}),
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
