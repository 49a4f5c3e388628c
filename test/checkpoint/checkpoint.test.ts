// What is in a checkpoint, and where it goes on.
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { Generator, type Optimizer, optimizers, schedules, Trainer } from "../../lib/index.js";
import { readSafetensors } from "../../lib/safetensors.js";
import { freshPaths, saveGood } from "../helpers/checkpoints.js";
import { fingerprintOf, smallImages, smallTrainer, trainFor } from "../helpers/presets.js";
import { collect, labelledImages, losses, tinyTrainer } from "../helpers/training.js";

const fresh = await freshPaths();
const good = await saveGood(fresh());

describe("a checkpoint", () => {
  it("is a folder whose networks other programs read", async () => {
    expect((await readdir(good)).sort()).toEqual([
      "checkpoint.json",
      "discriminator.safetensors",
      "ema.safetensors",
      "generator.safetensors",
      "training.safetensors",
    ]);
    const trainer = await Trainer.load(good);
    const alone = new Generator(trainer.generator.architecture);
    await alone.loadWeights(`${good}/generator.safetensors`);
    const one = await alone.sample(2, { seed: 1 });
    expect(one.data).toEqual((await trainer.generator.sample(2, { seed: 1 })).data);
  });

  it("keeps optimizers, schedules and options as they were", async () => {
    const sgd = optimizers.sgd({ lr: 0.1, momentum: { from: 0.5, to: 0.9, steps: 6 } });
    const adam = optimizers.adam({ lr: 1e-3, schedule: schedules.linear({ steps: 8 }) });
    const make = () =>
      tinyTrainer({ optimizer: { generator: sgd, discriminator: adam }, diffAugment: ["cutout"] });
    const data = await labelledImages(32);
    const [whole, cut] = [make(), make()];
    const all = await losses(whole, data, 6);
    const first = await losses(cut, data, 2);
    const path = fresh();
    await cut.save(path);
    expect([...first, ...(await losses(await Trainer.load(path), data, 4))]).toEqual(all);
  });

  it("keeps what AMSGrad remembers under PyTorch's name, and goes on with it bit for bit", async () => {
    const adam = optimizers.adam({ lr: 1e-2, betas: [0, 0.5], amsgrad: true });
    const adamW = optimizers.adamW({ lr: 1e-2, betas: [0, 0.5], amsgrad: true });
    const data = await labelledImages(32);
    for (const execution of ["eager", "fused"] as const) {
      const make = (discriminator: Optimizer) =>
        tinyTrainer({ optimizer: { generator: adam, discriminator }, execution });
      const [whole, cut] = [make(adamW), make(adamW)];
      const all = await losses(whole, data, 12);
      const first = await losses(cut, data, 6);
      const path = fresh();
      await cut.save(path);
      const kept = (await readSafetensors(`${path}/training.safetensors`)).map(({ name }) => name);
      expect(kept).toContain("optimizer.generator.max_exp_avg_sq.0.weight");
      expect(kept).toContain("optimizer.discriminator.max_exp_avg_sq.1.weight");
      const loaded = await Trainer.load(path);
      expect([...first, ...(await losses(loaded, data, 6))]).toEqual(all);
      expect(await fingerprintOf(loaded)).toBe(await fingerprintOf(whole));
      // Its mean squares fall, so that Adam alone would train otherwise.
      const plain = make({ ...adamW, amsgrad: false });
      expect(await losses(plain, data, 12)).not.toEqual(all);
    }
  });

  it("goes on with several updates of the generator and their average, bit for bit", async () => {
    const adam = optimizers.adam({ lr: 1e-3, schedule: schedules.linear({ steps: 20 }) });
    const data = await labelledImages(32);
    for (const execution of ["eager", "fused"] as const) {
      const make = () =>
        tinyTrainer({
          optimizer: { generator: adam, discriminator: adam },
          ...{ generatorSteps: 3, ema: { decay: 0.9, rampUp: 0.05 }, execution },
        });
      const [whole, cut] = [make(), make()];
      const all = await losses(whole, data, 6);
      const first = await losses(cut, data, 2);
      const path = fresh();
      await cut.save(path);
      const loaded = await Trainer.load(path);
      expect([...first, ...(await losses(loaded, data, 4))]).toEqual(all);
      expect(await fingerprintOf(loaded)).toBe(await fingerprintOf(whole));
    }
  });

  it("made while a run goes on is the state between two steps of it", async () => {
    const trainer = smallTrainer("mlp", "fused");
    const data = await smallImages("mlp");
    const path = fresh();
    let saving: Promise<void> | undefined;
    for await (const { step } of trainer.run(data, { steps: 80, batchSize: 16, tickEvery: 5 }))
      if (step === 10) saving = trainer.save(path);
    await saving;
    const loaded = await Trainer.load(path);
    expect(loaded.step).toBeGreaterThanOrEqual(10);
    expect(loaded.step).toBeLessThan(80);
    await trainFor(loaded, data, 80 - loaded.step);
    // Their digests: element by element the comparison alone would take half a minute.
    const digests = async (one: Trainer) =>
      (await one.snapshot()).tensors
        .filter(({ name }) => /^(gen|dis|opt|ran)/.test(name))
        .map(({ name, data }) => [name, createHash("sha256").update(data).digest("hex")]);
    expect(await digests(loaded)).toEqual(await digests(trainer));
  });

  it("before the first step, and saved again after loading, is the same", async () => {
    const trainer = tinyTrainer();
    const [one, two] = [fresh(), fresh()];
    await trainer.save(one);
    const loaded = await Trainer.load(one);
    await loaded.save(two);
    const data = await labelledImages(32);
    expect(await losses(await Trainer.load(two), data)).toEqual(await losses(trainer, data));
    const [again, thrice] = [fresh(), fresh()];
    await trainer.save(again);
    const dataOf = async (path: string) =>
      JSON.parse(await readFile(`${path}/checkpoint.json`, "utf8")).data;
    expect([await dataOf(one), await dataOf(two)]).toEqual([null, null]);
    expect(await dataOf(again)).toBe(await data.native.fingerprint());
    await (await Trainer.load(again)).save(thrice);
    expect(await fingerprintOf(await Trainer.load(thrice))).toBe(await fingerprintOf(trainer));
  });

  it("loaded with a seed draws other numbers, the same each time", async () => {
    const data = await labelledImages(32);
    const next = async (seed?: number) => losses(await Trainer.load(good, { seed }), data);
    const own = await next();
    expect(await next(1)).toEqual(await next(1));
    expect(await next(1)).not.toEqual(own);
    expect(await next(2)).not.toEqual(await next(1));
    await expect(Trainer.load(good, { seed: -1 })).rejects.toThrow("for seed but received -1");
  });

  it("goes on with other data, or other batches, as an epoch that begins", async () => {
    const data = await labelledImages(32);
    const [whole, cut] = [tinyTrainer(), tinyTrainer()];
    for (const trainer of [whole, cut]) await losses(trainer, data, 1, 8);
    const path = fresh();
    await cut.save(path);
    const loaded = await Trainer.load(path);
    expect(await losses(loaded, data, 2, 16)).toEqual(await losses(whole, data, 2, 16));
    const other = await labelledImages(24);
    expect(await losses(loaded, other, 2)).toEqual(await losses(whole, other, 2));
  });

  it("of version 1, made in November 2026, still loads", async () => {
    const old = fileURLToPath(new URL("../reference/checkpoint-1", import.meta.url));
    const trainer = await Trainer.load(old);
    expect(trainer.step).toBe(3);
    const ticks = await collect(trainer.run(await labelledImages(32), { steps: 1, batchSize: 8 }));
    expect(ticks[0]?.step).toBe(4);
    // Other processors round differently; what they round is the same.
    const { generatorLoss, discriminatorLoss } = ticks[0] as (typeof ticks)[0];
    const expected = JSON.parse(await readFile(`${old}/../checkpoint-1-next.json`, "utf8"));
    expect(generatorLoss).toBeCloseTo(expected.generatorLoss, 4);
    expect(discriminatorLoss).toBeCloseTo(expected.discriminatorLoss, 4);
  });
});
