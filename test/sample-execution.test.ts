// Samples by the rewrites of fused training: those of eager to rounding, of any generator, at any
// time of its training.
import { describe, expect, it } from "vitest";
import { datasets, Discriminator, Generator, Trainer } from "../lib/index.js";
import { type PresetName, presets } from "../lib/presets.js";
import { collect } from "./helpers/training.js";

const names: PresetName[] = ["article", "dcgan", "sngan-hinge", "cgan", "r3gan"];

/** Those whose rewrites sum in another order on every processor. */
const otherwise = new Set<PresetName>(["article"]);

describe("sample() in fused execution", () => {
  it.each(names)("makes the samples of eager to rounding: %s", async (name) => {
    const { pair, size, objective, optimizer, order } = presets[name];
    const image = { size: size.default, channels: 1 };
    const { generator: layers, discriminator: judge } = pair(image);
    using generator = new Generator(layers, { seed: 1 });
    using discriminator = new Discriminator(judge);
    using trainer = new Trainer({ generator, discriminator, objective, optimizer, order });
    const pixels = Uint8Array.from({ length: 64 * image.size ** 2 }, (_, i) => (i * 37) % 256);
    const labels = Uint8Array.from({ length: 64 }, (_, i) => i % 10);
    const shape = [64, 1, image.size, image.size] as const;
    using images = await datasets.fromBytes(pixels, { shape, labels });
    // Running statistics that are no batch's.
    await collect(trainer.run(images, { steps: 4, batchSize: 16, tickEvery: 4 }));
    // More than a part.
    const eager = await generator.sample(260, { seed: 3 });
    const fused = await generator.sample(260, { seed: 3, execution: "fused" });
    expect(fused.shape).toEqual(eager.shape);
    const apart = fused.data.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - (eager.data[i] as number))),
      0,
    );
    expect(apart).toBeLessThan(1e-4);
    // Not a bit the same, so they were made otherwise.
    if (otherwise.has(name)) expect(apart).toBeGreaterThan(0);
    const again = await generator.sample(260, { seed: 3, execution: "fused" });
    expect(again.data).toEqual(fused.data);
  });
});
