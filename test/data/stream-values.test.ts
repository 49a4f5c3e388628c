// Streams of values: vectors, and images that are kept as they are.
import { describe, expect, it } from "vitest";
import {
  Discriminator,
  datasets,
  Generator,
  layers as l,
  Trainer,
  type TrainerOptions,
} from "../../lib/index.js";
import type { Stream, StreamItem, StreamOptions } from "../../lib/datasets.js";
import { withFolder } from "../helpers/networks.js";
import { fingerprintOf } from "../helpers/presets.js";
import { hiddenLayers, ringOfGaussians } from "../helpers/ring.js";
import { orderOf, run, weights } from "../helpers/streams.js";
import { image, tinyTrainer } from "../helpers/training.js";

/** A trainer of vectors of two numbers. */
function ringTrainer(options: Partial<TrainerOptions> = {}): Trainer {
  const hidden = () => hiddenLayers({ width: 16 });
  const pair = {
    generator: new Generator(
      { latent: { noise: 2 }, layers: [...hidden(), l.linear(2)] },
      { seed: 1 },
    ),
    discriminator: new Discriminator(
      { image: [2], layers: [...hidden(), l.linear(1)] },
      { seed: 1 },
    ),
  };
  return tinyTrainer({ ...pair, ...options });
}

const points = ringOfGaussians(20);

/** Rows of numbers in an order, side by side. */
function rows(values: Float32Array, order: readonly number[], size: number): Float32Array {
  return Float32Array.from(order.flatMap((i) => [...values.subarray(i * size, (i + 1) * size)]));
}

/** The orders of three epochs of 20 in memory, of three steps each. */
async function ordersOf(make: () => Trainer, values: Float32Array, sample: readonly number[]) {
  const trainer = make();
  using data = await datasets.fromValues(values, { shape: [20, ...sample] });
  const orders: number[][] = [];
  for (let epoch = 0; epoch < 3; epoch++) {
    await run(trainer, data, 3);
    orders.push(await orderOf(trainer));
  }
  return orders;
}

describe("a stream of the values of a dataset, in its order", () => {
  const odd = Float32Array.from({ length: 20 * 64 }, (_, i) => Math.sin(i * i) * 3 + 1e-7 * i);
  it.each<[string, "eager" | "fused", readonly number[], Float32Array, Partial<StreamOptions>]>([
    ["vectors", "eager", [2], points, {}],
    ["vectors", "fused", [2], points, { dtype: "float32" }],
    ["images", "eager", image, odd, { dtype: "float32" }],
  ])("trains to the same bits: %s, %s", async (_, execution, sample, values, options) => {
    const make = () =>
      sample.length === 1 ? ringTrainer({ execution }) : tinyTrainer({ execution });
    const orders = await ordersOf(make, values, sample);
    const size = values.length / 20;
    function* source(epoch: number) {
      const order = orders[epoch] as number[];
      for (let at = 0; at < 20; at += 7) yield rows(values, order.slice(at, at + 7), size);
    }
    const [resident, streamed] = [make(), make()];
    using data = await datasets.fromValues(values, { shape: [20, ...sample] });
    await run(resident, data, 9);
    const stream = datasets.stream(source, { image: sample, ...options });
    expect([stream.image, stream.dtype]).toEqual([sample, "float32"]);
    await run(streamed, stream, 9);
    expect(await weights(streamed)).toEqual(await weights(resident));
  });
});

describe("a stream of vectors", () => {
  const options = { image: [2], shuffle: 6, seed: 1 };
  const epochs = () =>
    datasets.stream(() => Array.from({ length: 20 }, (_, i) => rows(points, [i], 2)), options);

  it("goes on from a checkpoint with the same bytes, within an epoch", async () => {
    const whole = ringTrainer();
    await run(whole, epochs(), 7);
    const stopped = ringTrainer();
    await run(stopped, epochs(), 4);
    const resumed = await withFolder(async (folder) => {
      await stopped.save(`${folder}/checkpoint`);
      return Trainer.load(`${folder}/checkpoint`);
    });
    await run(resumed, epochs(), 3);
    expect(await fingerprintOf(resumed)).toBe(await fingerprintOf(whole));
  });

  it("does not go on with other numbers, by the least", async () => {
    const trainer = ringTrainer();
    await run(trainer, epochs(), 1);
    const other = points.slice();
    other[0] = (other[0] as number) * (1 + 2 ** -22);
    const loaded = await withFolder(async (folder) => {
      await trainer.save(`${folder}/checkpoint`);
      return Trainer.load(`${folder}/checkpoint`);
    });
    const changed = datasets.stream(() => [other], options);
    await expect(run(loaded, changed, 1)).rejects.toMatchObject({ code: "ERR_DATA" });
  });

  it("takes labels, and copies what it is given before it asks for more", async () => {
    const [reused, labels] = [new Float32Array(16), new Uint8Array(8)];
    function* source() {
      for (let at = 0; at < 16; at += 8) {
        reused.set(points.subarray(2 * at, 2 * at + 16));
        yield { images: reused, labels };
        reused.fill(Number.NaN);
      }
    }
    const trainer = ringTrainer();
    const [tick] = await run(trainer, datasets.stream(source, { image: [2], classes: 1 }), 4);
    expect(tick?.discriminatorLoss).toBeGreaterThan(0);
  });

  const bad = (items: unknown[], more: Partial<StreamOptions> = {}): Stream =>
    datasets.stream(items as StreamItem[], { image: [2], ...more });
  it.each<[string, Stream, string]>([
    [
      "bytes",
      bad([new Uint8Array(2)]),
      "Expected a Float32Array, of values as they are, for item 0 of epoch 0 but received Uint8Array(2 bytes)",
    ],
    [
      "half a vector",
      bad([points, new Float32Array(3)]),
      "Expected whole images of [2], 2 values each, for item 1 of epoch 0 but received Float32Array(12 bytes)",
    ],
    [
      "what is no number",
      bad([Float32Array.of(0, 1, Number.NaN, 1)]),
      "Expected a finite number for value 2 of item 0 of epoch 0 but received NaN",
    ],
    [
      "what is infinite",
      bad([{ images: Float32Array.of(0, -Infinity) }]),
      "Expected a finite number for value 1 of item 0 of epoch 0 but received -Infinity",
    ],
  ])("refuses %s", async (_, stream, message) => {
    await expect(run(ringTrainer(), stream, 9)).rejects.toMatchObject({
      code: "ERR_DATA",
      message,
    });
  });

  it("is refused where images are trained on, and is not mirrored", async () => {
    await expect(run(tinyTrainer(), bad([points]), 1)).rejects.toThrow(
      "Expected images of [1, 8, 8] for dataset but received [2]",
    );
    await expect(run(ringTrainer(), bad([points]), 1, { horizontalFlip: true })).rejects.toThrow(
      "Expected false (samples of [2] have no width) for horizontalFlip but received true",
    );
  });
});
