// Trainings that nobody chose: stopped after any step, saved and loaded, they end with the bytes of one that went on.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect } from "vitest";
import {
  Discriminator,
  Generator,
  type Layer,
  layers as l,
  type Objective,
  type Optimizer,
  objectives,
  optimizers,
  penalties,
  schedules,
  Trainer,
} from "../../lib/index.js";
import { makeFolder } from "../helpers/folder.js";
import { holds, readOrRefuse } from "../helpers/fuzz.js";
import { fingerprintOf } from "../helpers/presets.js";
import { image, labelledImages, losses } from "../helpers/training.js";

const folder = await makeFolder();
afterAll(() => folder.remove());

const some = <T>(...values: T[]) => fc.constantFrom(...values);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 1 });

const bodies: Record<string, () => Layer[]> = {
  linear: () => [l.flatten(), l.linear(16), l.leakyRelu(0.2)],
  convolutional: () => [l.conv2d(4, 3, { padding: 1, stride: 2 }), l.leakyRelu(0.2), l.flatten()],
  normed: () => [l.conv2d(4, 4, { padding: 1, stride: 2 }), l.batchNorm2d(), l.relu(), l.flatten()],
  spectral: () => [l.flatten(), l.spectralNorm(l.linear(16)), l.leakyRelu(0.2)],
  dropping: () => [l.flatten(), l.linear(16), l.dropout(0.3), l.leakyRelu(0.2)],
  discriminating: () => [l.flatten(), l.linear(8), l.minibatchDiscrimination(4), l.leakyRelu(0.2)],
  comparing: () => [l.conv2d(4, 3, { stride: 2 }), l.minibatchStdDev(), l.relu(), l.flatten()],
};

const generators: Record<string, () => Layer[]> = {
  linear: () => [l.linear(16), l.relu(), l.linear(64), l.tanh(), l.unflatten(image)],
  normed: () => [l.linear(16), l.batchNorm1d(), l.dropout(0.2), l.linear(64), l.unflatten(image)],
  convolutional: () => [
    ...[l.linear(4 * 16), l.unflatten([4, 4, 4]), l.batchNorm2d(), l.relu()],
    ...[l.upsample(2), l.conv2d(1, 3, { padding: 1 }), l.tanh()],
  ],
};

const schedule = fc.oneof(
  fc.constant(schedules.constant()),
  fc.integer({ min: 1, max: 9 }).map((steps) => schedules.linear({ steps, after: 2 })),
  fc.integer({ min: 1, max: 9 }).map((steps) => schedules.cosine({ steps })),
  fc.constant(schedules.exponential({ gamma: 0.9 })),
  fc.integer({ min: 1, max: 9 }).map((stepSize) => schedules.step({ stepSize })),
  fc
    .integer({ min: 1, max: 9 })
    .map((first) => schedules.multiStep({ milestones: [first, first + 1] })),
);
const optimizer = fc
  .record({ schedule, clipGradNorm: maybe(some(0.1, 10)), weightDecay: some(0, 0.01) })
  .chain(({ clipGradNorm, ...rest }) => {
    const options = { lr: 1e-3, ...rest, ...(clipGradNorm && { clipGradNorm }) };
    return some<Optimizer>(
      optimizers.adam(options),
      optimizers.adamW({ ...options, amsgrad: true, betas: [0.5, 0.5] }),
      optimizers.sgd({ ...options, momentum: { from: 0.5, to: 0.9, steps: 5 } }),
      optimizers.rmsprop({ ...options, momentum: 0.5, centered: true }),
    );
  });

const every = fc.integer({ min: 1, max: 3 });
const penalty = fc.oneof(
  every.map((n) => penalties.r1({ every: n })),
  every.map((n) => penalties.r2({ every: n })),
  every.map((n) => penalties.wganGp({ every: n })),
  every.map((n) => penalties.wganDiv({ every: n, power: 3 })),
  every.map((n) => penalties.dragan({ every: n })),
);
const objective = fc
  .array(penalty, { maxLength: 1 })
  .chain((all) =>
    some<Objective>(
      objectives.nonSaturating({ penalties: all, labelSmoothing: 0.1 }),
      objectives.minimax({ penalties: all }),
      objectives.boundarySeeking({ penalties: all }),
      objectives.leastSquares({ penalties: all }),
      objectives.hinge({ penalties: all }),
      objectives.wasserstein({ penalties: all }),
      objectives.relativisticPaired({ penalties: all }),
      objectives.relativisticAverage({ penalties: all }),
      objectives.softmax({ penalties: all }),
      objectives.energyBased({ penalties: all, margin: 0.5 }),
      objectives.boundaryEquilibrium({ penalties: all, lambda: 0.3 }),
    ),
  );

const training = fc.record({
  body: some(...Object.keys(bodies)),
  generator: some(...Object.keys(generators)),
  objective,
  optimizer: fc.record({ generator: optimizer, discriminator: optimizer }),
  order: some("generatorFirst" as const, "discriminatorFirst" as const),
  discriminatorSteps: fc.integer({ min: 1, max: 3 }),
  generatorSteps: some(1, 1, 2, 3),
  accumulate: some(1, 1, 2, 3),
  ema: maybe(fc.record({ decay: some(0, 0.9, 0.999), rampUp: some(0, 0.05) })),
  diffAugment: fc.subarray(["color", "translation", "cutout"] as const),
  ada: maybe(
    fc.record({
      transforms: fc.subarray(["blit", "geometry", "color"] as const, { minLength: 1 }),
      p: some(0, 0.3, 1),
      interval: fc.integer({ min: 1, max: 4 }),
      kimg: some(0.05, 500),
      fixed: fc.boolean(),
    }),
  ),
  execution: some("fused" as const, "eager" as const),
  images: fc.integer({ min: 8, max: 30 }),
  batch: fc.integer({ min: 6, max: 8 }),
  before: fc.integer({ min: 0, max: 6 }),
  after: fc.integer({ min: 1, max: 6 }),
});
type Training = typeof training extends fc.Arbitrary<infer T> ? T : never;

function trainerOf({ body, generator, ema, ada, ...rest }: Training): Trainer {
  const { images: _, batch: __, before: ___, after: ____, ...options } = rest;
  const made = generators[generator] as () => Layer[];
  const layers = (bodies[body] as () => Layer[])();
  const isEnergy = ["energyBased", "boundaryEquilibrium"].includes(options.objective.type);
  const judged = isEnergy
    ? [l.reconstructionError([...layers, l.linear(64), l.unflatten(image)])]
    : [...layers, l.linear(1)];
  return new Trainer({
    ...options,
    ...(ema && { ema }),
    ...(ada && { ada }),
    generator: new Generator({ latent: { noise: 5 }, layers: made() }, { seed: 3 }),
    discriminator: new Discriminator({ image, layers: judged }),
  });
}

describe("a training of any options", () => {
  holds("goes on bit for bit from where it was saved", training, async (given) => {
    const { images, batch, before, after } = given;
    using data = await labelledImages(images);
    // Options that do not go together are refused, here or with the first batch.
    const whole = await readOrRefuse(async () => {
      const trainer = trainerOf(given);
      return { trainer, told: await losses(trainer, data, before + after, batch) };
    });
    if (whole === undefined) return;
    using trainer = trainerOf(given);
    const first = before === 0 ? [] : await losses(trainer, data, before, batch);
    const path = join(folder.path, "checkpoint");
    await rm(path, { recursive: true, force: true });
    await trainer.save(path);
    using again = await Trainer.load(path);
    const rest = await losses(again, data, after, batch);
    expect([...first, ...rest]).toEqual(whole.told);
    expect(await fingerprintOf(again)).toBe(await fingerprintOf(whole.trainer));
    whole.trainer.dispose();
  });
});
