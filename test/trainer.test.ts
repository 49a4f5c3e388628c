// What trainers and their runs refuse, what a run does with data, and that it learns.
import { describe, expect, it } from "vitest";
import {
  architectures,
  Discriminator,
  datasets,
  objectives,
  optimizers,
  Trainer,
} from "../lib/index.js";
import { digest, madeImages, makePair, smallPair } from "./helpers/networks.js";
import { collect } from "./helpers/training.js";

const adam = optimizers.adam();
const both = { generator: adam, discriminator: adam };

describe("new Trainer, misused", () => {
  const { generator, discriminator } = smallPair();
  const options = {
    generator,
    discriminator,
    objective: objectives.nonSaturating(),
    optimizer: both,
  };
  const larger = new Discriminator(architectures.mlp({ image: [1, 12, 12] }));

  it.each<[string, object | undefined, string]>([
    ["nothing", undefined, "Expected an object for options but received undefined"],
    [
      "an unknown option",
      { ...options, lr: 1 },
      'Expected only the options generator, discriminator, objective, optimizer, order, fakes, discriminatorSteps, accumulate, ema, diffAugment, execution, precision, distributed, syncBatchNorm for options but received "lr"',
    ],
    [
      "no generator",
      { ...options, generator: null },
      "Expected a Generator for generator but received null",
    ],
    [
      "a generator as discriminator",
      { ...options, discriminator: generator },
      "Expected a Discriminator for discriminator but received an instance of Generator",
    ],
    [
      "networks of two sizes",
      { ...options, discriminator: larger },
      "Expected samples of [1, 12, 12], which the discriminator takes, for generator but received [1, 8, 8]",
    ],
    [
      "no objective",
      { ...options, objective: undefined },
      "Expected an objective, as objectives.nonSaturating() makes it, for objective but received undefined",
    ],
    [
      "an unknown objective",
      { ...options, objective: { type: "perceptual" } },
      'Expected one of minimax, nonSaturating, leastSquares, hinge, wasserstein, relativisticPaired, relativisticAverage, fDivergence, boundarySeeking for objective.type but received "perceptual"',
    ],
    [
      "one optimizer for both",
      { ...options, optimizer: adam },
      'Expected only the options generator, discriminator for optimizer but received "type"',
    ],
    [
      "an optimizer that is none",
      { ...options, optimizer: { ...both, discriminator: "adam" } },
      'Expected an optimizer, as optimizers.adam() makes it, for optimizer.discriminator but received "adam"',
    ],
    [
      "an optimizer without its options",
      { ...options, optimizer: { ...both, generator: { type: "adam", lr: "x" } } },
      'Expected a finite number above 0 for lr but received "x"',
    ],
    [
      "an unknown execution",
      { ...options, execution: "compiled" },
      'Expected one of eager, fused for execution but received "compiled"',
    ],
  ])("refuses %s", (_, given, sentence) => {
    expect(() => new Trainer(given as never)).toThrow(sentence);
  });

  it.each<[string, object, string]>([
    ["a learning rate of 0", { lr: 0 }, "Expected a finite number above 0 for lr but received 0"],
    [
      "a learning rate that is no number",
      { lr: "2e-4" },
      'Expected a finite number above 0 for lr but received "2e-4"',
    ],
    [
      "an infinite learning rate",
      { lr: Infinity },
      "Expected a finite number above 0 for lr but received Infinity",
    ],
    ["a beta of 1", { betas: [0.5, 1] }, "Expected a number in [0, 1) for betas[1] but received 1"],
    [
      "a negative beta",
      { betas: [-0.1, 0.9] },
      "Expected a number in [0, 1) for betas[0] but received -0.1",
    ],
    ["one beta", { betas: [0.5] }, "Expected an array of 2 numbers for betas but received [0.5]"],
    [
      "a negative decay",
      { weightDecay: -1 },
      "Expected a finite number of at least 0 for weightDecay but received -1",
    ],
    [
      "PyTorch's spelling",
      { weight_decay: 0 },
      'Expected only the options lr, betas, eps, weightDecay, amsgrad, schedule, clipGradNorm, clipGradValue for options of adam but received "weight_decay"',
    ],
  ])("adam refuses %s", (_, given, sentence) => {
    expect(() => optimizers.adam(given as never)).toThrow(sentence);
  });
});

describe("Trainer.run, misused", () => {
  it.each<[string, object | undefined, string]>([
    ["no options", undefined, "Expected an object for options but received undefined"],
    ["no steps", {}, "Expected a whole number of at least 1 for steps but received undefined"],
    ["0 steps", { steps: 0 }, "Expected a whole number of at least 1 for steps but received 0"],
    [
      "half a step",
      { steps: 1.5 },
      "Expected a whole number of at least 1 for steps but received 1.5",
    ],
    [
      "a batch of 0",
      { steps: 1, batchSize: 0 },
      "Expected a whole number from 2 to 33 for batchSize but received 0",
    ],
    [
      "a batch of 1, with BatchNorm",
      { steps: 1, batchSize: 1 },
      "Expected a whole number from 2 to 33 (BatchNorm trains on more than one) for batchSize but received 1",
    ],
    [
      "a batch larger than the data",
      { steps: 1, batchSize: 34 },
      "Expected a whole number from 2 to 33 for batchSize but received 34",
    ],
    [
      "a last batch of 1, with BatchNorm",
      { steps: 1, batchSize: 8 },
      "Expected a number that does not leave a last batch of 1 of 33 images (BatchNorm trains on more than one; dropLast leaves it out) for batchSize but received 8",
    ],
    [
      "no ticks",
      { steps: 1, batchSize: 11, tickEvery: 0 },
      "Expected a whole number of at least 1 for tickEvery but received 0",
    ],
    [
      "a signal that is none",
      { steps: 1, batchSize: 11, signal: {} },
      "Expected an AbortSignal for signal but received {  }",
    ],
    [
      "steps and epochs",
      { steps: 1, epochs: 2 },
      'Expected steps or epochs for the length of the run but received "steps 1 epochs 2"',
    ],
    [
      "an unknown option",
      { steps: 1, shuffle: false },
      'Expected only the options steps, epochs, batchSize, dropLast, horizontalFlip, tickEvery, signal for options but received "shuffle"',
    ],
  ])("refuses %s and stays usable", async (_, given, sentence) => {
    const { trainer } = smallPair();
    using data = await madeImages(33);
    await expect(collect(trainer.run(data, given as never))).rejects.toThrow(sentence);
    expect(await collect(trainer.run(data, { steps: 1, batchSize: 11 }))).toHaveLength(1);
  });

  it("refuses images of another size, what is no dataset, and a dataset that was disposed", async () => {
    const { trainer } = smallPair();
    const larger = await madeImages(4, 9);
    await expect(collect(trainer.run(larger, { steps: 1, batchSize: 2 }))).rejects.toThrow(
      "Expected images of [1, 8, 8] for dataset but received [1, 9, 9]",
    );
    await expect(collect(trainer.run([] as never, { steps: 1 }))).rejects.toThrow(
      "Expected a dataset for dataset but received []",
    );
    const data = await madeImages(4);
    data.dispose();
    await expect(collect(trainer.run(data, { steps: 1, batchSize: 2 }))).rejects.toMatchObject({
      code: "ERR_DISPOSED",
    });
    using good = await madeImages(4);
    expect(await collect(trainer.run(good, { steps: 1, batchSize: 2 }))).toHaveLength(1);
  });
});

describe("Trainer.run", () => {
  it("reports every tickEvery steps and after the last, counting on from run to run", async () => {
    const { trainer } = smallPair();
    using data = await madeImages(32);
    const ticks = await collect(trainer.run(data, { steps: 7, batchSize: 8, tickEvery: 3 }));
    expect(ticks.map((tick) => tick.step)).toEqual([3, 6, 7]);
    expect(
      ticks.every((tick) => tick.imagesPerSecond > 0 && Number.isFinite(tick.generatorLoss)),
    ).toBe(true);
    const more = await collect(trainer.run(data, { steps: 2, batchSize: 8 }));
    expect(more.map((tick) => tick.step)).toEqual([9]);
    expect(trainer.step).toBe(9);
  });

  it("reports the means of its steps' losses", async () => {
    using data = await madeImages(32);
    const single = await collect(
      smallPair().trainer.run(data, { steps: 6, batchSize: 8, tickEvery: 1 }),
    );
    const [mean] = await collect(smallPair().trainer.run(data, { steps: 6, batchSize: 8 }));
    const average = single.reduce((sum, tick) => sum + tick.discriminatorLoss, 0) / 6;
    expect(mean?.discriminatorLoss).toBeCloseTo(average, 12);
  });

  it.each(["eager", "fused"] as const)(
    "%s: how a run is cut into ticks and runs, or sampled in between, changes no bit",
    async (execution) => {
      using data = await madeImages(20);
      const straight = smallPair({ execution });
      await collect(straight.trainer.run(data, { steps: 9, batchSize: 8 }));
      const cut = smallPair({ execution });
      for await (const _ of cut.trainer.run(data, { steps: 4, batchSize: 8, tickEvery: 1 }))
        await cut.generator.sample(3);
      const other = smallPair({ seed: 5 });
      await Promise.all([
        collect(cut.trainer.run(data, { steps: 5, batchSize: 8, tickEvery: 2 })),
        collect(other.trainer.run(data, { steps: 5, batchSize: 8, tickEvery: 1 })),
        cut.generator.sample(300),
      ]);
      expect(await digest(cut.generator, cut.discriminator)).toBe(
        await digest(straight.generator, straight.discriminator),
      );
    },
  );

  it("dropLast leaves out what is no whole batch, and can be asked for within an epoch", async () => {
    using data = await madeImages(20);
    const trainedFor = async (...runs: { steps: number; dropLast?: boolean }[]) => {
      const { trainer, generator, discriminator } = smallPair();
      for (const run of runs) await collect(trainer.run(data, { batchSize: 8, ...run }));
      return digest(generator, discriminator);
    };
    const dropped = await trainedFor({ steps: 3, dropLast: true });
    expect(await trainedFor({ steps: 2 }, { steps: 1, dropLast: true })).toBe(dropped);
    expect(await trainedFor({ steps: 3 })).not.toBe(dropped);
    // The third batch of the epoch, which has the four images that are left.
    expect(await trainedFor({ steps: 2, dropLast: true }, { steps: 1 })).toBe(
      await trainedFor({ steps: 3 }),
    );
  });

  it("counts epochs in batches, and in steps of several batches", async () => {
    using data = await madeImages(20);
    const stepsOf = async (
      discriminatorSteps: number,
      options: { epochs?: number; dropLast?: boolean },
    ) => {
      const { generator, discriminator } = smallPair();
      const objective = objectives.nonSaturating();
      const players = { generator, discriminator, objective, optimizer: both };
      const trainer = new Trainer({ ...players, discriminatorSteps });
      await collect(trainer.run(data, { epochs: 2, batchSize: 8, ...options }));
      return trainer.step;
    };
    expect(await stepsOf(1, {})).toBe(6);
    expect(await stepsOf(1, { dropLast: true })).toBe(4);
    expect(await stepsOf(4, {})).toBe(1);
    expect(await stepsOf(5, { epochs: 5 })).toBe(3);
  });

  it("refuses epochs of a stream", async () => {
    const { trainer } = smallPair();
    const stream = datasets.stream(() => [], { image: [1, 8, 8], range: [-1, 1], length: 8 });
    await expect(collect(trainer.run(stream, { epochs: 2, batchSize: 8 }))).rejects.toThrow(
      'Expected steps (only a dataset counts epochs) for the length of the run but received "epochs 2"',
    );
  });

  it("dropLast trains BatchNorm on images that leave one over", async () => {
    using data = await madeImages(33);
    const { trainer } = smallPair();
    await collect(trainer.run(data, { steps: 9, batchSize: 8, dropLast: true }));
    expect(trainer.step).toBe(9);
  });

  it("fused follows eager: equal losses to rounding over the first steps", async () => {
    using data = await madeImages(64);
    const [eager, fused] = await Promise.all(
      (["eager", "fused"] as const).map((execution) =>
        collect(
          smallPair({ execution }).trainer.run(data, { steps: 5, batchSize: 16, tickEvery: 1 }),
        ),
      ),
    );
    eager?.forEach((tick, i) => {
      expect(fused?.[i]?.discriminatorLoss).toBeCloseTo(tick.discriminatorLoss, 3);
      expect(fused?.[i]?.generatorLoss).toBeCloseTo(tick.generatorLoss, 3);
    });
  });

  it("learns: the generator's pixels move towards the data's", async () => {
    // All data are one grey: what a generator that learns anything learns first.
    const grey = new Uint8Array(64 * 64).fill(230);
    using data = await datasets.fromBytes(grey, { shape: [64, 1, 8, 8] });
    const { generator, trainer } = makePair({
      pair: "mlp",
      size: 8,
      latent: { noise: 4 },
      execution: "fused",
    });
    const distance = async () => {
      const { data: values } = await generator.sample(64, { seed: 0 });
      return (
        values.reduce((sum, value) => sum + Math.abs(value - (230 / 255 - 0.5) / 0.5), 0) /
        values.length
      );
    };
    const before = await distance();
    await collect(trainer.run(data, { steps: 150, batchSize: 32 }));
    expect(await distance()).toBeLessThan(before / 2);
  });
});

it("a learning rate that destroys the weights ends in ERR_DIVERGED, with a sentence", async () => {
  const { generator, discriminator } = smallPair();
  const wild = optimizers.adam({ lr: 1e30 });
  const optimizer = { generator: wild, discriminator: wild };
  const objective = objectives.nonSaturating();
  const trainer = new Trainer({ generator, discriminator, objective, optimizer });
  using data = await madeImages(16);
  await expect(collect(trainer.run(data, { steps: 50, batchSize: 8 }))).rejects.toMatchObject({
    code: "ERR_DIVERGED",
    message: expect.stringMatching(/^Expected .* but received .*; lower the learning rate$/),
  });
});
