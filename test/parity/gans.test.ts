// Each preset against a PyTorch script that was written by hand from its paper: same seed, same numbers, bit for
// bit. The scripts know nothing of this project; their networks, losses and loops are their own.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it, type TestContext } from "vitest";
import {
  Discriminator,
  datasets,
  Generator,
  type Layer,
  layers as l,
  objectives,
  optimizers,
  penalties,
  schedules,
  setThreads,
  Trainer,
  type TrainerOptions,
  threads,
} from "../../lib/index.js";
import { type Preset, type PresetName, presetNames, presets } from "../../lib/presets.js";
import { withFolder } from "../helpers/networks.js";
import { referee } from "../helpers/referee.js";
import { expectEqual, follow, steps, type Trajectory } from "../helpers/trajectory.js";

/** A preset, with what the test changes of how it is trained. */
interface Case {
  readonly preset: PresetName;
  readonly training?: Partial<TrainerOptions>;
  readonly horizontalFlip?: boolean;
  /** What its script is told of it. */
  readonly choices?: Readonly<Record<string, string>>;
  /** Networks in the place of its own. */
  readonly networks?: (size: number) => ReturnType<Preset["pair"]>;
}

// 400 images in batches of 32: the last of an epoch has 16, and the scripts with five batches a step see eight epochs.
const count = 400;
const batch = 32;

/** Those that parity.test.ts compares with the article's own script. */
const elsewhere: readonly PresetName[] = ["article", "mlp"];
const gans = presetNames.filter((name) => !elsewhere.includes(name));

async function trainHere(one: Case): Promise<Trajectory> {
  const { preset, training, horizontalFlip, networks: own } = one;
  const { pair, size, summary, steps: _, batch: __, ...rest }: Preset = presets[preset];
  const networks = own?.(size.default) ?? pair({ image: [1, size.default, size.default] });
  const generator = new Generator(networks.generator, { seed: 0 });
  const discriminator = new Discriminator(networks.discriminator);
  const options = { ...rest, ...training, generator, discriminator, execution: "eager" } as const;
  using trainer = new Trainer(options);
  const { bytes, labels, shape } = await readData(size.default);
  using images = await datasets.fromBytes(bytes, { shape, labels });
  return await follow(trainer, images, { batchSize: batch, horizontalFlip });
}

const read = new Map<number, ReturnType<typeof resizeData>>();

/** The first images of MNIST, resized once for all cases: with them the other 59,600 are. */
function readData(size: number): ReturnType<typeof resizeData> {
  const data = read.get(size) ?? resizeData(size);
  read.set(size, data);
  return data;
}

async function resizeData(size: number) {
  using mnist = await datasets.mnist({ size });
  const { data } = await mnist.read(0, count);
  const bytes = Uint8Array.from(data, (value) => Math.round(value * 255));
  return {
    bytes,
    labels: (mnist.labels as Uint8Array).slice(0, count),
    shape: [count, 1, size, size],
  };
}

function trainThere(script: string, { preset, horizontalFlip: flips, choices = {} }: Case) {
  const size = presets[preset].size.default;
  return withFolder(async (folder) => {
    const { bytes, labels } = await readData(size);
    const [images, classes] = [join(folder, "images"), join(folder, "labels")];
    await writeFile(images, bytes);
    await writeFile(classes, labels);
    const numbers = { size, steps, batch, threads: 1, seed: 0 };
    const name = ["gan", script, ...(flips ? ["flipped"] : []), ...Object.values(choices)].join(
      "-",
    );
    return referee<Trajectory>(name, `parity/${script}.py`, [
      ...["--images", images, "--labels", classes],
      ...(flips ? ["--flip"] : []),
      ...Object.entries({ ...numbers, ...choices }).flatMap(([name, value]) => [
        `--${name}`,
        String(value),
      ]),
    ]);
  });
}

async function compare(
  script: string,
  one: Case,
  context: Pick<TestContext, "skip">,
): Promise<void> {
  expectEqual(await trainHere(one), await trainThere(script, one), context);
}

const wide = 16;
const conv = () => l.conv2d(wide, 3, { padding: 1 });
const down = (name: string) => l.spectralNorm(l.conv2d(wide, 4, { stride: 2, padding: 1, name }));
const upwards = (name: string) =>
  l.residual(
    [
      ...[l.conditionalBatchNorm2d(), l.relu(), l.upsample(2), conv()],
      ...[l.conditionalBatchNorm2d(), l.relu(), conv()],
    ],
    [l.upsample(2), l.conv2d(wide, 1)],
    { name },
  );

/** Labels in the generator's blocks and at the discriminator's end; orthogonal first weights. */
const projection =
  (head: Layer) =>
  (size: number): ReturnType<Preset["pair"]> => ({
    generator: {
      latent: { noise: 64, classes: 10, labels: "embedded" },
      init: { type: "orthogonal" },
      layers: [
        l.linear((wide * size ** 2) / 16, { name: "l1" }),
        l.unflatten([wide, size / 4, size / 4]),
        ...[upwards("block2"), upwards("block3"), l.batchNorm2d({ name: "b4" }), l.relu()],
        ...[l.conv2d(1, 3, { padding: 1, name: "c4" }), l.tanh()],
      ],
    },
    discriminator: {
      image: [1, size, size],
      classes: 10,
      init: { type: "orthogonal" },
      layers: [...[down("c1"), l.relu(), down("c2"), l.relu()], ...[l.globalSumPool2d(), head]],
    },
  });

/** A small synthesis of a constant, against two strided convolutions. */
const ofStyles = (size: number): ReturnType<Preset["pair"]> => {
  const modulated = () => [l.modulatedConv2d(8, 3), l.leakyRelu(0.2), l.upsample(2)];
  const strided = () => [l.conv2d(8, 4, { stride: 2, padding: 1 }), l.leakyRelu(0.2)];
  return {
    generator: {
      latent: { noise: 16 },
      layers: [
        l.styled({
          mapping: [l.linear(12), l.leakyRelu(0.2), l.linear(12)],
          synthesis: [
            ...[l.constant([8, size / 4, size / 4]), ...modulated(), ...modulated()],
            l.modulatedConv2d(1, 1, { demodulate: false }),
          ],
        }),
        l.tanh(),
      ],
    },
    discriminator: {
      image: [1, size, size],
      layers: [...strided(), ...strided(), l.flatten(), l.linear(1)],
    },
  };
};

/** The autoencoder that collections of scripts have for EBGAN, a quarter as wide. */
const autoencoding =
  (loss: "mse" | "l1") =>
  (size: number): ReturnType<Preset["pair"]> => ({
    generator: presets.lsgan.pair({ image: [1, size, size] }).generator,
    discriminator: {
      image: [1, size, size],
      layers: [
        l.reconstructionError(
          [
            l.sequential("down", [l.conv2d(16, 3, { stride: 2, padding: 1 }), l.relu()]),
            l.flatten(),
            l.linear(32, { name: "embedding" }),
            l.sequential("fc", [
              ...[l.batchNorm1d({ eps: 0.8 }), l.relu()],
              ...[l.linear(4 * size ** 2), l.batchNorm1d(), l.relu()],
            ]),
            l.unflatten([16, size / 2, size / 2]),
            l.sequential("up", [l.upsample(2), l.conv2d(1, 3, { padding: 1 })]),
          ],
          { loss, name: "energy" },
        ),
      ],
    },
  });

describe("a preset and its PyTorch script from one seed, one thread", async () => {
  const before = await threads();
  beforeAll(() => setThreads(1));
  afterAll(() => setThreads(before));

  it.for(gans)(
    "have equal initial weights, 20 equal losses and equal final weights: %s",
    (preset, context) => compare(preset, { preset }, context),
  );

  it("have them by the loop of PyTorch's tutorial: the same fakes, and the sum of two losses", (context) => {
    const objective = objectives.nonSaturating({ discriminatorLoss: "sum" });
    const training = { fakes: "same", objective } as const;
    return compare("dcgan-tutorial", { preset: "dcgan", training }, context);
  });

  const own = l.projection({ name: "head" });

  it.for([
    { head: "plain", layer: own },
    { head: "normed", layer: l.spectralNorm(own) },
  ])("have them with labels in residual blocks, and a $head projection", (one, context) => {
    const { head, layer } = one;
    const networks = projection(layer);
    const training = { discriminatorSteps: 1 };
    const choices = { head };
    return compare(
      "sngan-projection",
      { preset: "sngan-hinge", networks, training, choices },
      context,
    );
  });

  it("have them with clipped gradients and a cosine schedule, too", (context) => {
    const schedule = schedules.cosine({ steps, min: 1e-4 });
    const adam = optimizers.adam({ lr: 1e-3, betas: [0.5, 0.999], clipGradNorm: 0.1, schedule });
    const training = { optimizer: { generator: adam, discriminator: adam } };
    return compare("clipping", { preset: "mlp", training }, context);
  });

  it("have them seeking the boundary", (context) => {
    const objective = objectives.boundarySeeking();
    const training = { objective, discriminatorSteps: 1, order: "generatorFirst" } as const;
    return compare("bgan", { preset: "wgan-gp", training }, context);
  });

  it("have them by a softmax over reals and fakes", (context) => {
    const objective = objectives.softmax();
    const training = { objective, discriminatorSteps: 1, order: "generatorFirst" } as const;
    return compare("softmax", { preset: "wgan-gp", training }, context);
  });

  it.for([
    { loss: "ebgan", error: "mse", objective: objectives.energyBased() },
    {
      loss: "began",
      error: "l1",
      objective: objectives.boundaryEquilibrium({ gamma: 0.75, lambda: 0.1 }),
    },
  ] as const)(
    "have them with an autoencoder for a discriminator: $loss",
    ({ loss, error, objective }, context) => {
      const networks = autoencoding(error);
      const training = { objective };
      return compare("energy", { preset: "lsgan", networks, training, choices: { loss } }, context);
    },
  );

  it("have them with mixed styles", (context) => {
    const networks = (size: number) => {
      const { generator, discriminator } = presets.stylegan2.pair({ image: [1, size, size] });
      const [styled] = generator.layers as [Layer];
      return { generator: { ...generator, layers: [{ ...styled, mixing: 0.9 }] }, discriminator };
    };
    return compare(
      "stylegan2",
      { preset: "stylegan2", networks, choices: { mixing: "0.9" } },
      context,
    );
  });

  it.for(
    (["generatorFirst", "discriminatorFirst"] as const).flatMap((order) =>
      (["1", "2"] as const).map((updates) => ({ order, updates })),
    ),
  )(
    "have them with path lengths, $updates generator updates a step: $order",
    (choices, context) => {
      const adam = optimizers.adam({ lr: 2e-3, betas: [0, 0.99] });
      const training: Partial<TrainerOptions> = {
        objective: objectives.nonSaturating({
          penalties: [
            penalties.pathLength({ every: 2, decay: 0.1 }),
            penalties.r1({ weight: 1, every: 3 }),
          ],
        }),
        ...{ optimizer: { generator: adam, discriminator: adam } },
        ...{ order: choices.order, generatorSteps: Number(choices.updates) },
      };
      return compare(
        "path-length",
        { preset: "dcgan", training, networks: ofStyles, choices },
        context,
      );
    },
  );

  it("have them with WGAN-div's penalty in the place of WGAN-GP's", (context) => {
    const objective = objectives.wasserstein({ penalties: [penalties.wganDiv()] });
    return compare("wgan-div", { preset: "wgan-gp", training: { objective } }, context);
  });

  it.for(
    (["generatorFirst", "discriminatorFirst"] as const).flatMap((order) =>
      (["same", "fresh"] as const).map((fakes) => ({ order, fakes })),
    ),
  )(
    "have them with two updates of each player a step: $order, $fakes fakes",
    (choices, context) => {
      const rate = { lr: 2e-4, betas: [0.5, 0.999] } as const;
      const schedule = schedules.cosine({ steps: 2 * steps, min: 1e-5 });
      const training: Partial<TrainerOptions> = {
        ...choices,
        objective: objectives.hinge(),
        optimizer: {
          generator: optimizers.adam({ ...rate, schedule }),
          discriminator: optimizers.adam(rate),
        },
        ...{ discriminatorSteps: 2, generatorSteps: 2, ema: { decay: 0.99 } },
      };
      return compare("generator-steps", { preset: "wgan-gp", training, choices }, context);
    },
  );

  it("have them with torchvision's random flips, of five batches a step", (context) =>
    compare("wgan-gp", { preset: "wgan-gp", horizontalFlip: true }, context));
});
