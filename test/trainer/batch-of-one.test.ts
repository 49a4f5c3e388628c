// Batch normalisation that keeps no statistics: what it makes of one sample, in evaluation.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  Discriminator,
  Generator,
  Images,
  type Layer,
  layers as l,
  metrics,
} from "../../lib/index.js";
import { withFolder } from "../helpers/networks.js";
import { referee } from "../helpers/referee.js";

/** Layers between [channels, height, width] and features. */
type Between = readonly [shape: readonly [number, number, number], ...Layer[]];

const kept = { trackRunningStats: true };
const own = { trackRunningStats: false };
const cases: readonly Between[] = [kept, own].flatMap((options) => [
  [[2, 1, 1], l.flatten(), l.batchNorm1d(options)],
  [[2, 2, 2], l.flatten(), l.batchNorm1d(options)],
  [[2, 1, 1], l.batchNorm2d(options), l.flatten()],
  [[2, 1, 2], l.batchNorm2d(options), l.flatten()],
  [[2, 2, 1], l.batchNorm2d(options), l.flatten()],
  [
    [2, 2, 2],
    l.residual([l.conv2d(2, 2), l.sequential("all", [l.batchNorm2d(options)]), l.upsample(2)]),
    l.flatten(),
  ],
]);

const discriminatorOf = ([image, ...layers]: Between) =>
  new Discriminator({ image, layers: [...layers, l.linear(1)] });
const generatorOf = ([[channels, height, width], ...layers]: Between) =>
  new Generator({
    latent: { noise: channels * height * width },
    layers: [l.unflatten([channels, height, width]), ...layers],
  });

const refusal = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: Error) => error.message,
  );

describe("a batch of one, and one of two, are refused where PyTorch refuses them", () => {
  it("by networks of all kinds", async () => {
    const counts = [1, 2];
    const rows = cases.flatMap((between) => {
      const generator = generatorOf(between);
      const discriminator = discriminatorOf(between);
      return counts.map((count) => ({ between, count, generator, discriminator }));
    });
    const { value } = await withFolder(async (folder) => {
      const asked = rows.flatMap(({ generator, discriminator, between: [image], count }) => [
        {
          source: generator.toPyTorch(),
          class: "Generator",
          shape: [count, generator.latent.noise],
        },
        { source: discriminator.toPyTorch(), class: "Discriminator", shape: [count, ...image] },
      ]);
      await writeFile(join(folder, "rows.json"), JSON.stringify(asked));
      return referee<(string | null)[]>("batch-of-one", "batch-of-one.py", [folder]);
    });
    const theirs = value.map((told) => told !== null);
    expect(theirs.filter(Boolean)).toHaveLength(8);
    const ours = [];
    for (const {
      generator,
      discriminator,
      between: [image],
      count,
    } of rows) {
      const noise = await generator.noise(count, { seed: 1 });
      const made = await refusal(generator.sample(count));
      expect((await refusal(generator.generate(noise))) === null).toBe(made === null);
      const images = new Images(noise, [count, ...image]);
      ours.push(made !== null, (await refusal(discriminator.score(images))) !== null);
    }
    expect(ours).toEqual(theirs);
  });
});

describe("one sample is refused with the name of the layer", () => {
  const layers = [
    l.linear(9),
    l.sequential("block", [l.batchNorm1d(own), l.relu()]),
    l.linear(3 * 64),
    l.unflatten([3, 8, 8]),
  ];
  const generator = new Generator({ latent: { noise: 4 }, layers });
  const sentence = (name: string, received: string) =>
    `Expected at least 2 samples, as block.0 (batchNorm1d) has no statistics but those of a batch, for ${name} but received ${received}`;

  const image = [1, 4, 4] as const;
  const discriminator = new Discriminator({
    image,
    layers: [l.flatten(), l.sequential("block", [l.batchNorm1d(own)]), l.linear(1)],
  });
  const black = new Images(new Float32Array(16), [1, ...image]);

  it.each([
    ["score()", () => discriminator.score(black), sentence("images", "[1, 1, 4, 4]")],
    ["sample()", () => generator.sample(1), sentence("count", "1")],
    [
      "generate()",
      () => generator.generate(new Float32Array(4)),
      sentence("latents", '"1 of them"'),
    ],
  ])("%s", async (_, call, message) => {
    await expect(call()).rejects.toMatchObject({ name: "RangeError", message });
  });

  it("features()", async () => {
    using network = await metrics.classifier({ eachChannel: true });
    const features = (count: number) => network.features(generator, { count });
    const message = sentence("count", "1");
    await expect(features(1)).rejects.toMatchObject({ name: "RangeError", message });
    expect((await features(2)).count).toBe(2);
  });
});
