// horizontalFlip: what is drawn, and that nothing but training sees it. Which images are mirrored is compared with
// torchvision in parity/gans.test.ts, and image by image in native/core/test/data_test.cc.
import { describe, expect, it } from "vitest";
import { datasets, Trainer } from "../../lib/index.js";
import { checkFlip } from "../../lib/trainer/data.js";
import { withFolder } from "../helpers/networks.js";
import { fingerprintOf } from "../helpers/presets.js";
import { orderOf, pictures, resident, trainerOf } from "../helpers/streams.js";
import { collect, image, tinyTrainer } from "../helpers/training.js";

type Data = Parameters<Trainer["run"]>[0];

const run = (trainer: Trainer, data: Data, steps: number, more = {}) =>
  collect(trainer.run(data, { steps, batchSize: 8, tickEvery: 1, horizontalFlip: true, ...more }));

describe("horizontalFlip, misused", () => {
  it.each([[1], ["yes"], [0.5]])("refuses %j and stays usable", async (horizontalFlip) => {
    const trainer = trainerOf();
    using data = await resident(20);
    await expect(run(trainer, data, 1, { horizontalFlip })).rejects.toThrow(
      `Expected true or false for horizontalFlip but received ${JSON.stringify(horizontalFlip)}`,
    );
    expect(await run(trainer, data, 1)).toHaveLength(1);
  });

  it("refuses samples that have no width", () => {
    expect(checkFlip(true, "horizontalFlip", [1, 8, 8])).toBe(true);
    expect(checkFlip(false, "horizontalFlip", [2])).toBe(false);
    expect(() => checkFlip(true, "horizontalFlip", [2])).toThrow(
      "Expected false (samples of [2] have no width) for horizontalFlip but received true",
    );
  });
});

describe.each(["eager", "fused"] as const)("horizontalFlip, %s", (execution) => {
  const make = () => tinyTrainer({ execution, discriminatorSteps: 2 });

  it("draws anew for every image of a batch, the same from the same seed", async () => {
    using data = await resident(20);
    const [one, other, plain] = [make(), make(), make()];
    const found = await run(one, data, 9);
    expect((await run(other, data, 9)).map(({ discriminatorLoss }) => discriminatorLoss)).toEqual(
      found.map(({ discriminatorLoss }) => discriminatorLoss),
    );
    expect(await fingerprintOf(other)).toBe(await fingerprintOf(one));
    await run(plain, data, 9, { horizontalFlip: false });
    expect(await fingerprintOf(plain)).not.toBe(await fingerprintOf(one));
  });

  it("goes on bit for bit after ticks, runs, samples and a checkpoint", async () => {
    using data = await resident(20);
    const [whole, cut] = [make(), make()];
    await run(whole, data, 9, { tickEvery: 9 });
    for await (const _ of cut.run(data, { steps: 4, batchSize: 8, horizontalFlip: true }))
      await cut.generator.sample(3);
    await run(cut, data, 1);
    await withFolder(async (folder) => {
      await cut.save(`${folder}/checkpoint`);
      using loaded = await Trainer.load(`${folder}/checkpoint`);
      await run(loaded, data, 4);
      expect(await fingerprintOf(loaded)).toBe(await fingerprintOf(whole));
    });
  });

  it("can be asked for, and left, within an epoch", async () => {
    using data = await resident(48);
    const trainedFor = async (...flips: boolean[]) => {
      const trainer = make();
      for (const horizontalFlip of flips) await run(trainer, data, 1, { horizontalFlip });
      return { order: await orderOf(trainer), fingerprint: await fingerprintOf(trainer) };
    };
    const [plain, begun, ended] = [
      await trainedFor(false, false, false),
      await trainedFor(false, true, true),
      await trainedFor(false, true, false),
    ];
    expect([begun.order, ended.order]).toEqual([plain.order, plain.order]);
    expect(new Set([plain, begun, ended].map(({ fingerprint }) => fingerprint)).size).toBe(3);
  });
});

describe("horizontalFlip and the data", () => {
  it("trains on a stream as on the same images in memory, whatever is fetched ahead", async () => {
    const inMemory = trainerOf(2);
    using data = await resident(24);
    const orders: number[][] = [];
    // Three batches are an epoch: three steps of two batches are two.
    for (let step = 0; step < 3; step++) {
      await run(inMemory, data, 1);
      const order = await orderOf(inMemory);
      if (orders.at(-1)?.join() !== order.join()) orders.push(order);
    }
    const source = (epoch: number) => [pictures(orders[epoch] as number[])];
    for (const prefetch of [1, 5]) {
      const streamed = trainerOf(2);
      await run(streamed, datasets.stream(source, { image, prefetch }), 3);
      const states = [streamed, inMemory].map((trainer) => trainer.generator.toSafetensors());
      const [one, other] = await Promise.all(states);
      expect(one).toEqual(other);
    }
  });

  it("changes no image that anybody else sees", async () => {
    using data = await resident(20);
    const before = await data.read(0, 20);
    await run(trainerOf(), data, 9);
    expect(await data.read(0, 20)).toEqual(before);
  });
});
