// Checkpoints in the middle of a stream.
import { describe, expect, it } from "vitest";
import { datasets, Trainer } from "../../lib/index.js";
import { fingerprintOf } from "../helpers/presets.js";
import { withFolder } from "../helpers/networks.js";
import { counted, picture, resident, run, trainerOf, upTo } from "../helpers/streams.js";
import { image } from "../helpers/training.js";

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

  it("goes on after a source that failed at first, with a stream that is made anew", async () => {
    const [trainer, other] = [await loaded(), await loaded()];
    const gone = () => {
      throw new Error("no database");
    };
    for (let attempt = 0; attempt < 2; attempt++)
      await expect(run(trainer, datasets.stream(gone, options), 1)).rejects.toThrow("no database");
    for (const each of [trainer, other])
      await run(each, datasets.stream(counted(20).source, options), 3);
    expect(await fingerprintOf(trainer)).toBe(await fingerprintOf(other));
    // Only once: then another stream is another.
    const { source, seen } = counted(20);
    await run(trainer, datasets.stream(source, options), 1);
    expect(seen.epochs[0]).toBe(0);
  });

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

  it.each<[string, () => Promise<Parameters<typeof run>[1]>]>([
    ["a dataset in memory", () => resident(16)],
    ["another stream", async () => datasets.stream(counted(20).source, { ...options, seed: 4 })],
  ])("has no place any more once it was trained on %s", async (_, others) => {
    const trainer = await loaded();
    await run(trainer, await others(), 1);
    const { source, seen } = counted(20);
    await run(trainer, datasets.stream(source, options), 1);
    expect(seen.epochs).toEqual([0]);
  });

  it("lets go of a stream where another one is gone on with", async () => {
    const trainer = await loaded();
    const { source, seen } = counted(1000);
    await run(trainer, datasets.stream(source, options), 1);
    expect(seen.returned).toBe(0);
    await run(trainer, datasets.stream(counted(20).source, options), 1);
    expect(seen.returned).toBe(1);
  });
});
