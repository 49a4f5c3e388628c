import { describe, expect, it } from "vitest";
import {
  type DiffAugmentPolicy,
  Discriminator,
  datasets,
  Generator,
  layers as l,
  type Objective,
  objectives,
  optimizers,
  penalties,
  type TrainerOptions,
} from "../../lib/index.js";
import { image, labelledImages, losses, stateOf, tinyTrainer } from "../helpers/training.js";

describe.each(["eager", "fused"] as const)("%s training with diffAugment", (execution) => {
  it("changes the losses, in the order of the policies, by the seed alone", async () => {
    using data = await labelledImages(24);
    const run = (diffAugment: TrainerOptions["diffAugment"]) =>
      losses(tinyTrainer({ diffAugment, execution }), data);
    const kinds: TrainerOptions["diffAugment"][] = [
      [],
      ["color"],
      ["translation"],
      ["cutout"],
      ["color", "cutout"],
      ["cutout", "color"],
    ];
    const all = [];
    for (const kind of kinds) {
      const once = await run(kind);
      expect(once.flat().every(Number.isFinite)).toBe(true);
      expect(await run(kind)).toEqual(once);
      all.push(JSON.stringify(once));
    }
    expect(new Set(all).size).toBe(kinds.length);
    expect(await run(undefined)).toEqual(await run([]));
  });

  it("lets the generator's gradient through", async () => {
    using data = await labelledImages(24);
    const trainer = tinyTrainer({ execution, diffAugment: ["color", "translation", "cutout"] });
    const before = await stateOf(trainer.generator);
    await losses(trainer, data, 1);
    for (const [name, values] of await stateOf(trainer.generator))
      expect(values, name).not.toEqual(before.get(name));
  });

  it.each<[string, Objective]>([
    ["wganGp", objectives.wasserstein({ penalties: [penalties.wganGp()] })],
    ["r1 and r2", objectives.hinge({ penalties: [penalties.r1(), penalties.r2()] })],
  ])("goes with %s", async (_, objective) => {
    using data = await labelledImages(24);
    const trainer = tinyTrainer({ objective, execution, diffAugment: ["color", "cutout"] });
    expect((await losses(trainer, data)).flat().every(Number.isFinite)).toBe(true);
  });
});

describe("what the discriminator sees", () => {
  /**
   * Mean pixels of a picture of one value after the policy, of many draws. The fakes are 0 and the critic's
   * loss is their mean less that of the reals, so it tells; nobody learns anything.
   */
  async function meansOf(policy: DiffAugmentPolicy, byte: number): Promise<number[]> {
    const layers = [l.linear(64), l.unflatten(image)];
    const generator = new Generator({ latent: { noise: 1 }, layers }, { seed: 0 });
    const discriminator = new Discriminator({ image, layers: [l.flatten(), l.linear(1)] });
    await generator.native.load(filled({ "0.weight": [64, 1], "0.bias": [64] }, 0));
    await discriminator.native.load([
      ...filled({ "1.weight": [1, 64] }, 1 / 64),
      ...filled({ "1.bias": [1] }, 0),
    ]);
    using data = await datasets.fromBytes(new Uint8Array(64).fill(byte), { shape: [1, ...image] });
    const still = optimizers.sgd({ lr: 1e-30 });
    const trainer = tinyTrainer({
      generator,
      discriminator,
      objective: objectives.wasserstein(),
      optimizer: { generator: still, discriminator: still },
      diffAugment: [policy],
    });
    return (await losses(trainer, data, 400, 1)).map(([loss]) => -loss);
  }

  function filled(shapes: Record<string, number[]>, value: number) {
    return Object.entries(shapes).map(([name, shape]) => ({
      name,
      dtype: "float32" as const,
      shape,
      data: new Uint8Array(new Float32Array(shape.reduce((a, b) => a * b)).fill(value).buffer),
    }));
  }

  const pixels = (means: number[]) =>
    [...new Set(means.map((mean) => Math.round(mean * 64)))].sort((a, b) => a - b);

  it("is moved by up to 1 pixel of 8 on each axis by translation, and grey where it left", async () => {
    expect(pixels(await meansOf("translation", 255))).toEqual([49, 56, 64]);
  });

  it("lacks a square of 4 whose centre is anywhere after cutout", async () => {
    const cut = [16, 12, 9, 8, 6, 4];
    expect(pixels(await meansOf("cutout", 255))).toEqual(cut.map((area) => 64 - area));
  });

  it("is brighter or darker by up to a half after color, reals and fakes each by their own number", async () => {
    const means = await meansOf("color", 255);
    const changes = means.map((mean) => mean - 1);
    // The difference of two numbers of U(-0.5, 0.5): a triangle from -1 to 1 of variance 1/6.
    expect(Math.max(...changes.map(Math.abs))).toBeLessThan(1);
    expect(Math.max(...changes.map(Math.abs))).toBeGreaterThan(0.8);
    const variance = changes.reduce((sum, change) => sum + change ** 2, 0) / changes.length;
    expect(variance).toBeGreaterThan(1 / 6 - 0.04);
    expect(variance).toBeLessThan(1 / 6 + 0.04);
  });
});
