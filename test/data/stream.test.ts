// Datasets that come from an iterable: what is trained on, and how fast it is taken.
import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { datasets, type Trainer } from "../../lib/index.js";
import {
  counted,
  orderOf,
  picture,
  pictures,
  pixels,
  resident,
  run,
  trainerOf,
  upTo,
  weights,
} from "../helpers/streams.js";
import {
  collect,
  conditionalDiscriminator,
  image,
  labelledImages,
  losses,
  tinyTrainer,
} from "../helpers/training.js";

/** Orders of the first epochs of a trainer in memory, by training another one like it. */
async function ordersOf(make: () => Trainer, images: number, stepsAnEpoch: number, epochs: number) {
  const [trainer, data] = [make(), await resident(images)];
  const orders: number[][] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    await run(trainer, data, stepsAnEpoch);
    orders.push(await orderOf(trainer));
  }
  return orders;
}

describe("a stream of the images of a resident dataset, in its order", () => {
  it.each([
    ["one at a time", 1],
    ["in chunks that fit no batch", 5],
    ["an epoch at a time", 20],
  ])("trains to the same bits: %s", async (_, chunk) => {
    const orders = await ordersOf(trainerOf, 20, 3, 3);
    async function* source(epoch: number) {
      const order = orders[epoch] as number[];
      for (let at = 0; at < order.length; at += chunk) {
        await setImmediate();
        yield pictures(order.slice(at, at + chunk));
      }
    }
    const [one, other] = [trainerOf(), trainerOf()];
    const streamed = await losses(one, datasets.stream(source, { image }) as never, 9);
    expect(streamed).toEqual(await losses(other, await resident(20), 9));
    expect(await weights(one)).toEqual(await weights(other));
  });

  it("trains to the same bits with two updates a step, whose batches lie across the end of an epoch", async () => {
    const make = () => trainerOf(2);
    const whole = make();
    const data = await resident(20);
    const orders: number[][] = [];
    for (let step = 0; step < 6; step++) {
      await run(whole, data, 1);
      const order = await orderOf(whole);
      if (orders.at(-1)?.join() !== order.join()) orders.push(order);
    }
    const trainer = make();
    const source = (epoch: number) => [pictures(orders[epoch] as number[])];
    await run(trainer, datasets.stream(source, { image, prefetch: 1 }), 6);
    expect(await weights(trainer)).toEqual(await weights(whole));
  });

  it("trains to the same bits with labels, and with numbers in place of bytes", async () => {
    const latent = { noise: 5, classes: 3 };
    const make = () => tinyTrainer({ latent, discriminator: conditionalDiscriminator() });
    const [inMemory, streamed, asNumbers] = [make(), make(), make()];
    const data = await labelledImages(8);
    await run(inMemory, data, 1);
    const order = await orderOf(inMemory);
    const all = await data.read(0, 8);
    const labels = Uint8Array.from(order, (index) => index % 3);
    const floats = Float32Array.from(
      order.flatMap((index) => [...all.data.subarray(index * pixels, (index + 1) * pixels)]),
    );
    const bytes = Uint8Array.from(floats, (value) => Math.round(value * 255));
    const one = { images: bytes, labels };
    await run(streamed, datasets.stream([one], { image, classes: 3 }), 1);
    const other = [{ images: floats, labels: [...labels] }];
    await run(asNumbers, datasets.stream(other, { image, classes: 3, range: [0, 1] }), 1);
    expect(await weights(streamed)).toEqual(await weights(inMemory));
    expect(await weights(asNumbers)).toEqual(await weights(inMemory));
  });
});

describe("a stream", () => {
  it("is pulled as fast as training takes batches, and no further than its prefetch", async () => {
    for (const prefetch of [1, 3]) {
      const { source, seen } = counted(1_000_000);
      const trainer = trainerOf();
      const ticks = trainer.run(datasets.stream(source, { image, prefetch }), {
        ...{ steps: 4, batchSize: 8, tickEvery: 1 },
      });
      for (let step = 1; step <= 4; step++) {
        await ticks.next();
        await sleep(20);
        // One more image than batches need may be under way.
        expect(seen.images).toBeGreaterThanOrEqual(8 * step);
        expect(seen.images).toBeLessThanOrEqual(8 * (step + prefetch) + 1);
      }
    }
  });

  it("is asked for nothing before the run, and for no more after it", async () => {
    const { source, seen } = counted(1_000_000);
    const stream = datasets.stream(source, { image });
    const trainer = trainerOf();
    await sleep(10);
    expect(seen.images).toBe(0);
    await run(trainer, stream, 2);
    await sleep(10);
    const after = seen.images;
    await sleep(20);
    expect(seen.images).toBe(after);
    await run(trainer, stream, 2);
    expect(seen.epochs).toEqual([0]);
  });

  it("goes on over runs of any length as one run does", async () => {
    const make = () => datasets.stream(counted(20).source, { image, shuffle: 7 });
    const [one, many] = [trainerOf(), trainerOf()];
    await run(one, make(), 9);
    const stream = make();
    for (const steps of [1, 3, 2, 3]) await run(many, stream, steps);
    expect(await weights(many)).toEqual(await weights(one));
  });

  it("shuffles by its seed, each epoch its own way, and shows every image once", async () => {
    const train = async (options: object) => {
      const trainer = trainerOf();
      await run(trainer, datasets.stream(counted(20).source, { image, ...options }), 6);
      return weights(trainer);
    };
    const [one, again] = [await train({ shuffle: 8 }), await train({ shuffle: 8, seed: 0 })];
    expect(again).toEqual(one);
    expect(await train({ shuffle: 8, seed: 1 })).not.toEqual(one);
    expect(await train({ shuffle: 4 })).not.toEqual(one);
    expect(await train({})).not.toEqual(one);
    expect(await train({ shuffle: 1 })).toEqual(await train({ shuffle: 0 }));
    // One order has one name: a checkpoint of the one goes on with the other.
    expect(datasets.stream([], { image, shuffle: 1 }).shuffle).toBe(0);
  });

  it("copies what it is given: an array that is used again changes nothing", async () => {
    const scratch = new Uint8Array(pixels);
    function* reusing() {
      for (const index of upTo(16)) {
        scratch.set(picture(index));
        yield scratch;
      }
    }
    const [one, other] = [trainerOf(), trainerOf()];
    await run(one, datasets.stream(reusing, { image }), 4);
    await run(other, datasets.stream(counted(16).source, { image }), 4);
    expect(await weights(one)).toEqual(await weights(other));
  });

  it("leaves the event loop free while it waits for images", async () => {
    let late = 0;
    const timer = setInterval(() => late++, 5);
    async function* slow() {
      for (;;) {
        await sleep(15);
        yield pictures(upTo(8));
      }
    }
    await run(trainerOf(), datasets.stream(slow, { image }), 4);
    clearInterval(timer);
    expect(late).toBeGreaterThan(4);
  });

  it("leaves the engine free while it waits: its source may use a network", async () => {
    const helper = trainerOf().generator;
    async function* dreaming() {
      for (;;) {
        const { data } = await helper.sample(8, { seed: 1 });
        yield data;
      }
    }
    const ticks = await run(trainerOf(), datasets.stream(dreaming, { image, range: [-1, 1] }), 3);
    expect(ticks.at(-1)?.step).toBe(3);
  });

  it("can be a web stream", async () => {
    const web = new ReadableStream({
      pull: (controller) => controller.enqueue(pictures(upTo(8))),
    });
    const ticks = await run(trainerOf(), datasets.stream(web, { image }), 3);
    expect(ticks.at(-1)?.step).toBe(3);
  });
});

describe("epochs of a stream that says its length", () => {
  it.each<[string, number, object, number]>([
    ["as many steps as batches", 1, {}, 6],
    ["two batches a step, and half a step left over", 2, {}, 3],
    ["without last batches", 1, { dropLast: true }, 4],
  ])("are those of a dataset: %s", async (_, discriminatorSteps, more, steps) => {
    const { source, seen } = counted(20);
    const options = { batchSize: 8, tickEvery: 2, epochs: 2, ...more };
    const [one, other] = [trainerOf(discriminatorSteps), trainerOf(discriminatorSteps)];
    const ticks = await collect(one.run(datasets.stream(source, { image, length: 20 }), options));
    expect(ticks.at(-1)?.step).toBe(steps);
    await collect(other.run(await resident(20), options));
    expect([one.step, other.step]).toEqual([steps, steps]);
    expect(seen.epochs.slice(0, 2)).toEqual([0, 1]);
  });

  it("is one where the iterable is none of a function", async () => {
    const trainer = trainerOf();
    const once = () => datasets.stream([pictures(upTo(20))], { image, length: 20 });
    await expect(collect(trainer.run(once(), { epochs: 2, batchSize: 8 }))).rejects.toThrow(
      new RangeError(
        "Expected 1 (an iterable is gone through once, a function again) for epochs but received 2",
      ),
    );
    await collect(trainer.run(once(), { epochs: 1, batchSize: 8 }));
    expect(trainer.step).toBe(3);
  });
});

describe("dropLast", () => {
  it("trains on a stream as on the same images in memory", async () => {
    const losses = async (data: Parameters<Trainer["run"]>[0]) => {
      const all: number[] = [];
      const options = { steps: 7, batchSize: 8, tickEvery: 1, dropLast: true };
      for await (const tick of trainerOf().run(data, options)) all.push(tick.discriminatorLoss);
      return all;
    };
    const stream = () => datasets.stream(counted(21).source, { image });
    const found = await losses(stream());
    expect(await losses(stream())).toEqual(found);
    const whole = datasets.stream(counted(16).source, { image });
    // The same sixteen images of each epoch: the five that are left are not seen.
    expect(await losses(whole)).toEqual(found);
  });

  it("goes on behind a last batch that was trained on before it", async () => {
    const epochsOf = async (data: Parameters<Trainer["run"]>[0]) => {
      const trainer = trainerOf();
      await run(trainer, data, 3);
      const ticks = await run(trainer, data, 3, { dropLast: true, tickEvery: 1 });
      return ticks.map(({ epoch }) => epoch);
    };
    expect(await epochsOf(await resident(20))).toEqual([1, 1, 2]);
    expect(await epochsOf(datasets.stream(counted(20).source, { image }))).toEqual([1, 1, 2]);
  });

  it("needs a whole batch in each epoch", async () => {
    const stream = datasets.stream(counted(5).source, { image });
    await expect(run(trainerOf(), stream, 2, { dropLast: true })).rejects.toMatchObject({
      code: "ERR_DATA",
      message: "Expected at least 8 images, a batch, for epoch 0 of source but received 5",
    });
  });
});
