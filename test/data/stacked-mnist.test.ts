// Three digits as the three channels of an image: what is stacked, its labels, and the modes that are counted of it.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { architectures, Discriminator, datasets, Generator, metrics } from "../../lib/index.js";
import { objectives, optimizers, Trainer } from "../../lib/index.js";
import { runCli } from "../helpers/cli.js";
import { idx, imagesFile, writeIdxFolder } from "../helpers/idx.js";
import { withFolder } from "../helpers/networks.js";

describe("datasets.stackedMnist", () => {
  it("stacks digits of the files, and its label is the number that theirs make", () =>
    withFolder(async (folder) => {
      const root = await writeIdxFolder(join(folder, "data"), 130);
      // Each image is another one.
      const file = idx([130, 8, 8]);
      for (let i = 0; i < 130; ++i) file[16 + 64 * i] = i;
      await writeFile(join(root, imagesFile), file);
      using digits = await datasets.mnist({ root, size: 8 });
      using stacked = await datasets.stackedMnist({ root, size: 8, count: 300, seed: 4 });
      expect([stacked.size, stacked.image, stacked.classes]).toEqual([300, [3, 8, 8], 1000]);
      const one = (await digits.read(0, 130)).data;
      const key = (values: Float32Array) => values.join();
      const known = new Map<string, number>();
      for (let i = 0; i < 130; ++i)
        known.set(key(one.subarray(64 * i, 64 * (i + 1))), digits.labels?.[i] as number);
      const { data } = await stacked.read(0, 300);
      const labels = Array.from({ length: 300 }, (_, i) => {
        const channel = (c: number) => data.subarray(64 * (3 * i + c), 64 * (3 * i + c + 1));
        const [red, green, blue] = [0, 1, 2].map((c) => known.get(key(channel(c))) as number);
        return 100 * (red as number) + 10 * (green as number) + (blue as number);
      });
      expect(Array.from(stacked.labels as Uint16Array)).toEqual(labels);
      expect(Math.max(...labels)).toBeGreaterThan(255);
    }));

  it("stacks digits that were resized to height and width", () =>
    withFolder(async (folder) => {
      const root = await writeIdxFolder(join(folder, "data"), 130);
      const size = [6, 10] as const;
      using digits = await datasets.mnist({ root, size });
      using stacked = await datasets.stackedMnist({ root, size, count: 5 });
      expect([digits.image, stacked.image]).toEqual([
        [1, 6, 10],
        [3, 6, 10],
      ]);
      const planesOf = ({ data }: { data: Float32Array }) =>
        Array.from({ length: data.length / 60 }, (_, i) => data.slice(60 * i, 60 * i + 60).join());
      const known = new Set(planesOf(await digits.read(0, 130)));
      const planes = planesOf(await stacked.read(0, 5));
      expect(planes.filter((plane) => known.has(plane))).toHaveLength(15);
    }));

  it("is the same for the same seed, as long as the files unless asked otherwise, and resized", () =>
    withFolder(async (folder) => {
      const root = await writeIdxFolder(join(folder, "data"), 130);
      const of = async (seed?: number) => {
        using stacked = await datasets.stackedMnist({ root, seed });
        expect([stacked.size, stacked.image]).toEqual([130, [3, 28, 28]]);
        return stacked.native.fingerprint();
      };
      expect(await of(0)).toBe(await of());
      expect(await of(1)).not.toBe(await of());
    }));

  it("has a thousand modes, about equally often, and the classifier sees which", async () => {
    using many = await datasets.stackedMnist({ count: 26_000 });
    const counts = new Map<number, number>();
    for (const label of many.labels as Uint16Array) counts.set(label, (counts.get(label) ?? 0) + 1);
    expect(counts.size).toBe(1000);
    // 26 of each; a digit is at most a quarter more or less frequent than another, and chance comes on top.
    expect(Math.max(...counts.values())).toBeLessThan(70);
    using network = await metrics.classifier({ eachChannel: true });
    using some = await datasets.stackedMnist({ split: "test", count: 500, seed: 1 });
    const features = await network.features(some);
    const coverage = await metrics.modeCoverage(features, features);
    expect(coverage).toMatchObject({ real: 500, generated: 500, divergence: 0 });
    expect(coverage.value).toBe(coverage.modes);
    // features() draws the images in an order of its own: the sets of modes are compared.
    const found = new Set(Array.from({ length: 500 }, (_, i) => modeOf(features, i)));
    expect(found.size).toBe(coverage.modes);
    const labels = new Set(some.labels);
    const missing = [...labels].filter((label) => !found.has(label));
    expect(missing.length).toBeLessThan(0.05 * labels.size);
  });

  it("trains a pair that is told which of the thousand an image is", () =>
    withFolder(async (folder) => {
      const root = await writeIdxFolder(join(folder, "data"), 40);
      using images = await datasets.stackedMnist({ root, size: 8 });
      const { image, classes } = images;
      const latent = { noise: 4, classes, labels: "embedded" } as const;
      const adam = optimizers.adam({ lr: 1e-3 });
      const trainer = new Trainer({
        generator: new Generator(architectures.mlp({ latent, image }), { seed: 1 }),
        discriminator: new Discriminator(architectures.mlp({ image, classes })),
        objective: objectives.nonSaturating(),
        optimizer: { generator: adam, discriminator: adam },
      });
      const losses: number[] = [];
      for await (const tick of trainer.run(images, { steps: 2, batchSize: 20, tickEvery: 1 }))
        losses.push(tick.discriminatorLoss);
      expect(losses).toHaveLength(2);
      expect(losses.every(Number.isFinite)).toBe(true);
    }));
});

/** The number that the classifier reads in the channels of an image. */
function modeOf({ logits }: metrics.Features, image: number): number {
  const digits = [0, 1, 2].map((channel) => {
    const start = 30 * image + 10 * channel;
    const row = (logits as Float32Array).subarray(start, start + 10);
    return row.indexOf(Math.max(...row));
  });
  return Number(digits.join(""));
}

describe("--data stacked-mnist", () => {
  it(
    "is trained on, and its modes are counted while it trains and after",
    {
      timeout: 120_000,
    },
    () =>
      withFolder(async (folder) => {
        const run = (line: string) => runCli(line.split(" "), folder);
        const train =
          "train --data stacked-mnist --preset mlp --batch 16 --steps 4 --seed 1 --threads 1 --no-tensorboard";
        const judged = "--evaluate-every 4 --evaluate-samples 200 --out run";
        const trained = await run(`${train} ${judged}`);
        expect(trained.code).toBe(0);
        expect(trained.stderr).toContain("60,000 images of 28×28");
        const { code, stdout } = await run("evaluate run --samples 200 --json --device cpu");
        expect(code).toBe(0);
        const { network, data, scores } = JSON.parse(stdout);
        expect([network, data]).toEqual(["mnist-classifier-1 of each channel", "stacked-mnist"]);
        expect(Object.keys(scores)).toEqual([
          ...["fid", "kid", "precisionRecall", "densityCoverage", "modeCoverage"],
        ]);
        const { value, modes, divergence } = scores.modeCoverage;
        expect(modes).toBeGreaterThan(150);
        expect(value).toBeLessThan(20);
        expect(divergence).toBeGreaterThanOrEqual(0);
        const said = await run("evaluate run --samples 200 --metrics mode-coverage --device cpu");
        expect(said.stdout).toMatch(/\n {2}mode-coverage +\d+ of \d+, divergence [\d.]+\n$/);
        const refused = await run("evaluate run --samples 200 --metrics class-balance");
        expect([refused.code, refused.stderr]).toEqual([
          2,
          'Expected some of fid, kid, precision-recall, density-coverage, mode-coverage, parzen, as the images show three digits each, for --metrics but received "class-balance"\n',
        ]);
      }),
  );
});
