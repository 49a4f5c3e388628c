// Streams that fail, bring what they should not, or never bring anything.
import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { datasets } from "../../lib/index.js";
import { fingerprintOf } from "../helpers/presets.js";
import { smallPair, withFolder } from "../helpers/networks.js";
import {
  counted,
  picture,
  pictures,
  resident,
  run,
  trainerOf,
  upTo,
  weights,
} from "../helpers/streams.js";
import { image } from "../helpers/training.js";

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

  it("is not asked again before its error was thrown, however many runs that takes", async () => {
    let opened = 0;
    async function* failing() {
      opened += 1;
      yield* [pictures(upTo(8)), pictures(upTo(8))];
      throw new Error("the disk is gone");
    }
    const trainer = trainerOf();
    const stream = datasets.stream(failing, { image, prefetch: 4 });
    await run(trainer, stream, 1);
    await expect(run(trainer, stream, 5)).rejects.toThrow("the disk is gone");
    expect([trainer.step, opened]).toEqual([2, 1]);
  });

  it("is told at once, where it brings what is no image, and not when its error is thrown", async () => {
    let isOver = false;
    async function* source() {
      try {
        yield* [pictures(upTo(8)), "cat.png"];
      } finally {
        isOver = true;
      }
    }
    await run(trainerOf(), datasets.stream(source as never, { image }), 1);
    await setImmediate();
    expect(isOver).toBe(true);
  });

  it("is not heard any more where it fails after its trainer was disposed", async () => {
    let fail = (_: Error) => {};
    const next = () => new Promise<never>((_, reject) => (fail = reject));
    const source = { [Symbol.asyncIterator]: () => ({ next }) };
    const trainer = trainerOf();
    const running = run(trainer, datasets.stream(source, { image }), 5);
    await setImmediate();
    trainer.dispose();
    await expect(running).rejects.toMatchObject({ code: "ERR_DISPOSED" });
    const unheard = vi.fn();
    process.once("unhandledRejection", unheard);
    fail(new Error("late"));
    await sleep(1);
    process.off("unhandledRejection", unheard);
    expect(unheard).not.toHaveBeenCalled();
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
      "Expected a Uint8Array, an array of numbers or a number, as there are classes, for labels of item 0 of epoch 0 but received undefined",
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
    [
      "an empty epoch of so many images",
      [],
      { length: 20 },
      "Expected 20 images for epoch 0 of source but received none",
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

  it("is left out by dropLast, as it says", async () => {
    const { trainer } = smallPair();
    const { source, seen } = counted(17);
    await run(trainer, datasets.stream(source, { image }), 5, { dropLast: true });
    expect(trainer.step).toBe(5);
    expect(seen.epochs.slice(0, 3)).toEqual([0, 1, 2]);
  });

  it("is refused at once if it was", async () => {
    const { trainer } = smallPair();
    const stream = datasets.stream(counted(17).source, { image, length: 17 });
    await expect(run(trainer, stream, 9)).rejects.toThrow(RangeError);
    expect(trainer.step).toBe(0);
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

  it("is not begun for a trainer that was disposed", async () => {
    const trainer = trainerOf();
    trainer.dispose();
    const source = vi.fn(silent);
    await expect(run(trainer, datasets.stream(source, { image }), 5)).rejects.toMatchObject({
      code: "ERR_DISPOSED",
      message: "This trainer was disposed",
    });
    await setImmediate();
    expect(source).not.toHaveBeenCalled();
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
