// What is done beside a run: timers come, and samples are of one generator.
import { once } from "node:events";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { madeImages, makePair, smallPair } from "../helpers/networks.js";
import { collect } from "../helpers/training.js";

describe("many samples while it trains", () => {
  it.each(["fused", "eager"] as const)("are all of one generator: %s", async (execution) => {
    const { generator, trainer } = smallPair({ execution });
    using data = await madeImages(64, 8);
    const controller = new AbortController();
    const { signal } = controller;
    const running = collect(
      trainer.run(data, { steps: 1_000_000, batchSize: 8, tickEvery: 1, signal }),
    ).catch((reason) => reason);
    const noise = new Float32Array(2000 * generator.latent.noise).fill(0.5);
    const before = trainer.step;
    const { data: values, count } = await generator.sample(2000, { noise });
    const steps = trainer.step - before;
    controller.abort();
    await running;
    const each = values.length / count;
    const first = values.slice(0, each);
    for (let i = 1; i < count; ++i) {
      const other = values.subarray(i * each, (i + 1) * each);
      if (!other.every((value, j) => Math.abs(value - (first[j] as number)) < 1e-5))
        expect(`sample ${i}`).toBe("as the first one");
    }
    expect(steps).toBeGreaterThan(1); // else there was nothing to tell apart
  });
});

/** Counts timers of 10 ms in a thread that does nothing else: as many as a busy machine lets come. */
async function countElsewhere() {
  const source = `
    const { parentPort } = require("node:worker_threads");
    let timers = 0;
    setInterval(() => ++timers, 10);
    parentPort.on("message", () => parentPort.postMessage(timers));
  `;
  const worker = new Worker(source, { eval: true });
  const ask = async (): Promise<number> => {
    worker.postMessage("how many?");
    return (await once(worker, "message"))[0];
  };
  return { ask, [Symbol.asyncDispose]: async () => void (await worker.terminate()) };
}

describe("the event loop", () => {
  it("keeps ticking while it trains: 10 ms timers come, and other work gets its answer in between", async () => {
    const { generator, trainer } = makePair({
      pair: "article",
      size: 32,
      latent: { noise: 100 },
      execution: "fused",
    });
    using data = await madeImages(256, 32);
    await using elsewhere = await countElsewhere();
    const before = await elsewhere.ask();
    const delay = monitorEventLoopDelay({ resolution: 10 });
    let timers = 0;
    let samples = 0;
    const timer = setInterval(() => ++timers, 10);
    const started = performance.now();
    delay.enable();
    const running = collect(trainer.run(data, { steps: 20, batchSize: 64, tickEvery: 20 }));
    while (samples < 3) samples += (await generator.sample(4)).count / 4;
    expect(trainer.step).toBe(0); // the one tick is still under way
    await running;
    delay.disable();
    clearInterval(timer);
    const seconds = (performance.now() - started) / 1000;
    // A blocked loop would have none of its timers before the end.
    expect(timers).toBeGreaterThan(((await elsewhere.ask()) - before) / 2);
    console.log(
      `event-loop delay while training: p99 ${(delay.percentile(99) / 1e6).toFixed(1)} ms over ${seconds.toFixed(1)} s`,
    );
  });
});
