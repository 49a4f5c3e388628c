// What may be another when a trainer goes on from a checkpoint, and what it does then.
import { cp, readFile, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { checksumOf } from "../../lib/checkpoint/format.js";
import {
  type LoadOptions,
  objectives,
  optimizers,
  penalties,
  schedules,
  Trainer,
  type TrainerOptions,
} from "../../lib/index.js";
import { freshPaths } from "../helpers/checkpoints.js";
import {
  collect,
  labelledImages,
  losses,
  tinyAutoencoder,
  tinyTrainer,
  weightsOf,
} from "../helpers/training.js";

const fresh = await freshPaths();
const images = await labelledImages(20);
const both = (one: TrainerOptions["optimizer"]["generator"]) => ({
  generator: one,
  discriminator: one,
});
const ema = { decay: 0.9 };
const adam = both(optimizers.adam({ lr: 1e-3 }));

/** A checkpoint after three steps: the second epoch of three batches has just begun. */
async function saved(options: Partial<TrainerOptions> = {}): Promise<string> {
  using trainer = tinyTrainer({ optimizer: adam, ema, ...options });
  await losses(trainer, images);
  const path = fresh();
  await trainer.save(path);
  return path;
}

/** Losses of the next four steps, and what the average then makes. */
async function end(trainer: Trainer): Promise<{ last: number[]; samples: number[] }> {
  const last = (await losses(trainer, images, 4)).flat();
  return { last, samples: [...((await trainer.ema?.sample(4, { seed: 1 }))?.data ?? [])] };
}

const path = await saved();

describe("Trainer.load refuses", () => {
  it.each<[string, object, string]>([
    [
      "an optimizer of another type",
      { optimizer: { ...adam, discriminator: optimizers.adamW() } },
      'Expected "adam", as the checkpoint has it, for optimizer.discriminator.type but received "adamW"',
    ],
    [
      "an optimizer for one player alone",
      { optimizer: { generator: adam.generator } },
      "Expected an optimizer, as optimizers.adam() makes it, for optimizer.discriminator but received undefined",
    ],
    [
      "one that remembers what was not saved",
      { optimizer: both(optimizers.adam({ amsgrad: true })) },
      "Expected a value for optimizer.generator.max_exp_avg_sq.0.weight in the checkpoint but received none",
    ],
    [
      "an execution that there is not",
      { execution: "fast" },
      'Expected one of eager, fused for execution but received "fast"',
    ],
    [
      "a precision that there is not",
      { precision: "float16" },
      'Expected one of float32, tf32, bfloat16 for precision but received "float16"',
    ],
    [
      "sums of gradients in a precision that there is not",
      { reducePrecision: "float16" },
      'Expected one of float32, bfloat16 for reducePrecision but received "float16"',
    ],
    [
      "a precision that the device has not",
      { precision: "tf32" },
      'Expected one of float32, bfloat16, which cpu has, for precision but received "tf32"',
    ],
    [
      "no parts",
      { accumulate: 0 },
      "Expected a whole number of at least 1 for accumulate but received 0",
    ],
    [
      "what is no objective",
      { objective: "hinge" },
      'Expected an objective, as objectives.nonSaturating() makes it, for objective but received "hinge"',
    ],
    [
      "an objective that the networks do not go with",
      { objective: objectives.energyBased() },
      "Expected a reconstructionError at the end, which energyBased needs, for discriminator but received logits",
    ],
    [
      "another way to normalise",
      { syncBatchNorm: true },
      'Expected only the options device, seed, distributed, objective, optimizer, order, fakes, discriminatorSteps, generatorSteps, frozen, ema, diffAugment, ada, accumulate, execution, precision, reducePrecision for options but received "syncBatchNorm"',
    ],
    [
      "an order that there is not",
      { order: "bothAtOnce" },
      'Expected one of generatorFirst, discriminatorFirst for order but received "bothAtOnce"',
    ],
    [
      "fakes that there are not",
      { fakes: "old" },
      'Expected one of same, fresh for fakes but received "old"',
    ],
    [
      "no updates of the discriminator",
      { discriminatorSteps: 0 },
      "Expected a whole number from 1 to 1000 for discriminatorSteps but received 0",
    ],
    [
      "null, which is no default",
      { discriminatorSteps: null },
      "Expected a whole number from 1 to 1000 for discriminatorSteps but received null",
    ],
    [
      "half an update of the generator",
      { generatorSteps: 0.5 },
      "Expected a whole number from 1 to 1000 for generatorSteps but received 0.5",
    ],
    [
      "an average of nothing but the past",
      { ema: { decay: 1 } },
      "Expected a number in [0, 1) for ema.decay but received 1",
    ],
    [
      "a policy that there is not",
      { diffAugment: ["colour"] },
      'Expected one of color, translation, cutout for diffAugment[0] but received "colour"',
    ],
    [
      "a probability that there is not",
      { ada: { p: 2 } },
      "Expected a number in [0, 1] for ada.p but received 2",
    ],
    [
      "rules that do not go together",
      { order: "discriminatorFirst", accumulate: 2 },
      "Expected 1, as the generator learns from the fakes of the discriminator's update, for accumulate but received 2",
    ],
    [
      "a probability that follows scores without a sign",
      { objective: objectives.wasserstein(), ada: {} },
      "Expected true, as the sign of a score tells nothing under wasserstein, for ada.fixed but received false",
    ],
  ])("%s", async (_, options, sentence) => {
    await expect(Trainer.load(path, options as LoadOptions)).rejects.toThrow(sentence);
  });

  it("an objective that carries what was not saved", async () => {
    const energies = await saved({
      discriminator: tinyAutoencoder(),
      objective: objectives.energyBased(),
    });
    const objective = objectives.boundaryEquilibrium();
    await expect(Trainer.load(energies, { objective })).rejects.toMatchObject({
      code: "ERR_CHECKPOINT",
      message: "Expected a value for objective.k in the checkpoint but received none",
    });
  });

  it("options before it looks for the checkpoint", async () => {
    for (const options of [
      { execution: "fast" },
      { precision: 1 },
      { optimizer: {} },
      { objective: 3 },
      { order: 1 },
      { ema: 0.9 },
      { diffAugment: "color" },
      { ada: true },
    ])
      await expect(Trainer.load(fresh(), options as never)).rejects.toBeInstanceOf(TypeError);
  });
});

describe("Trainer.load goes on", () => {
  it("with another learning rate, as a schedule that changes it there would", async () => {
    const schedule = schedules.step({ stepSize: 3, gamma: 0.5 });
    using whole = tinyTrainer({ optimizer: both(optimizers.adam({ lr: 1e-3, schedule })), ema });
    await losses(whole, images);
    const expected = (await losses(whole, images, 3)).flat();
    using trainer = await Trainer.load(path, { optimizer: both(optimizers.adam({ lr: 5e-4 })) });
    expect((await losses(trainer, images, 3)).flat()).toEqual(expected);
  });

  it.each(["eager", "fused"] as const)(
    "with another objective, as one would that had it from the beginning, %s",
    async (execution) => {
      // Until then the two differ in nothing: their weights stay where they are.
      const optimizer = both(optimizers.sgd({ lr: 1e-30 }));
      const objective = objectives.leastSquares({ penalties: [penalties.r1({ weight: 3 })] });
      using whole = tinyTrainer({ objective, optimizer, execution });
      await losses(whole, images);
      using trainer = await Trainer.load(await saved({ optimizer, execution, ema: undefined }), {
        objective,
      });
      expect(await losses(trainer, images)).toEqual(await losses(whole, images));
      const again = fresh();
      await trainer.save(again);
      using third = await Trainer.load(again);
      expect(await losses(third, images)).toEqual(await losses(whole, images));
    },
  );

  it.each<[string, LoadOptions, number]>([
    ["with the other execution", { execution: "fused" }, 1e-5],
    ["in parts", { accumulate: 3 }, 1e-5],
    ["in bfloat16", { precision: "bfloat16" }, 1e-2],
  ])("%s, and ends as near as that is", async (_, options, tolerance) => {
    using same = await Trainer.load(path);
    using other = await Trainer.load(path, options);
    const [expected, received] = [await end(same), await end(other)];
    expect(received).not.toEqual(expected);
    for (const key of ["last", "samples"] as const) {
      const far = received[key].map((value, i) => Math.abs(value - (expected[key][i] as number)));
      expect(far).toHaveLength(expected[key].length);
      expect(Math.max(...far)).toBeLessThan(tolerance);
    }
  });

  // Before the first step there is no past: it has to be the trainer that has them from the beginning.
  it.each<[string, LoadOptions]>([
    ["order", { order: "discriminatorFirst", fakes: "fresh" }],
    ["fakes", { fakes: "fresh" }],
    ["updates of the discriminator", { discriminatorSteps: 2 }],
    ["updates of the generator", { generatorSteps: 3 }],
    ["augmentation", { diffAugment: ["color", "cutout"] }],
    ["probability of augmentation", { ada: { p: 0.5, target: 0.1, interval: 1, kimg: 1 } }],
    ["average", { ema: { decay: 0.5, rampUp: 0 } }],
  ])("with another %s, as one that has it from the beginning", async (_, options) => {
    using plain = tinyTrainer();
    const beginning = fresh();
    await plain.save(beginning);
    using whole = tinyTrainer(options as Partial<TrainerOptions>);
    using loaded = await Trainer.load(beginning, options);
    using same = await Trainer.load(beginning);
    const [expected, received, other] = [await end(whole), await end(loaded), await end(same)];
    expect(received).toEqual(expected);
    expect(other).not.toEqual(expected);
  });

  it("with the fakes that it had, in another order, too", async () => {
    using plain = tinyTrainer();
    const beginning = fresh();
    await plain.save(beginning);
    const order = "discriminatorFirst";
    using whole = tinyTrainer({ order, fakes: "same" });
    using loaded = await Trainer.load(beginning, { order });
    expect(await end(loaded)).toEqual(await end(whole));
  });

  it("with an average that begins where the generator is", async () => {
    const options = { ema: { decay: 0.9 } };
    using trainer = await Trainer.load(await saved({ ema: undefined }), options);
    const average = trainer.ema as NonNullable<typeof trainer.ema>;
    expect(await weightsOf(average)).toEqual(await weightsOf(trainer.generator));
    await losses(trainer, images);
    expect(await weightsOf(average)).not.toEqual(await weightsOf(trainer.generator));
    const again = fresh();
    await trainer.save(again);
    using third = await Trainer.load(again, { ema: { decay: 0.5 } });
    expect(await weightsOf(third.ema as typeof average)).toEqual(await weightsOf(average));
  });

  it("with the probability of ADA where it was, or where it is set", async () => {
    const moving = { interval: 1, kimg: 0.02 };
    const before = await saved({ ada: { ...moving, target: -1 } });
    const probabilities = async (options: LoadOptions) => {
      using trainer = await Trainer.load(before, options);
      const ticks = await collect(trainer.run(images, { steps: 2, batchSize: 8, tickEvery: 1 }));
      return ticks.map((tick) => tick.health?.augmentProbability);
    };
    const still = { fixed: true };
    expect(await probabilities({})).toEqual([1, 1]);
    expect(await probabilities({ ada: still })).toEqual([1, 1]);
    expect(await probabilities({ ada: { ...still, p: 0.25 } })).toEqual([0.25, 0.25]);
    expect(await probabilities({ ada: { ...moving, target: 1 } })).not.toEqual([1, 1]);
  });

  it("and says so in the next checkpoint", async () => {
    const options = { execution: "fused", accumulate: 2, precision: "bfloat16" } as const;
    const optimizer = both(optimizers.adam({ lr: 0.5 }));
    using trainer = await Trainer.load(path, { ...options, optimizer });
    expect(trainer.execution).toBe("fused");
    const again = fresh();
    await trainer.save(again);
    const manifest = JSON.parse(await readFile(`${again}/checkpoint.json`, "utf8"));
    expect(manifest.trainer).toMatchObject({ ...options, ema, order: "generatorFirst" });
    expect(manifest.trainer.optimizer.discriminator.lr).toBe(0.5);
  });

  it("without what the optimizers no longer need", async () => {
    const kept = await saved({ optimizer: both(optimizers.adam({ lr: 1e-3, amsgrad: true })) });
    using trainer = await Trainer.load(kept, { optimizer: adam });
    expect(await losses(trainer, images)).toHaveLength(3);
  });

  it("on a device that has not the precision that it was saved with", async () => {
    const forged = fresh();
    await cp(path, forged, { recursive: true });
    const { checksum, ...manifest } = JSON.parse(
      await readFile(`${forged}/checkpoint.json`, "utf8"),
    );
    const inTf32 = { ...manifest, trainer: { ...manifest.trainer, precision: "tf32" } };
    const text = JSON.stringify({ ...inTf32, checksum: checksumOf(inTf32) });
    await writeFile(`${forged}/checkpoint.json`, text);
    await expect(Trainer.load(forged)).rejects.toMatchObject({ code: "ERR_DEVICE" });
    using trainer = await Trainer.load(forged, { device: "cpu", precision: "float32" });
    using same = await Trainer.load(path);
    expect(await end(trainer)).toEqual(await end(same));
  });
});
