// Games on the line: numbers are images of one pixel, and networks and Trainer are real ones.
import { fromArray } from "../data/array.js";
import type { Dataset } from "../data/dataset.js";
import { Images } from "../images.js";
import * as l from "../layers/index.js";
import { Discriminator, Generator } from "../networks.js";
import { drawLatents } from "../networks/draw.js";
import { adam, sgd } from "../optimizers/index.js";
import type { Optimizer } from "../optimizers/table.js";
import { cosine } from "../schedules.js";
import type { Trainer } from "../trainer.js";
import type { Tick } from "../trainer/tick.js";
import { type Density, gaussian, type Interval, nodes } from "./density.js";

/** Where everything happens; beyond it no density here has any mass. */
export const line: Interval = [-10, 10];

/** The number that is a white pixel, 1 for the networks; its negative is a black one. */
export const white = 5;

export const image = [1, 1, 1];
const dataCount = 65_536;

/**
 * An optimizer that changes no weight, not even one that is 0: its rate rounds to 0 in float32.
 * Gradients are computed all the same, and their norms told.
 */
export const frozen: Optimizer = sgd({ lr: 1e-60 });

/**
 * An optimizer for a discriminator that is trained to the end: its rate fades, so that it settles.
 */
export const settling = (steps: number): Optimizer =>
  adam({ lr: 1e-2, schedule: cosine({ steps }) });

/** A seed for something else of the same experiment. */
export function another(seed: number, which: number): number {
  return (seed + which * 1_000_003) % Number.MAX_SAFE_INTEGER;
}

/** Numbers from N(0, 1). */
export function normals(count: number, seed: number): Promise<Float32Array> {
  return drawLatents({ noise: 1, classes: 0, codes: 0, oneHot: true, uniform: false }, "cpu", {
    count,
    seed,
    truncation: 0,
  });
}

/** Samples of a density that the trainer has not seen. */
export async function samplesOf(
  density: Density,
  count: number,
  seed: number,
): Promise<Float32Array> {
  return density.from(await normals(count, seed));
}

/**
 * Samples of a density as data. Pixels are bytes: a step of 0.04, which a density as wide as 0.4 or
 * more does not notice (it becomes wider by a part in a thousand at most).
 */
export async function dataOf(density: Density, seed: number): Promise<Dataset> {
  const values = (await samplesOf(density, dataCount, seed)).map((x) =>
    Math.min(Math.max(x, -white), white),
  );
  return fromArray(values, { shape: [dataCount, ...image], range: [-white, white] });
}

/**
 * x = deviation · z + mean: p_g is exactly N(mean, deviation²), whatever the two weights become.
 */
export function affineGenerator(seed: number): Generator {
  const layers = [l.linear(1), l.unflatten(image)];
  return new Generator({ latent: { noise: 1 }, layers }, { seed });
}

/** Sets the two weights of an affine generator. */
export async function setAffine(
  generator: Generator,
  mean: number,
  deviation: number,
): Promise<void> {
  const tensor = (name: string, shape: number[], value: number) => {
    const data = new Uint8Array(Float32Array.of(value / white).buffer);
    return { name, dtype: "F32" as const, shape, data };
  };
  const tensors = [tensor("0.weight", [1, 1], deviation), tensor("0.bias", [1], mean)];
  await generator.loadTensors(tensors, "the theory's");
}

/** p_g of an affine generator as it is now. */
export async function madeBy(
  generator: Generator,
): Promise<{ readonly mean: number; readonly deviation: number; readonly density: Density }> {
  const [mean, above] = await positions(generator, Float32Array.of(0, 1));
  const deviation = Math.abs((above as number) - (mean as number));
  return { mean: mean as number, deviation, density: gaussian(mean as number, deviation) };
}

/** Where a generator takes these z. */
export async function positions(generator: Generator, z: Float32Array): Promise<Float32Array> {
  return (await generator.generate(z)).data.map((pixel) => pixel * white);
}

/** A smooth discriminator without a sigmoid: its logit keeps its digits where D is near 0 or 1. */
export function lineDiscriminator(): Discriminator {
  const hidden = () => [l.linear(64), l.tanh()];
  return new Discriminator({ image, layers: [l.flatten(), ...hidden(), ...hidden(), l.linear(1)] });
}

/** The discriminator's logits at these numbers. */
export function logitsAt(
  discriminator: Discriminator,
  xs: ArrayLike<number>,
): Promise<Float32Array> {
  const pixels = Float32Array.from(xs, (x) => x / white);
  return discriminator.score(new Images(pixels, [xs.length, ...image]));
}

/** The discriminator's logits at the nodes of an integral over the line. */
export function logitsAtNodes(discriminator: Discriminator): Promise<Float32Array> {
  return logitsAt(discriminator, nodes(line));
}

/** Trains for some steps. Returns the tick after the last. */
export async function advance(
  trainer: Trainer,
  data: Dataset,
  options: {
    readonly steps: number;
    readonly batchSize: number;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<Tick> {
  let last: Tick | undefined;
  for await (const tick of trainer.run(data, { ...options, tickEvery: options.steps })) last = tick;
  return last as Tick;
}

/**
 * Numbers of steps after which to look, each about one and a half times the one before, up to `steps`.
 */
export function moments(steps: number): number[] {
  const all: number[] = [];
  for (let step = 1; step < steps; step = Math.max(step + 1, Math.round(step * 1.5)))
    all.push(step);
  return [...all, steps];
}
