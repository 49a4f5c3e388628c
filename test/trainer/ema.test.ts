import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type EmaOptions, Generator, layers as l, type TrainerOptions } from "../../lib/index.js";
import { digest, withFolder } from "../helpers/networks.js";
import {
  collect,
  image,
  labelledImages,
  losses,
  stateOf,
  tinyGenerator,
  tinyTrainer,
  weightsOf,
} from "../helpers/training.js";

describe("ema", () => {
  it.each<[EmaOptions]>([
    [{ decay: 0.8, rampUp: 0 }],
    [{ decay: 0.999 }],
    [{ decay: 0.5, rampUp: 0.9 }],
    [{ decay: 0, rampUp: 0.05 }],
  ])("%j: trainer.ema is the formula, from the weights after each step", async (ema) => {
    using data = await labelledImages(24);
    const trainer = tinyTrainer({ ema });
    const average = trainer.ema as Generator;
    let expected = await weightsOf(trainer.generator);
    expect(await weightsOf(average)).toEqual(expected);
    const halfLife = Math.log(0.5) / Math.log(ema.decay);
    const { rampUp = 0.05 } = ema;
    for (let step = 1; step <= 5; ++step) {
      await collect(trainer.run(data, { steps: 1, batchSize: 8 }));
      const ramped = 0.5 ** (1 / Math.min(halfLife, step * rampUp));
      const decay = rampUp === 0 ? ema.decay : ramped;
      const now = await weightsOf(trainer.generator);
      expected = expected.map((old, i) => decay * old + (1 - decay) * (now[i] as number));
      const found = await weightsOf(average);
      const error = Math.max(...found.map((value, i) => Math.abs(value - (expected[i] as number))));
      expect(error).toBeLessThan(1e-6);
      if (ema.decay > 0.5) expect(found).not.toEqual(now);
    }
  });

  it("copies running statistics and counters, and changes nothing about the training", async () => {
    using data = await labelledImages(24);
    const make = (more: Partial<TrainerOptions>) => {
      const layers = [l.linear(16), l.batchNorm1d(), l.relu(), l.linear(64), l.unflatten(image)];
      const generator = new Generator({ latent: { noise: 5 }, layers }, { seed: 0 });
      return tinyTrainer({ generator, ...more });
    };
    const [plain, averaged] = [make({}), make({ ema: { decay: 0.9 } })];
    expect(await losses(averaged, data, 4)).toEqual(await losses(plain, data, 4));
    expect(await digest(averaged.generator)).toBe(await digest(plain.generator));
    const [mine, its] = [
      await stateOf(averaged.generator),
      await stateOf(averaged.ema as Generator),
    ];
    expect(its.get("1.running_mean")).toEqual(mine.get("1.running_mean"));
    expect(its.get("1.running_var")).toEqual(mine.get("1.running_var"));
    expect(its.get("1.weight")).not.toEqual(mine.get("1.weight"));
  });

  it("draws nothing: the networks built next get the numbers that they would have got", async () => {
    const next = async (ema?: { decay: number }) => {
      tinyTrainer({ ema }).dispose();
      return digest(new Generator({ latent: { noise: 2 }, layers: [l.linear(4)] }));
    };
    expect(await next({ decay: 0.9 })).toBe(await next());
  });

  it("can be sampled and saved while it trains, and is gone with its trainer", async () => {
    using data = await labelledImages(24);
    const trainer = tinyTrainer({ ema: { decay: 0.9 } });
    const average = trainer.ema as Generator;
    // Steps without end: how long a disk takes to save must not decide what is still under way.
    const stop = new AbortController();
    const run = { steps: 1e9, batchSize: 8, tickEvery: 1e9, signal: stop.signal };
    const running = collect(trainer.run(data, run));
    const samples = await average.sample(4, { seed: 0 });
    await withFolder(async (folder) => {
      const path = join(folder, "ema.safetensors");
      await average.saveWeights(path);
      const other = tinyGenerator({ noise: 5 }, 9);
      await other.loadWeights(path);
      expect((await other.sample(2)).data.every(Number.isFinite)).toBe(true);
    });
    expect(trainer.step).toBe(0); // the one tick is still under way
    stop.abort();
    await expect(running).rejects.toThrow("aborted");
    expect(trainer.step).toBeGreaterThan(0);
    expect((await average.sample(4, { seed: 0 })).data).not.toEqual(samples.data);
    trainer.dispose();
    await expect(average.sample(1)).rejects.toMatchObject({ code: "ERR_DISPOSED" });
    expect((await trainer.generator.sample(1)).count).toBe(1);
  });

  it("is not there if nobody asked", () => {
    expect(tinyTrainer().ema).toBeUndefined();
  });

  it("goes with its trainer in the middle of a run, which ends with ERR_DISPOSED", async () => {
    using data = await labelledImages(24);
    const trainer = tinyTrainer({ ema: { decay: 0.9 } });
    const running = collect(trainer.run(data, { steps: 1e6, batchSize: 8, tickEvery: 1e6 }));
    setTimeout(() => trainer.dispose(), 30);
    await expect(running).rejects.toMatchObject({ code: "ERR_DISPOSED" });
    expect((await trainer.generator.sample(1)).count).toBe(1);
  });

  it("says after its trainer was disposed what keeps it, and a clone stays", async () => {
    const trainer = tinyTrainer({ ema: { decay: 0.9 } });
    const average = trainer.ema as Generator;
    const kept = average.clone();
    trainer.dispose();
    const gone = {
      code: "ERR_DISPOSED",
      message: "This network was disposed with the trainer that made it; clone() it first",
    };
    await expect(average.sample(1)).rejects.toMatchObject(gone);
    await expect(average.toSafetensors()).rejects.toMatchObject(gone);
    expect(() => average.clone()).toThrow(gone.message);
    average.dispose();
    expect((await kept.sample(1)).count).toBe(1);
  });

  it("ends a run with ERR_DISPOSED, not with a crash, where the user disposes it", async () => {
    using data = await labelledImages(24);
    const trainer = tinyTrainer({ ema: { decay: 0.9 } });
    trainer.ema?.dispose();
    const end = await losses(trainer, data).then(
      () => "trained",
      (error) => error.code,
    );
    expect(["trained", "ERR_DISPOSED"]).toContain(end);
  });
});
