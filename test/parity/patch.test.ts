// Discriminators that give a score for each patch, against a PyTorch script that was written by hand: the same seed,
// the same numbers, bit for bit, whatever loss takes its mean over the patches.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import {
  architectures,
  Discriminator,
  type DiscriminatorArchitecture,
  datasets,
  Generator,
  type Layer,
  layers as l,
  type Objective,
  objectives,
  optimizers,
  penalties,
  setThreads,
  Trainer,
  threads,
} from "../../lib/index.js";
import { withFolder } from "../helpers/networks.js";
import { referee } from "../helpers/referee.js";
import { expectEqual, follow, steps, type Trajectory } from "../helpers/trajectory.js";

const size = 16;
// Batches of 32 of 80 images: the last of an epoch has 16.
const [count, batch] = [80, 32];
const wganGp = penalties.wganGp({ weight: 10 });

interface Case {
  readonly loss: string;
  readonly norm: "batch" | "instance";
  readonly objective: Objective;
}

const cases: Case[] = [
  { loss: "vanilla", norm: "batch", objective: objectives.nonSaturating() },
  { loss: "logits", norm: "batch", objective: objectives.nonSaturating() },
  { loss: "lsgan", norm: "batch", objective: objectives.leastSquares() },
  { loss: "lsgan", norm: "instance", objective: objectives.leastSquares() },
  { loss: "hinge", norm: "instance", objective: objectives.hinge() },
  {
    loss: "wgan-gp",
    norm: "instance",
    objective: objectives.wasserstein({ penalties: [wganGp] }),
  },
  {
    loss: "rpgan",
    norm: "instance",
    objective: objectives.relativisticPaired({ penalties: [penalties.r1({ weight: 10 })] }),
  },
  { loss: "ragan", norm: "batch", objective: objectives.relativisticAverage() },
  {
    loss: "ralsgan",
    norm: "instance",
    objective: objectives.relativisticAverage({ loss: "leastSquares" }),
  },
];

function made(): Layer[] {
  const convolved = [l.conv2d(8, 3, { padding: 1 }), l.leakyRelu(0.2), l.upsample(2)];
  const last = [l.conv2d(1, 3, { padding: 1 }), l.tanh()];
  return [
    l.linear(8 * (size / 4) ** 2, { name: "l1" }),
    l.unflatten([8, size / 4, size / 4]),
    l.sequential("conv_blocks", [l.batchNorm2d(), l.upsample(2), ...convolved, ...last]),
  ];
}

function judging({ loss, norm }: Case): DiscriminatorArchitecture {
  const plain = architectures.patch({ image: [1, size, size], channels: 8, halvings: 2, norm });
  return loss === "vanilla" ? { ...plain, layers: [...plain.layers, l.sigmoid()] } : plain;
}

async function firstBytes(): Promise<Uint8Array> {
  using mnist = await datasets.mnist({ size });
  const { data } = await mnist.read(0, count);
  return Uint8Array.from(data, (value) => Math.round(value * 255));
}

async function trainHere(one: Case): Promise<Trajectory> {
  const generator = new Generator({ latent: { noise: 16 }, layers: made() }, { seed: 0 });
  const discriminator = new Discriminator(judging(one));
  const adam = optimizers.adam({ lr: 2e-4, betas: [0.5, 0.999] });
  const optimizer = { generator: adam, discriminator: adam };
  const { objective } = one;
  const options = { generator, discriminator, objective, optimizer, execution: "eager" } as const;
  using trainer = new Trainer(options);
  using images = await datasets.fromBytes(await firstBytes(), { shape: [count, 1, size, size] });
  return await follow(trainer, images, { batchSize: batch });
}

function trainThere({ loss, norm }: Case) {
  return withFolder(async (folder) => {
    const [images, labels] = [join(folder, "images"), join(folder, "labels")];
    await writeFile(images, await firstBytes());
    await writeFile(labels, new Uint8Array(count));
    const choices = { images, labels, size, steps, batch, threads: 1, seed: 0, loss, norm };
    const args = Object.entries(choices).flatMap(([name, value]) => [`--${name}`, String(value)]);
    return referee<Trajectory>(`patch-${loss}-${norm}`, "parity/patch.py", args);
  });
}

describe("a score for each patch and its PyTorch script from one seed, one thread", async () => {
  const before = await threads();
  beforeAll(() => setThreads(1));
  afterAll(() => setThreads(before));

  it.for(cases)(
    "have equal initial weights, 20 equal losses and equal final weights: $loss, $norm",
    async (one, context) => expectEqual(await trainHere(one), await trainThere(one), context),
  );
});
