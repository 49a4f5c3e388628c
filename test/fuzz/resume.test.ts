// Trainings that nobody chose: stopped after any step, saved and loaded, they end with the bytes of one that went on.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect } from "vitest";
import {
  type Auxiliary,
  auxiliaries,
  type Dataset,
  datasets,
  Discriminator,
  Generator,
  type Latent,
  type Layer,
  layers as l,
  type Objective,
  type Optimizer,
  objectives,
  optimizers,
  type Penalty,
  penalties,
  type RunOptions,
  schedules,
  Trainer,
} from "../../lib/index.js";
import { makeFolder } from "../helpers/folder.js";
import { holds, readOrRefuse } from "../helpers/fuzz.js";
import { fingerprintOf } from "../helpers/presets.js";
import { picture } from "../helpers/streams.js";
import { classes, collect, image, labelledImages } from "../helpers/training.js";

const folder = await makeFolder();
afterAll(() => folder.remove());

const some = <T>(...values: T[]) => fc.constantFrom(...values);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 1 });

const numbered: Latent = { noise: 5, classes, codes: 2 };
const labelled: Latent = { noise: 5, classes, labels: "embedded", codes: 2 };

const bodies: Record<string, () => Layer[]> = {
  linear: () => [l.flatten(), l.linear(16), l.leakyRelu(0.2)],
  convolutional: () => [l.conv2d(4, 3, { padding: 1, stride: 2 }), l.leakyRelu(0.2), l.flatten()],
  normed: () => [l.conv2d(4, 4, { padding: 1, stride: 2 }), l.batchNorm2d(), l.relu(), l.flatten()],
  spectral: () => [l.flatten(), l.spectralNorm(l.linear(16)), l.leakyRelu(0.2)],
  dropping: () => [l.flatten(), l.linear(16), l.dropout(0.3), l.leakyRelu(0.2)],
  discriminating: () => [l.flatten(), l.linear(8), l.minibatchDiscrimination(4), l.leakyRelu(0.2)],
  comparing: () => [l.conv2d(4, 3, { stride: 2 }), l.minibatchStdDev(), l.relu(), l.flatten()],
};

/** Layers from the features of a body to a score, and to what else a discriminator says or is told. */
const ends: Record<string, () => Layer[]> = {
  score: () => [l.linear(1)],
  projection: () => [l.spectralNorm(l.projection())],
  heads: () => [
    l.heads({ score: [l.linear(1)], classes: [l.linear(classes)], codes: [l.linear(2)] }),
  ],
};

const generators: Record<string, () => Layer[]> = {
  linear: () => [l.linear(16), l.relu(), l.linear(64), l.tanh(), l.unflatten(image)],
  labelled: () => [
    ...[l.embedding(4), l.linear(64), l.unflatten([4, 4, 4]), l.conditionalBatchNorm2d()],
    ...[l.upsample(2), l.conv2d(1, 3, { padding: 1 }), l.tanh()],
  ],
  styled: () => [
    l.styled(
      {
        mapping: [l.linear(6), l.leakyRelu(0.2)],
        synthesis: [
          ...[l.constant([4, 4, 4]), l.modulatedConv2d(4, 3), l.noiseInjection()],
          ...[l.leakyRelu(0.2), l.modulatedConv2d(1, 3, { upsample: true })],
        ],
      },
      { mixing: 0.5, averageDecay: 0.9 },
    ),
  ],
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
const pathLength = every.map((n) => penalties.pathLength({ every: n, decay: 0.3 }));
const auxiliary = some<Auxiliary>(
  ...[auxiliaries.acgan(), auxiliaries.infogan(), auxiliaries.infogan({ categorical: 0 })],
);
type Terms = { penalties: readonly Penalty[]; auxiliaries: readonly Auxiliary[] };
const objective = some<(terms: Terms) => Objective>(
  (terms) => objectives.nonSaturating({ ...terms, labelSmoothing: 0.1 }),
  (terms) => objectives.minimax(terms),
  (terms) => objectives.boundarySeeking(terms),
  (terms) => objectives.leastSquares(terms),
  (terms) => objectives.hinge(terms),
  (terms) => objectives.wasserstein(terms),
  (terms) => objectives.relativisticPaired(terms),
  (terms) => objectives.relativisticAverage(terms),
  (terms) => objectives.softmax(terms),
  (terms) => objectives.formula({ ...terms, generator: "softplus(-fake)" }),
  (terms) => objectives.formula({ ...terms, discriminator: "square(real - tanh(fake))" }),
  (terms) => objectives.energyBased({ ...terms, margin: 0.5 }),
  (terms) => objectives.boundaryEquilibrium({ ...terms, lambda: 0.3 }),
);

/** Networks and the terms of an objective, of which those are taken that the networks go with. */
const game = fc.record({
  body: some(...Object.keys(bodies)),
  end: some(...Object.keys(ends)),
  generator: some(...Object.keys(generators)),
  objective,
  penalty: maybe(penalty),
  pathLength: maybe(pathLength),
  auxiliary: maybe(auxiliary),
});

const rules = fc.record({
  optimizer: fc.record({ generator: optimizer, discriminator: optimizer }),
  order: some("generatorFirst" as const, "discriminatorFirst" as const),
  fakes: some("same" as const, "fresh" as const),
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
  precision: some("float32" as const, "float32" as const, "bfloat16" as const),
});

/** How a run goes through its data; the second may have another end of epochs than the first. */
const runs = fc.record({
  images: fc.integer({ min: 8, max: 30 }),
  streams: fc.boolean(),
  batchSize: fc.integer({ min: 6, max: 8 }),
  dropLast: fc.tuple(fc.boolean(), fc.boolean()),
  horizontalFlip: fc.boolean(),
  before: fc.integer({ min: 0, max: 6 }),
  after: fc.integer({ min: 1, max: 6 }),
});
type Drawn<T> = T extends fc.Arbitrary<infer Value> ? Value : never;
type Runs = Drawn<typeof runs>;

function trainerOf(
  { body, end, generator, objective: make, ...terms }: Drawn<typeof game>,
  { ema, ada, ...options }: Drawn<typeof rules>,
): Trainer {
  const layers = (bodies[body] as () => Layer[])();
  const isPath = generator === "styled" && terms.pathLength !== undefined;
  const drawn = [terms.penalty, isPath ? terms.pathLength : undefined];
  const penalties = drawn.filter((one) => one !== undefined);
  const { type } = make({ penalties, auxiliaries: [] });
  const isEnergy = type === "energyBased" || type === "boundaryEquilibrium";
  const auxiliary = end === "heads" && !isEnergy ? terms.auxiliary : undefined;
  const judged = isEnergy
    ? [l.reconstructionError([...layers, l.linear(64), l.unflatten(image)])]
    : [...layers, ...(ends[end] as () => Layer[])()];
  const latent = generator === "labelled" ? labelled : numbered;
  return new Trainer({
    ...options,
    objective: make({ penalties, auxiliaries: auxiliary === undefined ? [] : [auxiliary] }),
    ...(ema && { ema }),
    ...(ada && { ada }),
    generator: new Generator(
      { latent, layers: (generators[generator] as () => Layer[])() },
      { seed: 3 },
    ),
    discriminator: new Discriminator({
      image,
      layers: judged,
      classes: end === "projection" && !isEnergy ? classes : 0,
    }),
  });
}

/** The images of labelledImages(), or as many as they come. */
function dataOf({ images, streams }: Runs): Promise<Dataset> | datasets.Stream {
  if (!streams) return labelledImages(images);
  const all = Array.from({ length: images }, (_, i) => ({
    images: picture(i),
    labels: i % classes,
  }));
  return datasets.stream(() => all, { image, classes, shuffle: 4 });
}

/** Every tick of so many steps, without its speed. */
async function ticksOf(
  trainer: Trainer,
  data: Dataset | datasets.Stream,
  options: Omit<RunOptions, "epochs">,
) {
  if (options.steps === 0) return [];
  const ticks = await collect(trainer.run(data, { ...options, tickEvery: 1 } as RunOptions));
  return ticks.map(({ imagesPerSecond: _, warnings: __, ...tick }) => tick);
}

describe("a training of any options", () => {
  const drawn = fc.record({ game, rules, runs });
  holds("goes on bit for bit from where it was saved", drawn, async (given) => {
    const { before, after, dropLast, batchSize, horizontalFlip } = given.runs;
    const how = { batchSize, horizontalFlip };
    const [first, last] = [
      { ...how, steps: before, dropLast: dropLast[0] },
      { ...how, steps: after, dropLast: dropLast[1] },
    ];
    const data = await dataOf(given.runs);
    // Options that do not go together are refused, here or with the first batch. What goes on is
    // never other data than before.
    const whole = await readOrRefuse(async () => {
      const trainer = trainerOf(given.game, given.rules);
      const told = [
        ...(await ticksOf(trainer, data, first)),
        ...(await ticksOf(trainer, data, last)),
      ];
      return { trainer, told };
    }, /^Expected (?!the images that)/);
    if (whole === undefined) return;
    using trainer = trainerOf(given.game, given.rules);
    const begun = await ticksOf(trainer, data, first);
    const path = join(folder.path, "checkpoint");
    await rm(path, { recursive: true, force: true });
    await trainer.save(path);
    using again = await Trainer.load(path);
    const rest = await ticksOf(again, data, last);
    expect([...begun, ...rest]).toEqual(whole.told);
    expect(await fingerprintOf(again)).toBe(await fingerprintOf(whole.trainer));
    whole.trainer.dispose();
    trained += 1;
  });

  let trained = 0;
  afterAll(() => expect(trained, "trainings that were not refused").toBeGreaterThan(19));
});
