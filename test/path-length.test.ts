// The penalty on path lengths: whom it suits, the mean length that it carries, and what it costs.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { formatManifest, type Manifest } from "../lib/checkpoint/format.js";
import {
  architectures,
  Generator,
  type Layer,
  layers as l,
  type Objective,
  objectives,
  optimizers,
  penalties,
  Trainer,
  type TrainerOptions,
} from "../lib/index.js";
import { makeFolder } from "./helpers/folder.js";
import { referee } from "./helpers/referee.js";
import {
  collect,
  labelledImages,
  losses,
  tinyDiscriminator,
  tinyGenerator,
  tinyStyledGenerator,
  tinyTrainer,
  weightsOf,
} from "./helpers/training.js";

const folder = await makeFolder();
afterAll(() => folder.remove());

const paths = objectives.nonSaturating({
  penalties: [penalties.pathLength({ every: 2, decay: 0.3 }), penalties.r1({ every: 3 })],
});
const trainerOf = (options: Partial<TrainerOptions> = {}, objective: Objective = paths) =>
  tinyTrainer({ generator: tinyStyledGenerator(), objective, ...options });

/** The mean length, of a trainer's whole state. */
async function meanOf(trainer: Trainer): Promise<number> {
  const { tensors } = await trainer.snapshot();
  const found = tensors.find(({ name }) => name === "pathLength.mean");
  expect(found).toMatchObject({ dtype: "float64", shape: [] });
  return new Float64Array(new Uint8Array(found?.data as Uint8Array).buffer)[0] as number;
}

const synthesis = () => [l.constant([4, 4, 4]), l.modulatedConv2d(1, 3, { upsample: true })];
const styled = (layers: readonly Layer[] = synthesis(), mapping: readonly Layer[] = []) =>
  l.styled({ mapping: [...mapping, l.linear(6)], synthesis: layers });
const generatorOf = (...layers: Layer[]) => new Generator({ latent: { noise: 5 }, layers });

describe("path lengths are refused", () => {
  const needed = "Expected one styled layer, which the penalty pathLength needs, for generator";
  const apart =
    "Expected layers that keep samples apart, which the penalty pathLength needs, for generator";

  it.each<[string, Generator, string]>([
    ["of a generator without styles", tinyGenerator(), `${needed} but received none`],
    [
      "of one with two of them",
      generatorOf(
        l.residual([styled()], [l.linear(6), styled()], { name: "both" }),
        l.leakyRelu(0.2),
      ),
      `${needed} but received both.main.0 and both.skip.1`,
    ],
    [
      "of one in another",
      generatorOf(styled([styled()])),
      `${needed} but received 0 and 0.synthesis.0`,
    ],
    [
      "where BatchNorm couples samples in the synthesis",
      generatorOf(styled([...synthesis(), l.batchNorm2d()])),
      `${apart} but received 0.synthesis.2 (batchNorm2d)`,
    ],
    [
      "and in the mapping",
      generatorOf(styled(synthesis(), [l.linear(4), l.batchNorm1d()])),
      `${apart} but received 0.mapping.1 (batchNorm1d)`,
    ],
  ])("%s", (_, generator, sentence) => {
    expect(() => trainerOf({ generator })).toThrow(sentence);
  });

  it("for nothing that the discriminator is, whatever another penalty beside them wants of it", () => {
    const discriminator = tinyDiscriminator([l.batchNorm1d(), l.linear(1)]);
    const list = [penalties.pathLength(), penalties.wganGp()];
    const options = { discriminator, syncBatchNorm: true };
    expect(() =>
      trainerOf(options, objectives.hinge({ penalties: list.slice(0, 1) })),
    ).not.toThrow();
    expect(() => trainerOf(options, objectives.hinge({ penalties: list }))).toThrow(
      "which the penalty wganGp needs, for discriminator but received 3 (batchNorm1d)",
    );
  });
});

it("a checkpoint without a mean length, which somebody forged, is refused", async () => {
  const trainer = trainerOf({}, objectives.nonSaturating());
  await losses(trainer, await labelledImages(16));
  const path = join(folder.path, "forged");
  await trainer.save(path);
  const file = join(path, "checkpoint.json");
  const { checksum: _, ...manifest } = JSON.parse(await readFile(file, "utf8"));
  const options = { ...manifest.trainer, objective: paths };
  await writeFile(file, formatManifest({ ...(manifest as Manifest), trainer: options }));
  await expect(Trainer.load(path)).rejects.toMatchObject({
    code: "ERR_CHECKPOINT",
    message: "Expected a value for pathLength.mean in the checkpoint but received none",
  });
});

describe.each(["eager", "fused"] as const)("path lengths, %s", (execution) => {
  it("have a mean of 0 at first, part of a checkpoint: training goes on bit for bit", async () => {
    const data = await labelledImages(24);
    const options = { execution, generatorSteps: 2 } as const;
    const [whole, half] = [trainerOf(options), trainerOf(options)];
    expect(await meanOf(whole)).toBe(0);
    const told = await losses(whole, data, 9);
    const first = await losses(half, data, 4);
    const path = join(folder.path, execution);
    await half.save(path);
    const again = await Trainer.load(path);
    expect(await meanOf(again)).toBeGreaterThan(0);
    expect(await meanOf(again)).toBe(await meanOf(half));
    expect([...first, ...(await losses(again, data, 5))]).toEqual(told);
    expect(await meanOf(again)).toBe(await meanOf(whole));
    expect(await weightsOf(again.generator)).toEqual(await weightsOf(whole.generator));
  });

  it("are told of in each tick by the mean after its step, and not without the penalty", async () => {
    const data = await labelledImages(24);
    const told = async (trainer: Trainer) => {
      const [tick] = await collect(trainer.run(data, { steps: 1, batchSize: 8 }));
      return tick?.health;
    };
    const trainer = trainerOf({ execution });
    const means: number[] = [];
    for (let step = 0; step < 4; ++step) {
      const health = await told(trainer);
      expect(health?.meanPathLength).toBe(await meanOf(trainer));
      means.push(health?.meanPathLength as number);
    }
    // At every second update.
    expect(means[0]).toBeGreaterThan(0);
    expect([means[1], means[3]]).toEqual([means[0], means[2]]);
    expect(means[2]).not.toBe(means[0]);
    const without = await told(trainerOf({ execution }, objectives.nonSaturating()));
    expect(without).toBeDefined();
    expect(without).not.toHaveProperty("meanPathLength");
  });

  it("are added at every n-th update of the generator, n times as strong", async () => {
    const data = await labelledImages(24);
    const still = optimizers.sgd({ lr: 1e-30 });
    const optimizer = { generator: still, discriminator: still };
    const run = async (list: Objective["penalties"]) => {
      const objective = objectives.hinge({ penalties: list });
      const all = await losses(trainerOf({ execution, optimizer }, objective), data, 4);
      return all.map(([, generator]) => generator);
    };
    // Far beyond what the fakes' other noise makes of the loss.
    const [bare, once, lazy] = [
      await run([]),
      await run([penalties.pathLength({ weight: 20, every: 1, decay: 1e-9 })]),
      await run([penalties.pathLength({ weight: 20, every: 3, decay: 1e-9 })]),
    ];
    const added = (all: number[]) => (all[0] as number) - (bare[0] as number);
    expect(added(once)).toBeGreaterThan(1);
    expect(added(lazy) / added(once)).toBeCloseTo(3, 4);
    for (const step of [1, 2]) {
      expect(once[step]).toBeGreaterThan((bare[step] as number) + 1);
      expect(Math.abs((lazy[step] as number) - (bare[step] as number))).toBeLessThan(1);
    }
    expect(lazy[3]).toBeGreaterThan((bare[3] as number) + 1);
  });

  it("follow the whole batch where it is worked on in parts", async () => {
    const data = await labelledImages(24);
    const ended = async (accumulate: number) => {
      const trainer = trainerOf({ execution, accumulate, discriminatorSteps: 2 });
      await losses(trainer, data, 4);
      return { mean: await meanOf(trainer), weights: await weightsOf(trainer.generator) };
    };
    const whole = await ended(1);
    expect(whole.mean).toBeGreaterThan(0);
    for (const parts of [3, 8]) {
      const { mean, weights } = await ended(parts);
      expect(mean).toBeCloseTo(whole.mean, 5);
      for (const [i, one] of weights.entries())
        expect(one).toBeCloseTo(whole.weights[i] as number, 4);
    }
  });

  it("are in bfloat16 within 5 % of float32's, and leave every weight a number", async () => {
    const trainer = trainerOf({ execution, precision: "bfloat16" });
    const data = await labelledImages(16);
    const exact = trainerOf({ execution });
    const [[, rounded]] = (await losses(trainer, data, 1)) as [[number, number]];
    const [[, expected]] = (await losses(exact, data, 1)) as [[number, number]];
    expect(Math.abs(rounded / expected - 1)).toBeLessThan(0.05);
    await losses(trainer, data, 4);
    expect(await meanOf(trainer)).toBeGreaterThan(0);
    expect((await weightsOf(trainer.generator)).every(Number.isFinite)).toBe(true);
  });
});

it("fused follows eager with path lengths to 1e-5, in either order and with fakes of each kind", async () => {
  const data = await labelledImages(24);
  const sgd = optimizers.sgd({ lr: 0.01 });
  for (const order of ["generatorFirst", "discriminatorFirst"] as const)
    for (const fakes of ["same", "fresh"] as const) {
      const run = async (execution: "eager" | "fused") => {
        const options = { order, fakes, execution, generatorSteps: 2 };
        const optimizer = { generator: sgd, discriminator: sgd };
        const trainer = trainerOf({ ...options, optimizer });
        const told = await losses(trainer, data, 5);
        return [...told.flat(), await meanOf(trainer), ...(await weightsOf(trainer.generator))];
      };
      const [eager, fused] = [await run("eager"), await run("fused")];
      for (const [i, value] of eager.entries()) {
        const apart = Math.abs((fused[i] as number) - value) / Math.max(1, Math.abs(value));
        expect(apart, `${order}, ${fakes}, ${i}`).toBeLessThan(1e-5);
      }
    }
});

describe("explain() counts path lengths", () => {
  const planned = async (
    generator: Generator,
    objective: Objective,
    execution: "eager" | "fused",
  ) => {
    using trainer = tinyTrainer({
      ...{ generator, objective, execution, order: "discriminatorFirst" },
    });
    return await trainer.plan(64);
  };

  it.each([0, 0.9])("as PyTorch's counter does, to 2 in 100, with mixing %d", async (mixing) => {
    const generator = new Generator(
      architectures.stylegan2({ latent: { noise: 5 }, image: [1, 8, 8], channels: 16, mixing }),
    );
    const name = mixing > 0 ? "path-length-flops-mixed" : "path-length-flops";
    const { value } = await referee<number>(name, "path-length-flops.py", [
      JSON.stringify({ generator: generator.toPyTorch(), noise: 5 }),
    ]);
    const more = async (every: number) => {
      const objective = objectives.hinge({ penalties: [penalties.pathLength({ every })] });
      const plans = [
        await planned(generator, objective, "eager"),
        await planned(generator, objectives.hinge(), "eager"),
      ] as const;
      expect(plans[0].bytes).toBeGreaterThan(plans[1].bytes);
      return plans[0].flops - plans[1].flops;
    };
    expect(Math.abs((await more(1)) / value - 1)).toBeLessThan(0.02);
    expect(await more(4)).toBeCloseTo((await more(1)) / 4, 0);
  });

  it("with a generator that is planned for two derivatives", async () => {
    const name = "activation without a second derivative";
    const rewritesOf = async (objective: Objective) => {
      const { generator } = await planned(tinyStyledGenerator(), objective, "fused");
      return generator.flatMap(({ rewrites }) => rewrites);
    };
    expect(await rewritesOf(paths)).toContain(name);
    expect(await rewritesOf(objectives.hinge({ penalties: [penalties.r1()] }))).not.toContain(name);
  });

  it("with no more memory traffic where styles are mixed", async () => {
    const more = async (mixing: number) => {
      const generator = new Generator(
        architectures.stylegan2({ latent: { noise: 5 }, image: [1, 8, 8], channels: 4, mixing }),
      );
      const objective = objectives.hinge({ penalties: [penalties.pathLength()] });
      const { bytes } = await planned(generator, objective, "fused");
      return bytes - (await planned(generator, objectives.hinge(), "fused")).bytes;
    };
    expect(await more(0.5)).toBe(await more(0));
  });

  it("as three passes of what comes after w, and of the mapping as none", async () => {
    const flopsOf = async (...list: Objective["penalties"]) => {
      const generator = generatorOf(
        styled([l.constant([4, 8, 8]), l.modulatedConv2d(1, 1)], [l.linear(50)]),
      );
      return (await planned(generator, objectives.hinge({ penalties: list }), "fused")).flops;
    };
    // An affine function of w, the convolution, and its demodulation.
    const synthesis = 2 * 64 * (6 * 4 + 4 * 64 + 4);
    const more = (await flopsOf(penalties.pathLength({ every: 2 }))) - (await flopsOf());
    expect(more).toBe((3 / 2) * synthesis);
  });
});
