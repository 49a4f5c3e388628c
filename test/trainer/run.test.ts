// How a run ends and is left, and what it holds while it waits.
import { getEventListeners, getMaxListeners, setMaxListeners } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { datasets, distributed, Generator, type Tick, Trainer } from "../../lib/index.js";
import { madeImages, makePair, smallPair, withFolder } from "../helpers/networks.js";
import { freePort } from "../helpers/ranks.js";
import { counted } from "../helpers/streams.js";
import { collect, image, tinyTrainer } from "../helpers/training.js";

const listeners = (signal: AbortSignal) => getEventListeners(signal, "abort").length;

/**
 * Until a step of a run is done, however busy the machine: the engine takes up work in the order
 * in which it was asked for, and what comes after a run has its turn after a step.
 */
const aStep = (trainer: Trainer) => trainer.generator.ready();

describe("a run", () => {
  it("ends by a signal at a step boundary, with the reason, and the trainer goes on afterwards", async () => {
    const { trainer } = makePair({ pair: "article", size: 16, latent: { noise: 5 } });
    using data = await madeImages(64, 16);
    const stop = new AbortController();
    const reason = new Error("enough");
    const ticks: Tick[] = [];
    const run = async () => {
      for await (const tick of trainer.run(data, {
        steps: 1e6,
        batchSize: 16,
        tickEvery: 1e6,
        signal: stop.signal,
      }))
        ticks.push(tick);
    };
    const running = run();
    void aStep(trainer).then(() => stop.abort(reason));
    await expect(running).rejects.toBe(reason);
    // The steps done before the signal are reported, not lost.
    expect(ticks).toHaveLength(1);
    expect(ticks[0]?.step).toBe(trainer.step);
    expect(trainer.step).toBeGreaterThan(0);
    expect(await collect(trainer.run(data, { steps: 2, batchSize: 16 }))).toHaveLength(1);
  });

  it("does nothing where the signal came before it", async () => {
    const { trainer } = smallPair();
    using data = await madeImages(8);
    await expect(
      collect(trainer.run(data, { steps: 5, batchSize: 4, signal: AbortSignal.abort() })),
    ).rejects.toThrow("aborted");
    expect(trainer.step).toBe(0);
  });

  it("ends where the loop is left: the trainer is idle and stands where the tick said", async () => {
    const { trainer } = smallPair();
    using data = await madeImages(16);
    for await (const tick of trainer.run(data, { steps: 100, batchSize: 4, tickEvery: 2 }))
      if (tick.step === 4) break;
    expect(trainer.step).toBe(4);
    expect((await collect(trainer.run(data, { steps: 1, batchSize: 4 })))[0]?.step).toBe(5);
  });

  it("ends with ERR_DISPOSED where its trainer is disposed, and the networks stay", async () => {
    const { trainer, generator } = smallPair();
    using data = await madeImages(64);
    const running = collect(trainer.run(data, { steps: 1e6, batchSize: 16, tickEvery: 1e6 }));
    setTimeout(() => trainer.dispose(), 50);
    await expect(running).rejects.toMatchObject({ name: "SparringError", code: "ERR_DISPOSED" });
    trainer.dispose();
    expect((await generator.sample(2)).count).toBe(2);
  });

  it("goes on, and is saved, where its networks are disposed: the trainer keeps their weights", async () => {
    const [left, kept] = [smallPair(), smallPair()];
    using data = await madeImages(16);
    left.generator.dispose();
    left.discriminator.dispose();
    for (const { trainer } of [left, kept])
      await collect(trainer.run(data, { steps: 3, batchSize: 8 }));
    const expected = await kept.generator.toSafetensors();
    await withFolder(async (folder) => {
      const path = join(folder, "checkpoint");
      await left.trainer.save(path);
      using drawing = await Generator.load(path);
      expect(await drawing.toSafetensors()).toEqual(expected);
    });
  });

  it("counts the steps of its ticks from where it begins, not from the trainer's first step", async () => {
    const { trainer } = smallPair();
    using data = await madeImages(16);
    const stepsOf = async (steps: number) =>
      (await collect(trainer.run(data, { steps, batchSize: 8, tickEvery: 4 }))).map(
        ({ step }) => step,
      );
    expect(await stepsOf(3)).toEqual([3]);
    expect(await stepsOf(9)).toEqual([7, 11, 12]);
  });
});

it("dispose() and then abort(): the loop ends, and nothing is thrown where nobody can catch it", async () => {
  const { trainer } = smallPair();
  using data = await madeImages(16);
  const stop = new AbortController();
  const ticks = trainer.run(data, { steps: 50, batchSize: 4, tickEvery: 2, signal: stop.signal });
  await ticks.next();
  trainer.dispose();
  stop.abort();
  await expect(ticks.next()).rejects.toThrow("aborted");
});

describe("a run until a step", () => {
  it("counts the steps before it, and ends there after a checkpoint, too, bit for bit", async () => {
    using data = await madeImages(16);
    const stepsOf = async (trainer: Trainer, untilStep: number, tickEvery = 4) =>
      (await collect(trainer.run(data, { untilStep, batchSize: 8, tickEvery }))).map(
        ({ step }) => step,
      );
    const [whole, first] = [tinyTrainer(), tinyTrainer()];
    await collect(whole.run(data, { steps: 10, batchSize: 8 }));
    expect(await stepsOf(first, 3)).toEqual([3]);
    await withFolder(async (folder) => {
      await first.save(join(folder, "checkpoint"));
      const second = await Trainer.load(join(folder, "checkpoint"));
      expect(await stepsOf(second, 10)).toEqual([7, 10]);
      expect(second.step).toBe(10);
      const [ours, theirs] = [second, whole].map(({ generator }) => generator.toSafetensors());
      expect(await ours).toEqual(await theirs);
    });
  });

  it("ends at once where it is there, or beyond: no tick, no image, and the trainer goes on", async () => {
    const trainer = tinyTrainer();
    const { source, seen } = counted(64);
    const images = datasets.stream(source, { image });
    await collect(trainer.run(images, { steps: 5, batchSize: 8 }));
    const before = await trainer.snapshot();
    // Not even a stream that could not go on is asked.
    const once = datasets.stream([], { image });
    for (const untilStep of [1, 4, 5])
      for (const data of [images, once])
        expect(await collect(trainer.run(data, { untilStep, batchSize: 8 }))).toEqual([]);
    expect(seen.epochs).toEqual([0]);
    expect(await trainer.snapshot()).toEqual(before);
    const next = await collect(trainer.run(images, { untilStep: 6, batchSize: 8 }));
    expect(next.map(({ step }) => step)).toEqual([6]);
  });

  it("has nothing to do, and is refused all the same while steps are under way or after dispose()", async () => {
    const { trainer } = smallPair();
    using data = await madeImages(32);
    const again = () => trainer.run(data, { untilStep: 1, batchSize: 8 }).next();
    const first = trainer.run(data, { steps: 2, batchSize: 8, tickEvery: 1 });
    await first.next();
    const tick = first.next();
    await expect(again()).rejects.toMatchObject({ code: "ERR_BUSY" });
    await tick;
    expect(await again()).toEqual({ done: true, value: undefined });
    trainer.dispose();
    await expect(again()).rejects.toMatchObject({ code: "ERR_DISPOSED" });
  });
});

describe("the signal of a run", () => {
  it("is listened to while steps are under way, and not while the run waits at a tick", async () => {
    const { trainer } = smallPair();
    using data = await madeImages(16);
    const { signal } = new AbortController();
    const ticks = trainer.run(data, { steps: 4, batchSize: 4, tickEvery: 2, signal });
    const first = ticks.next();
    expect(listeners(signal)).toBe(1);
    await first;
    expect(listeners(signal)).toBe(0);
    await ticks.next();
    await ticks.next();
    expect(listeners(signal)).toBe(0);
  });

  it("stops the run even where another listener keeps it from the rest", async () => {
    const { trainer } = smallPair();
    using data = await madeImages(16);
    const stop = new AbortController();
    const { signal } = stop;
    signal.addEventListener("abort", (event) => event.stopImmediatePropagation());
    const options = { steps: 20_000, batchSize: 4, tickEvery: 20_000, signal };
    const running = collect(trainer.run(data, options));
    setTimeout(() => stop.abort(), 50);
    await expect(running).rejects.toThrow("aborted");
    expect(trainer.step).toBeLessThan(20_000);
  });

  it("is that of many runs without a warning, unless its user set a limit", async () => {
    const warnings: Error[] = [];
    const hear = (warning: Error) => warnings.push(warning);
    process.on("warning", hear);
    using data = await madeImages(16);
    const { signal } = new AbortController();
    const runs = Array.from({ length: 12 }, () =>
      collect(smallPair().trainer.run(data, { steps: 1, batchSize: 4, signal })),
    );
    expect(listeners(signal)).toBe(12);
    await Promise.all(runs);
    const limited = new AbortController().signal;
    setMaxListeners(3, limited);
    await collect(smallPair().trainer.run(data, { steps: 1, batchSize: 4, signal: limited }));
    await sleep(0);
    process.off("warning", hear);
    expect(warnings).toEqual([]);
    expect(getMaxListeners(limited)).toBe(3);
  });
});

describe("a second run", () => {
  const refusal = (sentence: string) => ({ code: "ERR_BUSY", message: sentence });

  it("is refused while steps of the first are under way, which go on", async () => {
    const { trainer } = smallPair();
    using data = await madeImages(32);
    const first = trainer.run(data, { steps: 4, batchSize: 8, tickEvery: 2 });
    const tick = first.next();
    await expect(trainer.run(data, { steps: 1, batchSize: 8 }).next()).rejects.toMatchObject(
      refusal("Expected an idle trainer for run() but received one that is running"),
    );
    expect((await tick).value?.step).toBe(2);
    expect((await first.next()).value?.step).toBe(4);
    expect((await first.next()).done).toBe(true);
    expect(await collect(trainer.run(data, { steps: 1, batchSize: 8 }))).toHaveLength(1);
  });

  it("takes over from one that waits at a tick, which learns of it", async () => {
    const { trainer } = smallPair();
    using data = await madeImages(32);
    const parked = trainer.run(data, { steps: 4, batchSize: 8, tickEvery: 2 });
    await parked.next();
    const second = trainer.run(data, { steps: 4, batchSize: 8, tickEvery: 2 });
    const tick = second.next();
    await expect(parked.next()).rejects.toMatchObject(
      refusal("Expected the trainer's latest run for next() but received one before it"),
    );
    expect((await tick).value?.step).toBe(4);
    expect((await second.next()).value?.step).toBe(6);
    expect((await parked.next()).done).toBe(true);
  });

  it("is not disturbed by the return() of the one that it took over from", async () => {
    const { trainer } = smallPair();
    const { source, seen } = counted(64);
    const images = datasets.stream(source, { image });
    const parked = trainer.run(images, { steps: 4, batchSize: 8, tickEvery: 1 });
    await parked.next();
    const second = collect(trainer.run(images, { steps: 9, batchSize: 8, tickEvery: 9 }));
    await parked.return();
    expect((await second).map(({ step }) => step)).toEqual([10]);
    // One stream went on: ten batches of eight are an epoch and a quarter.
    expect(seen.epochs).toEqual([0, 1]);
  });

  it("is not cut short by that return() in the middle of a tick", async () => {
    const { trainer } = smallPair();
    using data = await madeImages(16);
    const parked = trainer.run(data, { steps: 4, batchSize: 4, tickEvery: 1 });
    await parked.next();
    const second = collect(trainer.run(data, { steps: 400, batchSize: 4, tickEvery: 400 }));
    await sleep(20);
    await parked.return();
    expect((await second).map(({ step }) => step)).toEqual([401]);
  });

  it("lets go of the stream of the one that it took over from", async () => {
    const { trainer } = smallPair();
    const { source, seen } = counted(64);
    const images = datasets.stream(source, { image });
    await trainer.run(images, { steps: 4, batchSize: 8, tickEvery: 1 }).next();
    using data = await madeImages(32);
    await collect(trainer.run(data, { steps: 1, batchSize: 8 }));
    expect(seen.returned).toBe(1);
  });
});

it("as few images are enough as a pair needs: one, or two under BatchNorm", async () => {
  using one = await madeImages(1);
  const ticks = await collect(tinyTrainer().run(one, { steps: 1, batchSize: 1 }));
  expect(ticks.map(({ step }) => step)).toEqual([1]);
  using two = await madeImages(2);
  const { trainer } = smallPair();
  expect(await collect(trainer.run(two, { steps: 1, batchSize: 2 }))).toHaveLength(1);
});

describe("a run that is left in the middle of a tick", () => {
  const endless = { steps: 1e9, batchSize: 4, tickEvery: 1e9 };

  /** A run whose first steps are under way. */
  async function begun(trainer = smallPair().trainer) {
    const data = await madeImages(16);
    const ticks = trainer.run(data, endless);
    const pending = ticks.next();
    await sleep(50);
    await aStep(trainer);
    return { trainer, data, ticks, pending };
  }

  it("return() ends it after the step under way, and no step is lost", async () => {
    const { trainer, data, ticks, pending } = await begun();
    expect(await ticks.return()).toEqual({ done: true, value: undefined });
    const { step } = trainer;
    expect(step).toBeGreaterThan(0);
    expect((await pending).value?.step).toBe(step);
    const next = trainer.run(data, { steps: 1, batchSize: 4 });
    expect((await collect(next)).map((tick) => tick.step)).toEqual([step + 1]);
    expect((await trainer.snapshot()).counts.step).toBe(step + 1);
    expect((await ticks.next()).done).toBe(true);
  });

  it("return() ends it before its first step, too, and those that were asked for next", async () => {
    const { trainer } = smallPair();
    using data = await madeImages(16);
    const ticks = trainer.run(data, endless);
    const asked = [ticks.next(), ticks.next()];
    await ticks.return();
    const came = await Promise.all(asked);
    expect(came[1]?.done).toBe(true);
    expect(trainer.step).toBe(came[0]?.value?.step ?? 0);
  });

  it("return() ends one of a rank, in the middle of a tick and before the first", async () => {
    const masterPort = await freePort();
    const rank = { rank: 0, worldSize: 1, localRank: 0, masterAddress: "127.0.0.1", masterPort };
    using group = await distributed.join(rank);
    const { trainer, data, ticks, pending } = await begun(tinyTrainer({ distributed: group }));
    await ticks.return();
    expect((await pending).value?.step).toBe(trainer.step);
    const second = trainer.run(data, endless);
    const asked = [second.next(), second.next()];
    await second.return();
    const came = await Promise.all(asked);
    expect(came.map(({ done }) => done)).toEqual([false, true]);
    expect(trainer.step).toBe(came[0]?.value?.step);
  });

  it("throw() ends it with that error", async () => {
    const { ticks, pending } = await begun();
    const error = new Error("enough");
    await expect(ticks.throw(error)).rejects.toBe(error);
    await pending;
  });

  it("`await using` ends it", async () => {
    const { trainer } = smallPair();
    using data = await madeImages(16);
    {
      await using ticks = trainer.run(data, endless);
      void ticks.next();
      await aStep(trainer);
    }
    expect(trainer.step).toBeGreaterThan(0);
    expect(await collect(trainer.run(data, { steps: 1, batchSize: 4 }))).toHaveLength(1);
  });

  it("return() ends one that waits for images that never come", async () => {
    const { trainer } = smallPair();
    const never = new Promise<never>(() => {});
    const images = datasets.stream(
      () => ({ [Symbol.asyncIterator]: () => ({ next: () => never }) }),
      {
        image,
      },
    );
    const ticks = trainer.run(images, endless);
    const pending = ticks.next();
    await sleep(20);
    await ticks.return();
    expect(await pending).toEqual({ done: true, value: undefined });
  });
});

it("a dataset that is disposed serves the steps under way, and a run that goes on ends", async () => {
  const { trainer } = smallPair();
  const data = await madeImages(16);
  const ticks = trainer.run(data, { steps: 40, batchSize: 4, tickEvery: 20 });
  const pending = ticks.next();
  data.dispose();
  expect((await pending).value?.step).toBe(20);
  await expect(ticks.next()).rejects.toMatchObject({ code: "ERR_DISPOSED" });
  expect((await ticks.next()).done).toBe(true);
});
