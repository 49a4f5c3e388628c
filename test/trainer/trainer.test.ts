// What a run does with data, and that it learns.
import { describe, expect, it } from "vitest";
import { datasets, objectives, optimizers, Trainer } from "../../lib/index.js";
import { largestDifference } from "../helpers/apart.js";
import { digest, madeImages, makePair, smallPair } from "../helpers/networks.js";
import { collect } from "../helpers/training.js";

const adam = optimizers.adam();
const both = { generator: adam, discriminator: adam };

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

  it("dropLast trains BatchNorm on images that leave one over", async () => {
    using data = await madeImages(33);
    const { trainer } = smallPair();
    await collect(trainer.run(data, { steps: 9, batchSize: 8, dropLast: true }));
    expect(trainer.step).toBe(9);
  });

  it("fused follows eager: equal losses to rounding over the first steps", async () => {
    using data = await madeImages(64);
    const [eager, fused] = await Promise.all(
      (["eager", "fused"] as const).map(async (execution) => {
        const { trainer } = smallPair({ execution });
        const ticks = await collect(trainer.run(data, { steps: 5, batchSize: 16, tickEvery: 1 }));
        return ticks.flatMap((tick) => [tick.discriminatorLoss, tick.generatorLoss]);
      }),
    );
    expect(largestDifference(fused as number[], eager as number[])).toBeLessThan(5e-4);
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
