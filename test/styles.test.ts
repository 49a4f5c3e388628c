// Styles in training and in sampling, against PyTorch that runs the source that toPyTorch() prints.
import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  architectures,
  type GeneratorArchitecture,
  Generator,
  Images,
  type Layer,
  layers as l,
  metrics,
  objectives,
  optimizers,
  setThreads,
  threads,
  Trainer,
} from "../lib/index.js";
import { product } from "../lib/shape.js";
import { writeSafetensors } from "../lib/safetensors.js";
import { largestDifference } from "./helpers/apart.js";
import { type Judgement, trainThere } from "./helpers/drawn-referee.js";
import { type DrawnTraining, trainDrawn } from "./helpers/drawn-training.js";
import { bytesOf, inputsOf, runOn, valuesOf } from "./helpers/inputs.js";
import { digest, withFolder } from "./helpers/networks.js";
import { needsLive, referee, type Verdict } from "./helpers/referee.js";
import { collect, image, labelledImages, stateOf, tinyDiscriminator } from "./helpers/training.js";

let before = 1;
beforeAll(async () => {
  before = await threads();
  await setThreads(1);
});
afterAll(() => setThreads(before));

const lrelu = () => l.leakyRelu(0.2);
const synthesis = (): Layer[] => [
  l.constant([4, 2, 2]),
  ...[l.modulatedConv2d(6, 3, { upsample: true, gain: Math.SQRT2 }), l.noiseInjection(), lrelu()],
  l.sequential("b8", [l.modulatedConv2d(4, 3, { upsample: true }), lrelu()]),
  l.modulatedConv2d(1, 1, { demodulate: false }),
];
const mapping = () => [l.pixelNorm(), l.linear(5), lrelu()];

const spelled = { distribution: "normal", classes: 0, codes: 0, labels: "oneHot" } as const;
const range = [-1, 1] as const;
const kinds: Record<string, GeneratorArchitecture> = {
  "a mean that moves fast": {
    ...{ latent: { ...spelled, noise: 5 }, range },
    layers: [l.styled({ mapping: mapping(), synthesis: synthesis() }, { averageDecay: 0.7 })],
  },
  "two styles of a batch": {
    ...{ latent: { ...spelled, noise: 5, distribution: "uniform", classes: 3, codes: 2 }, range },
    layers: [l.styled({ mapping: mapping(), synthesis: synthesis() }, { mixing: 0.8 })],
  },
  "labels, and styles in styles": {
    ...{ latent: { ...spelled, noise: 5, classes: 3, labels: "embedded" }, range },
    layers: [
      l.styled(
        {
          mapping: [l.embedding(4), l.linear(6), lrelu()],
          synthesis: [
            ...[l.constant([4, 8, 8]), l.modulatedConv2d(4, 3)],
            l.embedding(4, { combine: "multiply" }),
            l.styled({
              mapping: [l.modulatedConv2d(2, 3), l.flatten(), l.linear(3)],
              synthesis: [l.unflatten([3, 1, 1]), l.modulatedConv2d(16, 1)],
            }),
            ...[l.pixelShuffle(4), l.modulatedConv2d(64, 1), l.pixelShuffle(8)],
            l.avgPool2d(4),
          ],
        },
        { mixing: 0.8 },
      ),
    ],
  },
};

const adam = optimizers.adam({ lr: 2e-3, betas: [0, 0.99] });
const descent = optimizers.sgd({ lr: 0.01 });

/** Five steps of both players, whose batches are 8, 8 and 4 of 20 images. */
function trainingOf(generator: GeneratorArchitecture, seed: number): DrawnTraining {
  const discriminator = { image, layers: [l.flatten(), l.linear(16), lrelu(), l.linear(1)], range };
  const { classes = 0, codes = 0 } = generator.latent;
  const images = 20;
  return {
    seed,
    pair: { generator, discriminator, image, auxiliary: "none", classes, codes },
    rules: {
      objective: objectives.nonSaturating(),
      ...{ order: "generatorFirst", fakes: "fresh", discriminatorSteps: 2, generatorSteps: 1 },
      ema: { decay: 0.9, rampUp: 0.05 },
      optimizer: { generator: adam, discriminator: adam },
      descent: { generator: descent, discriminator: descent },
      ...{ images, batch: 8, steps: 5, dropLast: false, horizontalFlip: false },
      frozen: { generator: [], discriminator: [] },
    },
    bytes: Array.from({ length: images * product(image) }, (_, i) => (i * 7919 + 31 * seed) % 256),
    labels: Array.from({ length: images }, (_, i) => i % Math.max(1, classes)),
  };
}

describe("a training with styles", () => {
  const trainings = Object.values(kinds).map(trainingOf);
  let theirs: Verdict<Record<string, Judgement>>;
  beforeAll(async () => {
    theirs = await trainThere("styles", trainings);
  });

  it.each(Object.keys(kinds))("is that of PyTorch, bit for bit: %s", async (name) => {
    const training = trainings[Object.keys(kinds).indexOf(name)] as DrawnTraining;
    const { optimizer, steps } = training.rules;
    const ours = await trainDrawn(training, { optimizer, steps, execution: "eager" });
    const judged = theirs.value[training.seed] as Judgement;
    expect([judged.error, judged.finite, ours.refusal]).toEqual([undefined, true, undefined]);
    const losses = judged.losses.flat() as number[];
    expect(largestDifference(ours.losses.flat(), losses)).toBeLessThan(5e-5);
    if (!theirs.live) return;
    expect([ours.initial, ours.losses, ours.final]).toEqual([
      judged.initial,
      judged.losses,
      judged.final,
    ]);
  });

  it.each(Object.keys(kinds))("is fused as it is eager, to rounding: %s", async (name) => {
    const training = trainings[Object.keys(kinds).indexOf(name)] as DrawnTraining;
    const options = { optimizer: training.rules.descent, steps: 5 };
    const eager = await trainDrawn(training, { ...options, execution: "eager" });
    const fused = await trainDrawn(training, { ...options, execution: "fused" });
    expect(largestDifference(fused.state, eager.state)).toBeLessThan(1e-4);
  });
});

/** A StyleGAN2 after some steps, with its average. */
async function trained(steps: number): Promise<Trainer> {
  const latent = { noise: 6, classes: 3 };
  const architecture = architectures.stylegan2({ latent, image: [1, 8, 8], channels: 4 });
  const trainer = new Trainer({
    generator: new Generator(architecture, { seed: 3 }),
    discriminator: tinyDiscriminator(),
    objective: objectives.nonSaturating(),
    optimizer: { generator: adam, discriminator: adam },
    ema: { decay: 0.9 },
    execution: "eager",
  });
  using data = await labelledImages(24);
  await collect(trainer.run(data, { steps, batchSize: 8 }));
  return trainer;
}

describe("the mean of styles", () => {
  it("begins at 0, moves in training alone, and is copied to the average", async () => {
    using first = await trained(1);
    using trainer = await trained(3);
    const mean = async (network: Generator) => (await stateOf(network)).get("0.w_avg");
    const [mine, its] = [await mean(trainer.generator), await mean(trainer.ema as Generator)];
    expect(its).toEqual(mine);
    expect(mine).not.toEqual(await mean(first.generator));
    await trainer.generator.sample(8, { seed: 1, truncationPsi: 0.5 });
    expect(await mean(trainer.generator)).toEqual(mine);
    const fresh = new Generator(trainer.generator.architecture);
    expect(await mean(fresh)).toEqual(mine?.map(() => 0));
  });

  it("goes on with a checkpoint, bit for bit", () =>
    withFolder(async (folder) => {
      using whole = await trained(4);
      using part = await trained(2);
      await part.save(join(folder, "two"));
      using rest = await Trainer.load(join(folder, "two"));
      using data = await labelledImages(24);
      await collect(rest.run(data, { steps: 2, batchSize: 8 }));
      expect(await digest(rest.generator, rest.ema as Generator)).toBe(
        await digest(whole.generator, whole.ema as Generator),
      );
    }));
});

describe("truncationPsi", () => {
  it("takes every style to the mean, as far as it says", async () => {
    using trainer = await trained(3);
    const { generator } = trainer;
    const options = { seed: 5, labels: 1 };
    const samples = async (truncationPsi?: number) =>
      (await generator.sample(4, { ...options, truncationPsi })).data;
    const each = product(generator.image);
    const row = (data: Float32Array, i: number) => data.slice(i * each, (i + 1) * each);
    const plain = await samples();
    expect(await samples(1)).toEqual(plain);
    const mean = await samples(0);
    const spread = (data: Float32Array) =>
      Math.max(...row(data, 0).map((value, i) => Math.abs(value - (row(data, 1)[i] as number))));
    expect(spread(mean)).toBeLessThan(1e-6);
    const half = spread(await samples(0.5));
    expect(half).toBeGreaterThan(0);
    expect(half).toBeLessThan(spread(plain));
    // Whatever the noise and the label are.
    const other = await generator.sample(4, { seed: 6, labels: 2, truncationPsi: 0 });
    expect(Math.max(...other.data.map((v, i) => Math.abs(v - (mean[i] as number))))).toBeLessThan(
      1e-6,
    );
    const fused = await generator.sample(4, { ...options, truncationPsi: 0.5, execution: "fused" });
    const eager = await samples(0.5);
    expect(largestDifference(fused.data, eager)).toBeLessThan(5e-5);
  });

  it("is that of the PyTorch module, bit for bit", async ({ skip }) => {
    using trainer = await trained(3);
    const { generator } = trainer;
    const count = 4;
    const psi = 0.7;
    const inputs = inputsOf(generator, count);
    const theirs = await withFolder(async (folder) => {
      await generator.saveWeights(join(folder, "g.safetensors"));
      await writeSafetensors(join(folder, "g.inputs.safetensors"), inputs);
      const names = inputs.map(({ name }) => name);
      const source = generator.toPyTorch();
      const row = { name: "g", class: "Generator", source, file: "g", inputs: names, psi };
      await writeFile(join(folder, "twins.json"), JSON.stringify([row]));
      return referee<Record<string, { output: string; numbers: number[] }>>(
        "styles-truncated",
        "torch-module.py",
        [folder, "0"],
      );
    });
    const [noise, labels] = inputs;
    const { data } = await generator.sample(count, {
      noise: valuesOf(noise),
      labels: Array.from(new BigInt64Array(labels?.data.slice().buffer as ArrayBuffer), Number),
      truncationPsi: psi,
    });
    expect(await runOn(generator, count, psi)).toEqual(data);
    const { numbers, output } = theirs.value.g as { output: string; numbers: number[] };
    expect(largestDifference(data.slice(0, numbers.length), numbers)).toBeLessThan(5e-5);
    needsLive(theirs, skip);
    expect(createHash("sha256").update(bytesOf(data)).digest("hex")).toBe(output);
  });

  it("of generate() is that of sample(), in parts and fused too", async () => {
    using trainer = await trained(3);
    const { generator } = trainer;
    const [count, truncationPsi] = [300, 0.4];
    const noise = await generator.noise(count, { seed: 4 });
    const { noise: width, classes } = generator.latent;
    const latents = new Float32Array(count * (width + classes));
    const labels = Array.from({ length: count }, (_, i) => i % classes);
    for (const [i, label] of labels.entries()) {
      const start = i * (width + classes);
      latents.set(noise.subarray(i * width, (i + 1) * width), start);
      latents[start + width + label] = 1;
    }
    const expected = await generator.sample(count, { noise, labels, truncationPsi });
    const made = async (psi?: number) =>
      bytesOf((await generator.generate(latents, { truncationPsi: psi })).data);
    // By their bytes: what differs between so many numbers would take minutes to print.
    const equal = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;
    expect(equal(await made(truncationPsi), bytesOf(expected.data))).toBe(true);
    expect(equal(await made(1), await made())).toBe(true);
    const fused = await generator.generate(latents, { truncationPsi, execution: "fused" });
    expect(largestDifference(fused.data, expected.data)).toBeLessThan(5e-5);
  });

  it("is told with features of such samples, and with what is measured of them", async () => {
    using network = await metrics.classifier();
    using trainer = await trained(3);
    const { generator } = trainer;
    const options = { count: 100, seed: 2 };
    const near = await network.features(generator, { ...options, truncationPsi: 0.3 });
    const plain = await network.features(generator, options);
    const drawn = { seed: 2, truncationPsi: 0.3, execution: "fused" } as const;
    const { data, shape } = await generator.sample(100, drawn);
    // Beyond black and white as pictures are.
    const images = new Images(
      data.map((value) => Math.min(1, Math.max(-1, value))),
      shape,
    );
    expect(near.data).toEqual((await network.features(images)).data);
    expect([near.truncationPsi, plain.truncationPsi]).toEqual([0.3, undefined]);
    expect(await metrics.fid(plain, near)).toMatchObject({ truncationPsi: 0.3 });
    expect(await metrics.fid(near, plain)).not.toHaveProperty("truncationPsi");
  });
});
