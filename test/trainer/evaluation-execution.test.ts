// Networks outside of training by the rewrites of fused training: what eager makes to rounding, of
// any network, at any time of its training.
import { describe, expect, it } from "vitest";
import {
  datasets,
  Discriminator,
  Generator,
  Images,
  layers as l,
  Trainer,
} from "../../lib/index.js";
import { type PresetName, presets } from "../../lib/presets.js";
import { largestDifference } from "../helpers/apart.js";
import { collect } from "../helpers/training.js";

const names: PresetName[] = ["article", "dcgan", "sngan-hinge", "cgan", "r3gan"];

/** Those whose rewrites sum in another order on every processor. */
const otherwise = new Set<PresetName>(["article"]);

describe("sample() in fused execution", () => {
  it.each(names)("makes the samples of eager to rounding: %s", async (name) => {
    const { pair, size, objective, optimizer, order } = presets[name];
    const side = size.default;
    const { generator: layers, discriminator: judge } = pair({ image: [1, side, side] });
    using generator = new Generator(layers, { seed: 1 });
    using discriminator = new Discriminator(judge);
    using trainer = new Trainer({ generator, discriminator, objective, optimizer, order });
    const pixels = Uint8Array.from({ length: 64 * side ** 2 }, (_, i) => (i * 37) % 256);
    const labels = Uint8Array.from({ length: 64 }, (_, i) => i % 10);
    const shape = [64, 1, side, side] as const;
    using images = await datasets.fromBytes(pixels, { shape, labels });
    // Running statistics that are no batch's.
    await collect(trainer.run(images, { steps: 4, batchSize: 16, tickEvery: 4 }));
    // More than a part.
    const eager = await generator.sample(260, { seed: 3 });
    const fused = await generator.sample(260, { seed: 3, execution: "fused" });
    expect(fused.shape).toEqual(eager.shape);
    const apart = largestDifference(fused.data, eager.data);
    expect(apart).toBeLessThan(1e-4);
    // Not a bit the same, so they were made otherwise.
    if (otherwise.has(name)) expect(apart).toBeGreaterThan(0);
    const again = await generator.sample(260, { seed: 3, execution: "fused" });
    expect(again.data).toEqual(fused.data);
  });
});

// Sums of another order on every processor: a convolution after upsampling.
const doubled = [l.upsample(2), l.conv2d(8, 3, { padding: 1 }), l.batchNorm2d(), l.relu()];

describe("others in fused execution", () => {
  const execution = "fused";

  it("generate() makes what it makes in eager to rounding, in parts and with labels", async () => {
    using generator = new Generator(
      {
        latent: { noise: 4, classes: 3, labels: "embedded" },
        layers: [l.embedding(12), l.unflatten([1, 4, 4]), ...doubled, l.conv2d(1, 3), l.tanh()],
      },
      { seed: 1 },
    );
    const latents = Float32Array.from({ length: 260 * 4 }, (_, i) => Math.sin(i));
    const labels = Array.from({ length: 260 }, (_, i) => i % 3);
    const eager = await generator.generate(latents, { labels });
    const fused = await generator.generate(latents, { labels, execution });
    expect(fused.shape).toEqual([260, 1, 6, 6]);
    const apart = largestDifference(fused.data, eager.data);
    expect(apart).toBeGreaterThan(0);
    expect(apart).toBeLessThan(1e-5);
    const plain = await generator.generate(latents, { labels, execution: "eager" });
    expect(plain.data).toEqual(eager.data);
  });

  it("score() and classify() tell what they tell in eager to rounding", async () => {
    using discriminator = new Discriminator(
      {
        image: [1, 6, 6],
        layers: [
          ...doubled,
          l.flatten(),
          l.heads({ score: [l.linear(1)], classes: [l.linear(4)] }),
        ],
      },
      { seed: 2 },
    );
    const pixels = Float32Array.from({ length: 260 * 36 }, (_, i) => Math.sin(i));
    const images = new Images(pixels, [260, 1, 6, 6]);
    for (const ask of ["score", "classify"] as const) {
      const eager = await discriminator[ask](images);
      const fused = await discriminator[ask](images, { execution });
      const apart = largestDifference(fused, eager);
      expect(apart).toBeGreaterThan(0);
      expect(apart).toBeLessThan(1e-5);
    }
  });
});
