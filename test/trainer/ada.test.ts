// Adaptive discriminator augmentation: the paper's transforms, a PyTorch script's training, what is told and kept.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type AdaOptions,
  type Dataset,
  Discriminator,
  datasets,
  Generator,
  layers as l,
  objectives,
  optimizers,
  penalties,
  setThreads,
  Trainer,
  type TrainerOptions,
  threads,
} from "../../lib/index.js";
import { digest, withFolder } from "../helpers/networks.js";
import { needsLive, referee } from "../helpers/referee.js";
import {
  collect,
  labelledImages,
  losses,
  tinyDiscriminator,
  tinyTrainer,
} from "../helpers/training.js";

type Figure = "changed" | "value" | "gradient" | "second";
interface Found {
  readonly transforms: Record<string, Readonly<Record<Figure, number>>>;
  /** How far a smooth image that is turned or mirrored is from its pixels in other places. */
  readonly moved: number;
  readonly wavelet: Record<"sum" | "orthogonality" | "moments", number>;
}

describe("the transforms", () => {
  // The script that our trainings are compared with below, bit for bit, is itself compared here.
  it("have the paper's values, gradients and second derivatives", async () => {
    const { value } = await referee<Found>("ada-transforms", "parity/ada_paper.py", []);
    expect(Object.keys(value.transforms)).toHaveLength(36);
    for (const [name, found] of Object.entries(value.transforms)) {
      expect(Math.max(found.value, found.gradient, found.second), name).toBeLessThan(1e-11);
      if (name.endsWith(" at 0.0")) expect(found.changed, name).toBe(0);
      else expect(found.changed, name).toBeGreaterThan(3);
    }
    for (const left of Object.values(value.wavelet)) expect(left).toBeLessThan(1e-11);
    // Half a sample of the finer grid off, it would be 0.09.
    expect(value.moved).toBeLessThan(0.03);
  });
});

interface Told {
  readonly initial: string;
  readonly losses: readonly (readonly [number, number])[];
  readonly final: { readonly weights: string; readonly probabilities: readonly number[] };
}

interface Case {
  readonly shape: readonly [number, number, number];
  readonly ada: AdaOptions;
  readonly r1?: number;
  readonly sigmoid?: true;
}

const colour = [3, 10, 10] as const;
const all = ["blit", "geometry", "color"] as const;
// 50 images in batches of 16: the last of an epoch has 2. In 20 steps p moves at every third.
const [count, batch, steps] = [50, 16, 20];
const moving = { interval: 3, kimg: 0.2 };

const cases: Record<string, Case> = {
  "never made": { shape: colour, ada: { transforms: all, fixed: true }, r1: 1 },
  "always made": { shape: colour, ada: { transforms: all, p: 1, fixed: true } },
  "always made, under R1": { shape: colour, ada: { p: 1, fixed: true }, r1: 1 },
  "rising and falling": { shape: colour, ada: { p: 0.3, target: 0.2, ...moving } },
  "rising and falling, under R1": { shape: colour, ada: { p: 0.3, target: 0.2, ...moving }, r1: 1 },
  "of probabilities": { shape: [1, 9, 6], ada: { p: 0.5, ...moving }, sigmoid: true },
  "blit alone, oblong": {
    shape: [2, 6, 9],
    ada: { transforms: ["blit"], p: 0.8, ...moving },
    r1: 1,
  },
  "geometry alone": {
    shape: [1, 8, 8],
    ada: { transforms: ["geometry"], p: 0.8, ...moving },
    r1: 1,
  },
  "color alone": { shape: colour, ada: { transforms: ["color"], p: 0.8, ...moving }, r1: 1 },
};

function bytesOf(shape: readonly number[]): Uint8Array {
  const pixels = shape.reduce((a, b) => a * b);
  return Uint8Array.from({ length: count * pixels }, (_, i) => ((i * i * 7) >> 3) % 251);
}

function pairOf({ shape, sigmoid }: Case) {
  const image = [...shape];
  const pixels = image.reduce((a, b) => a * b);
  const made = [l.linear(32), l.relu(), l.linear(pixels), l.tanh(), l.unflatten(image)];
  const judged = [l.conv2d(8, 3, { padding: 1 }), l.tanh(), l.flatten(), l.linear(1)];
  const generator = new Generator({ latent: { noise: 8 }, layers: made }, { seed: 0 });
  const layers = sigmoid ? [...judged, l.sigmoid()] : judged;
  return { generator, discriminator: new Discriminator({ image, layers }) };
}

function trainerOf(one: Case, execution: "eager" | "fused"): Trainer {
  const adam = optimizers.adam({ lr: 0.002, betas: [0.5, 0.999] });
  const r1 = one.r1 === undefined ? [] : [penalties.r1({ weight: one.r1, every: 2 })];
  return new Trainer({
    ...pairOf(one),
    objective: objectives.nonSaturating({ penalties: r1 }),
    optimizer: { generator: adam, discriminator: adam },
    ada: one.ada,
    execution,
  });
}

async function trainHere(one: Case, execution: "eager" | "fused"): Promise<Told> {
  using trainer = trainerOf(one, execution);
  const { generator, discriminator } = trainer;
  using data = await datasets.fromBytes(bytesOf(one.shape), { shape: [count, ...one.shape] });
  const initial = await digest(generator, discriminator);
  const ticks = await collect(trainer.run(data, { steps, batchSize: batch, tickEvery: 1 }));
  return {
    initial,
    losses: ticks.map((tick) => [tick.discriminatorLoss, tick.generatorLoss]),
    final: {
      weights: await digest(generator, discriminator),
      probabilities: ticks.map((tick) => tick.health?.augmentProbability as number),
    },
  };
}

/** All cases at once: a start of PyTorch takes longer than all of them. */
function trainThere() {
  return withFolder(async (folder) => {
    const told = Object.entries(cases).map(async ([name, { shape, ada, r1 = 0, sigmoid }], i) => {
      const images = join(folder, String(i));
      await writeFile(images, bytesOf(shape));
      const { transforms = all, p = 0, fixed, target = 0.6, interval = 4, kimg = 500 } = ada;
      // Of a fixed one nothing comes in 20 steps.
      const pace = { interval: fixed ? 1000 : interval, kimg, sigmoid: sigmoid ?? false };
      return [name, { images, shape, transforms, p, target, r1, ...pace, steps, batch }];
    });
    const given = JSON.stringify(Object.fromEntries(await Promise.all(told)));
    return referee<Record<string, Told>>("ada", "parity/ada.py", [given]);
  });
}

describe("a training with ada and its PyTorch script from one seed, one thread", async () => {
  const before = await threads();
  let theirs: Awaited<ReturnType<typeof trainThere>>;
  beforeAll(async () => {
    await setThreads(1);
    theirs = await trainThere();
  });
  afterAll(() => setThreads(before));

  it.for(Object.keys(cases))(
    "have 20 equal losses, probabilities and final weights: %s",
    async (name, { skip }) => {
      const one = cases[name] as Case;
      const [ours, told] = [await trainHere(one, "eager"), theirs.value[name] as Told];
      expect(ours.losses).toHaveLength(steps);
      ours.losses.forEach(([d, g], i) => {
        expect(d).toBeCloseTo(told.losses[i]?.[0] as number, 5);
        expect(g).toBeCloseTo(told.losses[i]?.[1] as number, 5);
      });
      const { probabilities } = told.final;
      expect(new Set(probabilities).size > 3).toBe(!one.ada.fixed);
      expect(ours.final.probabilities).toEqual(probabilities);
      needsLive(theirs, skip);
      expect(ours).toEqual(told);
    },
  );

  it.for(Object.keys(cases))("are what fused computes, to rounding: %s", async (name) => {
    const one = cases[name] as Case;
    const [fused, eager] = [await trainHere(one, "fused"), await trainHere(one, "eager")];
    expect(fused.initial).toBe(eager.initial);
    fused.losses.forEach(([d, g], i) => {
      expect(d).toBeCloseTo(eager.losses[i]?.[0] as number, 3);
      expect(g).toBeCloseTo(eager.losses[i]?.[1] as number, 3);
    });
    expect(fused.final.probabilities).toEqual(eager.final.probabilities);
  });
});

describe.each(["eager", "fused"] as const)("%s training with ada", (execution) => {
  const ada = { p: 0.4, interval: 4, kimg: 0.1, target: 0.2 };
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sparring-ada-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const weights = (trainer: Trainer) => digest(trainer.generator, trainer.discriminator);
  const told = async (trainer: Trainer, data: Dataset, steps: number) =>
    (await collect(trainer.run(data, { steps, batchSize: 8, tickEvery: 1 }))).map((tick) => [
      tick.discriminatorLoss,
      tick.generatorLoss,
      tick.health?.augmentProbability,
    ]);

  it("goes on bit for bit from a checkpoint in the middle of an interval", async () => {
    using data = await labelledImages(22);
    const objective = objectives.nonSaturating({ penalties: [penalties.r1({ every: 3 })] });
    const make = () => tinyTrainer({ execution, ada, objective, diffAugment: ["cutout"] });
    using whole = make();
    const uncut = await told(whole, data, 19);
    expect(new Set(uncut.map(([, , p]) => p)).size).toBeGreaterThan(2);
    for (const cut of [0, 1, 6, 8, 11]) {
      using first = make();
      const before = cut === 0 ? [] : await told(first, data, cut);
      const path = join(folder, `${execution}-${cut}`);
      await first.save(path);
      using again = await Trainer.load(path);
      expect([...before, ...(await told(again, data, 19 - cut))]).toEqual(uncut);
      expect(await weights(again)).toBe(await weights(whole));
    }
  });

  it("is the same in parts, and the signs are those of the whole batch", async () => {
    using data = await labelledImages(22);
    using whole = tinyTrainer({ execution, ada });
    using parts = tinyTrainer({ execution, ada, accumulate: 3 });
    const [one, other] = [await told(whole, data, 12), await told(parts, data, 12)];
    expect(other.map(([, , p]) => p)).toEqual(one.map(([, , p]) => p));
    one.forEach(([d, g], i) => {
      expect(other[i]?.[0]).toBeCloseTo(d as number, 4);
      expect(other[i]?.[1]).toBeCloseTo(g as number, 4);
    });
  });

  it("goes by the reals of every update of a step", async () => {
    using data = await labelledImages(32);
    using trainer = tinyTrainer({ execution, ada: { ...ada, target: -1 }, discriminatorSteps: 3 });
    // 4 steps of 3 batches of 8 are 96 of the 100 images that go from 0 to 1.
    const probabilities = (await told(trainer, data, 4)).map(([, , p]) => p);
    expect(probabilities.slice(0, 3)).toEqual([0.4, 0.4, 0.4]);
    expect([0.4, 1]).toContain(probabilities[3]);
  });

  it("tells its probability in a tick, and nobody else does", async () => {
    using data = await labelledImages(16);
    using fixed = tinyTrainer({ execution, ada: { p: 0.25, fixed: true } });
    using none = tinyTrainer({ execution });
    const [tick] = await collect(fixed.run(data, { steps: 9, batchSize: 8 }));
    expect(tick?.health?.augmentProbability).toBe(0.25);
    const [other] = await collect(none.run(data, { steps: 9, batchSize: 8 }));
    expect(other?.health).not.toHaveProperty("augmentProbability");
  });

  it("changes the losses by its transforms and by the seed alone", async () => {
    using data = await labelledImages(24);
    const run = (transforms: AdaOptions["transforms"], p = 1) =>
      losses(tinyTrainer({ execution, ada: { transforms, p, fixed: true } }), data);
    const kinds = [undefined, ["blit"], ["geometry"], ["color"], ["blit", "color"]] as const;
    const found = [];
    for (const kind of kinds) {
      const once = await run(kind);
      expect(once.flat().every(Number.isFinite)).toBe(true);
      expect(await run(kind)).toEqual(once);
      found.push(JSON.stringify(once));
    }
    expect(new Set(found).size).toBe(kinds.length);
    // The order in which they are named does not matter.
    expect(await run(["color", "blit"])).toEqual(await run(["blit", "color"]));
  });

  it.each([
    objectives.minimax(),
    objectives.leastSquares(),
    objectives.hinge({ penalties: [penalties.dragan()] }),
    objectives.boundarySeeking(),
    objectives.fDivergence({ divergence: "kl" }),
  ])("follows the scores of $type", async (objective) => {
    using data = await labelledImages(24);
    const found = await told(tinyTrainer({ execution, ada, objective }), data, 12);
    expect(found.flat().every(Number.isFinite)).toBe(true);
    expect(new Set(found.map(([, , p]) => p)).size).toBeGreaterThan(1);
  });

  it.each([
    objectives.wasserstein({ penalties: [penalties.wganGp()] }),
    objectives.relativisticPaired({ penalties: [penalties.r1(), penalties.r2()] }),
  ])("goes with $type where it is fixed", async (objective) => {
    using data = await labelledImages(24);
    const trainer = tinyTrainer({ execution, objective, ada: { p: 0.5, fixed: true } });
    expect((await losses(trainer, data)).flat().every(Number.isFinite)).toBe(true);
  });
});

describe("the middle that signs are counted from", () => {
  // The critic says 0.3 of everything: above 0, and below a half.
  const scored = async (options: Partial<TrainerOptions>) => {
    const discriminator = tinyDiscriminator();
    const bias = { "3.bias": 0.3 } as Record<string, number>;
    const state = await discriminator.native.state();
    await discriminator.native.load(
      state.map((one) => ({
        ...one,
        data: new Uint8Array(
          new Float32Array(one.data.byteLength / 4).fill(bias[one.name] ?? 0).buffer,
        ),
      })),
    );
    const still = optimizers.sgd({ lr: 1e-30 });
    using trainer = tinyTrainer({
      ...options,
      discriminator,
      optimizer: { generator: still, discriminator: still },
      ada: { p: 0.5, interval: 1, kimg: 0.1, target: 0 },
    });
    using data = await labelledImages(8);
    const [tick] = await collect(trainer.run(data, { steps: 1, batchSize: 8 }));
    return tick?.health?.augmentProbability;
  };

  it.each([
    [objectives.nonSaturating(), 0.58],
    [objectives.hinge(), 0.58],
    [objectives.leastSquares(), 0.42],
    [objectives.fDivergence({ divergence: "pearson" }), 0.58],
    [objectives.fDivergence({ divergence: "kl" }), 0.42],
  ])("is that of $type", async (objective, p) => {
    expect(await scored({ objective })).toBeCloseTo(p, 10);
  });
});
