// Datasets that come from an iterable: what is trained on, how fast it is taken, how it ends.
import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { datasets, Trainer } from "../lib/index.js";
import { fingerprintOf } from "./helpers/presets.js";
import { smallPair, withFolder } from "./helpers/networks.js";
import {
  counted,
  orderOf,
  picture,
  pictures,
  pixels,
  resident,
  trainerOf,
  upTo,
} from "./helpers/streams.js";
import {
  collect,
  conditionalDiscriminator,
  image,
  labelledImages,
  losses,
  tinyTrainer,
  weightsOf,
} from "./helpers/training.js";

const run = (trainer: Trainer, data: Parameters<Trainer["run"]>[0], steps: number, more = {}) =>
  collect(trainer.run(data, { steps, batchSize: 8, tickEvery: steps, ...more }));

/** All bytes of both networks. */
const weights = async (trainer: Trainer) => [
  ...(await weightsOf(trainer.generator)),
  ...(await weightsOf(trainer.discriminator)),
];

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
    const other = [{ images: floats, labels }];
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

/** What a run of a stream ends with, and the steps that it did. */
async function ending(source: never, options: object = {}, more: object = {}) {
  const trainer = trainerOf();
  const stream = datasets.stream(source, { image, ...options });
  const error = await run(trainer, stream, 100, more).then(
    () => undefined,
    (cause) => cause,
  );
  return { trainer, stream, error, step: trainer.step };
}

describe("a source that fails", () => {
  it("ends the run with its own error, after the steps that its images were enough for", async () => {
    let failure: Error | undefined;
    async function* failing() {
      yield* [pictures(upTo(8)), pictures(upTo(10))];
      failure = new Error("the disk is gone");
      throw failure;
    }
    const { error, step, trainer } = await ending(failing as never);
    expect(error).toBe(failure);
    expect(error.stack).toContain("failing");
    expect(step).toBe(2);
    // Usable, with the same weights as one that did these steps alone.
    const other = trainerOf();
    await run(other, datasets.stream(failing, { image }), 2);
    expect(await weights(trainer)).toEqual(await weights(other));
    await run(trainer, await resident(16), 2);
    expect(trainer.step).toBe(4);
  });

  it("is asked again by the next run, which goes on where it failed", async () => {
    let broken = true;
    function* source(epoch: number) {
      for (const index of upTo(20)) {
        if (broken && epoch === 1 && index === 12) throw new Error("once");
        yield picture(index);
      }
    }
    const [failed, whole] = [trainerOf(), trainerOf()];
    const stream = datasets.stream(source, { image, shuffle: 3 });
    await expect(run(failed, stream, 9)).rejects.toThrow("once");
    expect(failed.step).toBe(4);
    broken = false;
    await run(failed, stream, 5);
    await run(whole, datasets.stream(source, { image, shuffle: 3 }), 9);
    expect(await fingerprintOf(failed)).toBe(await fingerprintOf(whole));
  });

  it.each<[string, unknown, string]>([
    [
      "when it is called",
      () => {
        throw new Error("no such bucket");
      },
      "no such bucket",
    ],
    [
      "with what is no error",
      async function* () {
        yield* [];
        throw "text";
      },
      "text",
    ],
    [
      "by a rejected item",
      { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error("net")) }) },
      "net",
    ],
  ])("is told of by its own error: %s", async (_, source, what) => {
    const { error } = await ending(source as never);
    expect(error.message ?? error).toBe(what);
  });

  it("is told that nobody wants more of it", async () => {
    const { source, seen } = counted(1000);
    const trainer = trainerOf();
    await run(trainer, datasets.stream(source, { image }), 2);
    expect(seen.returned).toBe(0);
    trainer.dispose();
    await setImmediate();
    expect(seen.returned).toBe(1);
  });
});

describe("images that are not what they should be", () => {
  const good = pictures(upTo(8));
  const floats = Float32Array.from(good, (value) => value / 255);
  it.each<[string, unknown[], object, string]>([
    [
      "a length that is no whole image",
      [good, new Uint8Array(100)],
      {},
      "Expected whole images of [1, 8, 8], 64 values each, for item 1 of epoch 0 but received Uint8Array(100 bytes)",
    ],
    [
      "nothing in an item",
      [new Uint8Array()],
      {},
      "Expected whole images of [1, 8, 8], 64 values each, for item 0 of epoch 0 but received Uint8Array(0 bytes)",
    ],
    [
      "another kind of item",
      [good, good, "cat.png"],
      {},
      'Expected a Uint8Array, a Float32Array, or an object of images and labels for item 2 of epoch 0 but received "cat.png"',
    ],
    [
      "a missing item",
      [undefined],
      {},
      "Expected a Uint8Array, a Float32Array, or an object of images and labels for item 0 of epoch 0 but received undefined",
    ],
    [
      "numbers without a range",
      [floats],
      {},
      "Expected a Uint8Array, as there is no range, for item 0 of epoch 0 but received Float32Array(2048 bytes)",
    ],
    [
      "a number outside the range",
      [floats, Float32Array.from(floats, (v, i) => (i === 70 ? 2 : v))],
      { range: [0, 1] },
      "Expected values in [0, 1] for value 70 of item 1 of epoch 0 but received 2",
    ],
    [
      "numbers that others can change",
      [new Uint8Array(new SharedArrayBuffer(64))],
      {},
      "Expected an array over memory of its own, not shared, for item 0 of epoch 0 but received Uint8Array(64 bytes)",
    ],
    [
      "labels that nobody asked for",
      [{ images: good, labels: 1 }],
      {},
      "Expected no labels, as there are no classes, for item 0 of epoch 0 but received 1",
    ],
    [
      "labels that are missing",
      [good],
      { classes: 3 },
      "Expected a Uint8Array or a number, as there are classes, for labels of item 0 of epoch 0 but received undefined",
    ],
    [
      "too few labels",
      [{ images: good, labels: new Uint8Array(3) }],
      { classes: 3 },
      "Expected 8 labels for labels of item 0 of epoch 0 but received 3 of them",
    ],
    [
      "a label of no class",
      [{ images: good, labels: Uint8Array.of(0, 1, 2, 3, 0, 0, 0, 0) }],
      { classes: 3 },
      "Expected a class from 0 to 2 for label 3 of item 0 of epoch 0 but received 3",
    ],
    [
      "an early end",
      [good, picture(0)],
      { length: 20 },
      "Expected 20 images for epoch 0 of source but received 9: it ended after item 1",
    ],
    [
      "more images than an epoch has",
      [good, good, good],
      { length: 20 },
      "Expected 20 images for epoch 0 of source but received 24 up to item 2",
    ],
    [
      "an empty epoch",
      [],
      {},
      "Expected at least one image for epoch 0 of source but received none",
    ],
  ])("are refused with a sentence that says where: %s", async (_, items, options, sentence) => {
    const { error, trainer } = await ending((() => items) as never, options);
    expect([error.code, error.message]).toEqual(["ERR_DATA", sentence]);
    await run(trainer, await resident(16), 1);
  });

  it("are refused with the epoch, where a later one has another length", async () => {
    const source = (epoch: number) => [good, epoch === 2 ? picture(0) : good];
    const { error, step } = await ending(source as never, { length: 16 });
    expect(error.message).toBe(
      "Expected 16 images for epoch 2 of source but received 9: it ended after item 1",
    );
    expect(step).toBe(5);
  });

  it("are over after their only epoch where the iterable is no function", async () => {
    const { error, step, trainer, stream } = await ending([good, good] as never);
    expect(step).toBe(2);
    expect(error.message).toBe(
      "Expected a function that returns a fresh iterable for each epoch for source but received an iterable, which ended after 16 images",
    );
    await expect(run(trainer, stream, 1)).rejects.toThrow(
      "Expected a function that returns the images of an epoch again for source but received an iterable, which cannot go on after 2 batches of epoch 0",
    );
    await expect(run(trainerOf(), stream, 1)).rejects.toThrow(
      "but received an iterable that was begun before",
    );
  });

  it("are refused where their source returns no iterable", async () => {
    const { error } = await ending((() => 7) as never);
    expect([error.name, error.message]).toEqual([
      "TypeError",
      "Expected an iterable or async iterable of images for source(0) but received 7",
    ]);
  });
});

/** Yields nothing, ever. */
const silent = () => ({
  [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }),
});

describe("a last batch of one image, where BatchNorm trains on more", () => {
  const sentence =
    "Expected a number of images that leaves no last batch of 1 of 8 (BatchNorm trains on more than one; dropLast leaves it out) for epoch 0 of source but received 17";

  it("ends the run before it, if nothing was said of the length", async () => {
    const { trainer } = smallPair();
    const stream = datasets.stream(counted(17).source, { image });
    await expect(run(trainer, stream, 9)).rejects.toMatchObject({
      code: "ERR_DATA",
      message: sentence,
    });
    expect(trainer.step).toBe(2);
  });

  it("is refused at once if it was", async () => {
    const { trainer } = smallPair();
    const stream = datasets.stream(counted(17).source, { image, length: 17 });
    await expect(run(trainer, stream, 9)).rejects.toThrow(RangeError);
    expect(trainer.step).toBe(0);
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

  it("needs a whole batch in each epoch", async () => {
    const stream = datasets.stream(counted(5).source, { image });
    await expect(run(trainerOf(), stream, 2, { dropLast: true })).rejects.toMatchObject({
      code: "ERR_DATA",
      message: "Expected at least 8 images, a batch, for epoch 0 of source but received 5",
    });
  });
});

describe("a source that never yields", () => {
  it("does not keep a run from being aborted, and the trainer trains on", async () => {
    const trainer = trainerOf();
    const reason = new Error("enough");
    const controller = new AbortController();
    const { signal } = controller;
    const running = run(trainer, datasets.stream(silent, { image }), 5, { signal });
    setTimeout(() => controller.abort(reason), 20);
    await expect(running).rejects.toBe(reason);
    await run(trainer, await resident(16), 2);
    expect(trainer.step).toBe(2);
  });

  it("does not keep a trainer from being disposed", async () => {
    const trainer = trainerOf();
    const running = run(trainer, datasets.stream(silent, { image }), 5);
    setTimeout(() => trainer.dispose(), 20);
    await expect(running).rejects.toMatchObject({ code: "ERR_DISPOSED" });
  });

  it("does not keep networks from being sampled, nor a checkpoint from being taken", async () => {
    const trainer = trainerOf();
    const controller = new AbortController();
    const { signal } = controller;
    const running = run(trainer, datasets.stream(silent, { image }), 5, { signal });
    await sleep(10);
    expect((await trainer.generator.sample(2)).count).toBe(2);
    await withFolder((folder) => trainer.save(`${folder}/checkpoint`));
    controller.abort();
    await expect(running).rejects.toThrow();
  });
});

describe("a checkpoint in the middle of a stream", () => {
  const options = { image, shuffle: 5, seed: 3 };

  /** Trains, saves, loads, trains on, and compares with training in one go. */
  async function resumed(first: number, rest: number, make = () => trainerOf()) {
    const [stopped, whole] = [make(), make()];
    await run(stopped, datasets.stream(counted(20).source, options), first);
    const { source, seen } = counted(20);
    const bytes = await withFolder(async (folder) => {
      await stopped.save(`${folder}/checkpoint`);
      const loaded = await Trainer.load(`${folder}/checkpoint`);
      await loaded.save(`${folder}/again`);
      const again = await Trainer.load(`${folder}/again`);
      await run(again, datasets.stream(source, options), rest);
      return fingerprintOf(again);
    });
    await run(whole, datasets.stream(counted(20).source, options), first + rest);
    expect(bytes).toBe(await fingerprintOf(whole));
    return seen;
  }

  it.each([
    [1, 2, [0]],
    [4, 5, [1, 2, 3]],
    [6, 1, [1, 2]],
  ])("after %i steps goes on for %i with the same bytes", async (first, rest, epochs) => {
    const { epochs: asked } = await resumed(first, rest);
    expect(asked.slice(0, epochs.length)).toEqual(epochs);
  });

  it("goes on with the same bytes with two batches a step, too", async () => {
    await resumed(2, 3, () => trainerOf(2));
  });

  /** A trainer that was loaded after four steps on a stream. */
  async function loaded(): Promise<Trainer> {
    const trainer = trainerOf();
    await run(trainer, datasets.stream(counted(20).source, options), 4);
    return withFolder(async (folder) => {
      await trainer.save(`${folder}/checkpoint`);
      return Trainer.load(`${folder}/checkpoint`);
    });
  }

  it("does not go on with other images", async () => {
    const trainer = await loaded();
    const others = () => upTo(20).map((index) => picture(index + 1));
    await expect(run(trainer, datasets.stream(others, options), 1)).rejects.toMatchObject({
      code: "ERR_DATA",
      message:
        "Expected the images that epoch 1 was left at after 1 batches for source but received others; a stream with another seed begins anew",
    });
    const { source, seen } = counted(20);
    await run(trainer, datasets.stream(source, { ...options, seed: 4 }), 1);
    expect(seen.epochs).toEqual([0]);
  });

  it("does not go on with an iterable, of which the beginning is not to be had again", async () => {
    const once = datasets.stream(upTo(20).map(picture), options);
    await expect(run(await loaded(), once, 1)).rejects.toThrow(
      "Expected a function that returns the images of an epoch again for source but received an iterable, which cannot go on after 1 batches of epoch 1",
    );
  });

  it("begins anew with another batch size, and with a dataset in memory", async () => {
    const { source, seen } = counted(20);
    const stream = datasets.stream(source, options);
    const trainer = await loaded();
    await run(trainer, stream, 1, { batchSize: 4 });
    expect(seen.epochs).toEqual([0]);
    await run(trainer, await resident(16), 1);
    await run(trainer, stream, 1);
    expect(seen.epochs).toEqual([0, 0]);
  });
});
