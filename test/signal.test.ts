// A signal of what goes through a network in parts: it ends the work, not only the wait for it.
import { createHash } from "node:crypto";
import { getEventListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { Discriminator, datasets, Generator, Images, layers as l, metrics } from "../lib/index.js";

type Ask = (options: { readonly signal: AbortSignal }) => Promise<unknown>;

/** Samples whose parts take half a minute together. */
const count = 256 * 400;
const width = 2048;
const slow = [l.linear(width), l.linear(width)];
const image = [1, 4, 4];
const generator = new Generator(
  { latent: { noise: 16 }, layers: [...slow, l.linear(16), l.unflatten(image)] },
  { seed: 0 },
);
const heads = l.heads({ score: [l.linear(1)], classes: [l.linear(3)] });
const discriminator = new Discriminator(
  { image, layers: [l.flatten(), ...slow, heads] },
  { seed: 0 },
);
const patched = new Discriminator(
  { image, layers: [l.flatten(), ...slow, l.linear(16), l.unflatten([1, 4, 4])] },
  { seed: 0 },
);
const latents = new Float32Array(count * 16).fill(0.5);
const images = new Images(latents, [count, ...image]);
const network = await metrics.classifier();
const side = 28;
const bytes = new Uint8Array(60_000 * side * side);
const dataset = await datasets.fromBytes(bytes, { shape: [60_000, 1, side, side] });

const calls: [string, Ask][] = [
  ["sample()", (options) => generator.sample(count, { seed: 0, ...options })],
  ["generate()", (options) => generator.generate(latents, options)],
  ["score()", (options) => discriminator.score(images, options)],
  ["classify()", (options) => discriminator.classify(images, options)],
  ["scorePatches()", (options) => patched.scorePatches(images, options)],
  ["features()", (options) => network.features(dataset, options)],
];

const listeners = (signal: AbortSignal) => getEventListeners(signal, "abort").length;

const digestOf = (numbers: Uint8Array | Float32Array) =>
  createHash("sha256").update(numbers).digest("hex");

/** Seconds of processor time that this process takes in so many milliseconds. */
async function secondsIn(milliseconds: number): Promise<number> {
  const before = process.cpuUsage();
  await sleep(milliseconds);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

describe("a signal", () => {
  it.each(calls)("ends %s between two parts, and is let go", async (_, ask) => {
    const stop = new AbortController();
    const { signal } = stop;
    const asked = ask({ signal });
    expect(listeners(signal)).toBe(1);
    const why = new Error("enough");
    setTimeout(() => stop.abort(why), 50);
    await expect(asked).rejects.toBe(why);
    expect(listeners(signal)).toBe(0);
    expect(await secondsIn(300)).toBeLessThan(0.15);
  });

  it("leaves the networks as they were", async () => {
    const state = async () => {
      const some = await generator.sample(300, { seed: 1 });
      const files = [await generator.toSafetensors(), await discriminator.toSafetensors()];
      return [...files, some.data, await discriminator.score(some)].map(digestOf);
    };
    const before = await state();
    for (const [, ask] of calls) {
      const stop = new AbortController();
      const asked = ask({ signal: stop.signal });
      // The first part is done, and perhaps the second: their weights are put back each time.
      await Promise.all([generator, discriminator, patched].map((network) => network.ready()));
      stop.abort();
      await expect(asked).rejects.toMatchObject({ name: "AbortError" });
    }
    expect(await state()).toEqual(before);
  });

  it.each(calls)("that has aborted keeps %s from beginning", async (_, ask) => {
    const why = new Error("before");
    const signal = AbortSignal.abort(why);
    const before = process.cpuUsage();
    await expect(ask({ signal })).rejects.toBe(why);
    const { user, system } = process.cpuUsage(before);
    expect(listeners(signal)).toBe(0);
    expect((user + system) / 1e6).toBeLessThan(0.5);
  });

  it("that does not abort changes nothing, and is let go", async () => {
    const { signal } = new AbortController();
    const options = { seed: 1, signal };
    const [heeding, not] = [generator.sample(300, options), generator.sample(300, { seed: 1 })];
    expect((await heeding).data).toEqual((await not).data);
    expect(listeners(signal)).toBe(0);
  });

  it("gets no part of the work done that it kept from beginning", async () => {
    const sample = vi.spyOn(generator.native, "sample");
    await expect(generator.sample(1, { signal: AbortSignal.abort() })).rejects.toThrow("aborted");
    expect(sample).not.toHaveBeenCalled();
    sample.mockRestore();
  });

  it("of work that failed is let go, and does not hide why", async () => {
    const gone = generator.clone();
    gone.dispose();
    const { signal } = new AbortController();
    await expect(gone.sample(1, { signal })).rejects.toMatchObject({ code: "ERR_DISPOSED" });
    expect(listeners(signal)).toBe(0);
  });
});
