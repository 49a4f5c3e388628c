// What a run holds while it waits, and how it is left.
import { getEventListeners, getMaxListeners, setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { madeImages, smallPair } from "./helpers/networks.js";
import { collect } from "./helpers/training.js";

const listeners = (signal: AbortSignal) => getEventListeners(signal, "abort").length;

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
