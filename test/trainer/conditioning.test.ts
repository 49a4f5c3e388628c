import { describe, expect, it } from "vitest";
import {
  auxiliaries,
  Discriminator,
  datasets,
  Generator,
  layers as l,
  objectives,
  type TrainerOptions,
} from "../../lib/index.js";
import { makeFolder } from "../helpers/folder.js";
import { writeTree } from "../helpers/image-folder.js";
import {
  collect,
  conditionalDiscriminator,
  headedDiscriminator,
  image,
  labelledImages,
  losses,
  tinyTrainer,
} from "../helpers/training.js";

const acgan = objectives.hinge({ auxiliaries: [auxiliaries.acgan()] });
const infogan = objectives.hinge({ auxiliaries: [auxiliaries.infogan()] });
const three = { noise: 5, classes: 3 };

describe("Trainer.run, with labels that do not fit", () => {
  const conditional = () =>
    tinyTrainer({ latent: three, discriminator: conditionalDiscriminator(3) });
  const classified = () =>
    tinyTrainer({
      latent: three,
      discriminator: headedDiscriminator({ classes: 3 }),
      objective: acgan,
    });
  const unlabelled = () => datasets.fromBytes(new Uint8Array(8 * 64), { shape: [8, ...image] });

  it.each([
    ["the discriminator", conditional],
    ["acgan", classified],
  ])(
    "refuses a dataset without labels where %s needs them, and stays usable",
    async (reader, make) => {
      const trainer = make();
      using bare = await unlabelled();
      await expect(losses(trainer, bare)).rejects.toMatchObject({
        code: "ERR_DATA",
        message: `Expected labels, which ${reader} needs, for dataset but received none (datasets.fromBytes() takes them as its option labels)`,
      });
      using data = await labelledImages(24);
      expect(await losses(trainer, data)).toHaveLength(3);
    },
  );

  it("refuses a label that is one beyond the classes, and takes the last of them", async () => {
    const trainer = conditional();
    const labelled = (label: number) =>
      datasets.fromBytes(new Uint8Array(8 * 64), {
        ...{ shape: [8, 1, 8, 8], labels: new Uint8Array(8).fill(label) },
      });
    await expect(losses(trainer, await labelled(3))).rejects.toThrow(
      "Expected labels from 0 to 2 (3 classes) for dataset but received 3 at image 0",
    );
    expect(await losses(trainer, await labelled(2))).toHaveLength(3);
  });

  it("names class folders where images of a folder have no labels", async () => {
    const folder = await makeFolder();
    await writeTree(folder.path, { "1.png": 1, "2.png": 2 });
    using bare = await datasets.folder(folder.path, { size: 8, channels: 1, cache: false });
    await folder.remove();
    await expect(losses(conditional(), bare)).rejects.toThrow(
      "Expected labels, which the discriminator needs, for dataset but received none (a folder for each class in it would give them)",
    );
  });

  it.each([
    ["a conditional discriminator", conditional],
    ["acgan", classified],
  ])("names the first label that is too large, for %s", async (_, make) => {
    using data = await labelledImages(24, (i) => (i === 5 || i === 9 ? 250 : i % 3));
    await expect(losses(make(), data)).rejects.toMatchObject({
      code: "ERR_DATA",
      message: "Expected labels from 0 to 2 (3 classes) for dataset but received 250 at image 5",
    });
  });

  it("asks nobody else for labels: an unconditional pair, classes in the latent alone, infogan", async () => {
    using bare = await unlabelled();
    const latent = { noise: 5, classes: 3, codes: 2 };
    const informed = {
      latent,
      objective: infogan,
      discriminator: headedDiscriminator({ classes: 3, codes: 2 }),
    };
    for (const options of [{}, { latent }, informed])
      expect((await losses(tinyTrainer(options), bare)).flat().every(Number.isFinite)).toBe(true);
  });
});

it("labels in residual blocks: fused training is eager training to rounding", async () => {
  using data = await labelledImages(24);
  const [eager, fused] = await Promise.all(
    (["eager", "fused"] as const).map((execution) =>
      losses(tinyTrainer({ ...blocks(), execution }), data),
    ),
  );
  eager?.flat().forEach((loss, i) => {
    expect(fused?.flat()[i]).toBeCloseTo(loss, 4);
  });
});

describe("datasets.fromBytes, misused", () => {
  it("refuses labels over memory that is shared", async () => {
    const labels = new Uint8Array(new SharedArrayBuffer(1));
    const options = { shape: [1, ...image], labels };
    await expect(datasets.fromBytes(new Uint8Array(64), options)).rejects.toThrow(
      "Expected an array over memory of its own, not shared, for labels but received Uint8Array(1 bytes)",
    );
  });
});

/** Labels that are seen within residual blocks of both networks, and nowhere else. */
const blocks = (): Partial<TrainerOptions> & { latent: typeof three } => {
  const block = l.residual([
    ...[l.conditionalBatchNorm2d(), l.relu(), l.upsample(2), l.conv2d(4, 3, { padding: 1 })],
    ...[l.conditionalBatchNorm2d(), l.leakyRelu(0.2), l.avgPool2d(2)],
  ]);
  const latent = { ...three, labels: "embedded" } as const;
  const start = [l.linear(4 * 64), l.unflatten([4, 8, 8])];
  const generator = new Generator(
    { latent, layers: [...start, block, l.conv2d(1, 1), l.tanh()] },
    { seed: 0 },
  );
  const judging = l.residual([l.sequential("deep", [l.embedding(1, { combine: "multiply" })])]);
  const discriminator = new Discriminator(
    { image, classes: 3, layers: [judging, l.flatten(), l.linear(1)] },
    { seed: 1 },
  );
  return { latent, generator, discriminator };
};

describe.each(["eager", "fused"] as const)("%s training of a conditional pair", (execution) => {
  const pairs: [string, () => Partial<TrainerOptions> & { latent: typeof three }][] = [
    [
      "one-hot labels and a projection",
      () => ({
        latent: three,
        discriminator: conditionalDiscriminator(3),
      }),
    ],
    [
      "embedded labels on both sides",
      () => ({
        latent: { ...three, labels: "embedded" },
        discriminator: new Discriminator(
          {
            image,
            classes: 3,
            layers: [l.flatten(), l.embedding(4), l.linear(16), l.leakyRelu(0.2), l.linear(1)],
          },
          { seed: 1 },
        ),
      }),
    ],
    ["labels in residual blocks", blocks],
    [
      "an auxiliary classifier",
      () => ({
        latent: three,
        discriminator: headedDiscriminator({ classes: 3 }),
        objective: acgan,
      }),
    ],
  ];

  it.each(pairs)("%s: the labels of the reals reach the losses", async (_, pair) => {
    const run = async (labelOf: (index: number) => number) => {
      using data = await labelledImages(24, labelOf);
      return await losses(tinyTrainer({ ...pair(), execution }), data);
    };
    const all = await run((i) => i % 3);
    expect(all.flat().every(Number.isFinite)).toBe(true);
    expect(await run((i) => i % 3)).toEqual(all);
    expect(await run((i) => (i + 1) % 3)).not.toEqual(all);
  });

  it("acgan learns the classes: one pixel tells them", async () => {
    const count = 96;
    const bytes = new Uint8Array(count * 64).fill(128);
    const labels = Uint8Array.from({ length: count }, (_, i) => i % 3);
    for (let i = 0; i < count; ++i)
      bytes.fill(255, i * 64 + (i % 3) * 20, i * 64 + (i % 3) * 20 + 20);
    using data = await datasets.fromBytes(bytes, { shape: [count, ...image], labels });
    const discriminator = headedDiscriminator({ classes: 3 });
    const trainer = tinyTrainer({ latent: three, discriminator, objective: acgan, execution });
    await collect(trainer.run(data, { steps: 150, batchSize: 32 }));
    const reals = await data.read(0, 3, { range: [-1, 1] });
    const logits = await discriminator.classify(reals);
    for (let i = 0; i < 3; ++i) {
      const row = logits.subarray(i * 3, i * 3 + 3);
      expect(row.indexOf(Math.max(...row))).toBe(i);
    }
  });
});
