// Discriminators that give a score for each patch: what they tell, and how they are trained.
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  architectures,
  Discriminator,
  type DiscriminatorArchitecture,
  Generator,
  Images,
  layers as l,
  type Objective,
  objectives,
  optimizers,
  penalties,
  Trainer,
  type TrainerOptions,
} from "../lib/index.js";
import { makeFolder } from "./helpers/folder.js";
import { madeImages } from "./helpers/networks.js";
import { distance } from "./helpers/saved.js";
import { collect, weightsOf } from "./helpers/training.js";

const image = [1, 16, 16];
const count = 300;
const pixels = Float32Array.from({ length: count * 256 }, (_, i) => Math.sin(i * i));
const images = new Images(pixels, [count, ...image]);

const patch = (norm: "batch" | "instance" | "none") =>
  architectures.patch({ image, channels: 4, halvings: 2, norm });

/** Means of so many numbers in a row. */
const meansOf = (values: Float32Array, size: number) =>
  Array.from({ length: values.length / size }, (_, i) =>
    values.subarray(i * size, (i + 1) * size).reduce((sum, value) => sum + value / size, 0),
  );

describe("architectures.patch", () => {
  it("sees 70 × 70 pixels with each score, as pix2pix's does", () => {
    const discriminator = new Discriminator(architectures.patch({ image: [3, 256, 256] }));
    expect(discriminator.patches).toEqual([30, 30]);
    expect(discriminator.scores).toBe("logit");
    // Of NLayerDiscriminator(3, 64): its convolutions have biases only without BatchNorm.
    expect(discriminator.parameterCount).toBe(
      (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 512) * 16 + 64 + 2 * (128 + 256 + 512) + 1,
    );
  });

  it("leaves one patch of the smallest image", () => {
    for (const [halvings, side] of [
      [1, 6],
      [3, 24],
    ] as const) {
      const image = [1, side, side + 1];
      using discriminator = new Discriminator(
        architectures.patch({ image, channels: 2, halvings }),
      );
      expect(discriminator.patches).toEqual([1, 1]);
    }
  });

  it.each([
    [16, 1],
    [34, 2],
    [142, 4],
  ])("sees %i pixels of each side after %i halvings", async (pixels, halvings) => {
    const image = [1, 192, 192];
    using discriminator = new Discriminator(
      architectures.patch({ image, channels: 2, halvings, norm: "none" }),
      { seed: 0 },
    );
    const [height, width] = discriminator.patches as [number, number];
    // Where one score in the middle changes with a row or a column of pixels.
    const middle = Math.floor(height / 2) * width + Math.floor(width / 2);
    const rows = Array.from({ length: 192 }, (_, row) => row);
    const changed = new Float32Array(192 * 192 * 192);
    for (const row of rows) changed.fill(1, (row * 192 + row) * 192, (row * 192 + row + 1) * 192);
    const blank = new Images(new Float32Array(192 * 192), [1, ...image]);
    const [plain, all] = [
      await discriminator.scorePatches(blank),
      await discriminator.scorePatches(new Images(changed, [192, ...image])),
    ];
    const seen = rows.filter((row) => all[row * height * width + middle] !== plain[middle]);
    expect(seen).toHaveLength(pixels);
    expect((seen.at(-1) as number) - (seen[0] as number)).toBe(pixels - 1);
  });
});

describe("a discriminator of patches", () => {
  it.each(["eager", "fused"] as const)(
    "scores each of them, and an image by their mean: %s",
    async (execution) => {
      using discriminator = new Discriminator(patch("batch"), { seed: 1 });
      expect(discriminator.patches).toEqual([2, 2]);
      const each = await discriminator.scorePatches(images, { execution });
      const scores = await discriminator.score(images, { execution });
      expect(each).toHaveLength(count * 4);
      expect(scores).toHaveLength(count);
      expect(new Set(each).size).toBeGreaterThan(count * 3);
      expect(distance([...scores], meansOf(each, 4))).toBeLessThan(1e-6);
      const eager = await discriminator.scorePatches(images);
      expect(distance([...each], [...eager])).toBeLessThan(1e-5);
    },
  );

  it("scores them by the labels that it is told", async () => {
    const layers = [l.embedding(1), l.conv2d(1, 9)];
    using discriminator = new Discriminator({ image, classes: 3, layers }, { seed: 1 });
    const ask = (labels: number) => discriminator.scorePatches(images, { labels });
    expect(await ask(0)).toHaveLength(count * 64);
    expect(await ask(0)).not.toEqual(await ask(1));
    const scores = await discriminator.score(images, { labels: 1 });
    expect(distance([...scores], meansOf(await ask(1), 64))).toBeLessThan(1e-6);
  });

  it("has probabilities of them behind a sigmoid, and one patch where there is one", async () => {
    const { layers } = patch("none");
    using likely = new Discriminator({ image, layers: [...layers, l.sigmoid()] }, { seed: 1 });
    expect([likely.scores, likely.patches]).toEqual(["probability", [2, 2]]);
    for (const one of await likely.scorePatches(images))
      expect(Math.abs(one - 0.5)).toBeLessThan(0.5);
    using single = new Discriminator({ image, layers: [l.conv2d(1, 16)] });
    expect(single.patches).toEqual([1, 1]);
    expect(await single.score(images)).toEqual(await single.scorePatches(images));
    using plain = new Discriminator({ image, layers: [l.flatten(), l.linear(1)] });
    expect(plain.patches).toBeUndefined();
  });
});

const folder = await makeFolder();
afterAll(() => folder.remove());

/** Plain descent shows the gradients themselves. */
const descent = optimizers.sgd({ lr: 0.02 });

function trainerOf(
  architecture: DiscriminatorArchitecture,
  objective: Objective,
  options: Partial<TrainerOptions> = {},
): Trainer {
  const layers = [l.linear(64), l.leakyRelu(), l.linear(256), l.tanh(), l.unflatten(image)];
  const generator = new Generator({ latent: { noise: 5 }, layers }, { seed: 0 });
  const discriminator = new Discriminator(architecture);
  const optimizer = { generator: descent, discriminator: descent };
  return new Trainer({ generator, discriminator, objective, optimizer, ...options });
}

const penalised = [penalties.wganGp(), penalties.r1({ every: 2 })];
const games: [name: string, DiscriminatorArchitecture, Objective][] = [
  ["non-saturating", patch("batch"), objectives.nonSaturating()],
  ["least squares", patch("batch"), objectives.leastSquares()],
  ["hinge", patch("instance"), objectives.hinge()],
  ["wganGp and r1", patch("instance"), objectives.wasserstein({ penalties: penalised })],
  ["paired", patch("none"), objectives.relativisticPaired({ penalties: [penalties.r2()] })],
  ["average", patch("batch"), objectives.relativisticAverage()],
  [
    "linear layers",
    {
      image,
      layers: [l.flatten(), l.linear(9), l.leakyRelu(), l.linear(6), l.unflatten([1, 2, 3])],
    },
    objectives.leastSquares({ penalties: [penalties.wganGp()] }),
  ],
];

describe("training with patches", async () => {
  const data = await madeImages(40, 16);

  async function trained(trainer: Trainer, steps: number): Promise<number[]> {
    const ticks = await collect(trainer.run(data, { steps, batchSize: 16, tickEvery: 1 }));
    const losses = ticks.flatMap((tick) => [tick.discriminatorLoss, tick.generatorLoss]);
    return [
      ...losses,
      ...(await weightsOf(trainer.generator)),
      ...(await weightsOf(trainer.discriminator)),
    ];
  }

  it.each(games)("is the same in fused as in eager, to rounding: %s", async (_, ...game) => {
    using eager = trainerOf(...game, { execution: "eager" });
    using fused = trainerOf(...game, { execution: "fused" });
    using untrained = trainerOf(...game);
    const expected = await trained(eager, 3);
    expect(distance(await trained(fused, 3), expected)).toBeLessThan(1e-5);
    const before = await trained(untrained, 1);
    expect(distance(before.slice(2), expected.slice(6))).toBeGreaterThan(1e-4);
  });

  const apart = games.filter(([, one]) => !JSON.stringify(one).includes("batchNorm"));

  it.each(apart)("is the same in parts, to rounding: %s", async (_, architecture, objective) => {
    using whole = trainerOf(architecture, objective);
    using parts = trainerOf(architecture, objective, { accumulate: 3 });
    expect(distance(await trained(parts, 3), await trained(whole, 3))).toBeLessThan(1e-5);
  });

  it.each(["eager", "fused"] as const)(
    "goes on from a checkpoint bit for bit: %s",
    async (execution) => {
      const [, architecture, objective] = games[0] as (typeof games)[0];
      using trainer = trainerOf(architecture, objective, { execution });
      await trained(trainer, 3);
      await trainer.save(join(folder.path, execution));
      using again = await Trainer.load(join(folder.path, execution));
      expect(again.discriminator.patches).toEqual([2, 2]);
      expect(await trained(again, 4)).toEqual(await trained(trainer, 4));
    },
  );

  it("tells of the health of patches", async () => {
    const architecture = patch("none");
    const reals = await madeImages(16, 16);
    using trainer = trainerOf(architecture, objectives.hinge());
    using before = trainer.discriminator.clone();
    const [tick] = await collect(trainer.run(reals, { steps: 1, batchSize: 16 }));
    const each = await before.scorePatches(await reals.read(0, 16, { range: [-1, 1] }));
    const { realScore, fakeScore, realAccuracy } = tick?.health ?? {};
    expect(realScore).toBeCloseTo(meansOf(each, each.length)[0] as number, 6);
    const middle = ((realScore as number) + (fakeScore as number)) / 2;
    expect(realAccuracy).toBe([...each].filter((one) => one > middle).length / each.length);
  });

  it("of linear layers needs a graph, and says so", async () => {
    const [, architecture, objective] = games.at(-1) as (typeof games)[0];
    using trainer = trainerOf(architecture, objective);
    const { kind, refusals } = await trainer.explain();
    expect(kind).toBe("rewritten");
    expect(refusals).toContainEqual({
      rewrite: "a list of calls into buffers that stay, without a graph",
      reason: "the discriminator gives a score for each patch",
    });
  });
});
