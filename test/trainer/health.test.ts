import { describe, expect, it } from "vitest";
import { Discriminator, datasets, Generator, layers as l, optimizers } from "../../lib/index.js";
import { type Objective, objectives, type Tick, Trainer } from "../../lib/index.js";
import type { NativeReport } from "../../lib/native.js";
import { type Health, Watcher } from "../../lib/trainer/health.js";
import { checkFinite } from "../../lib/trainer/tick.js";
import { collect, fitting, labelledImages, tinyTrainer, weightsOf } from "../helpers/training.js";

const pixel = [1, 1, 1];
const frozen = optimizers.sgd({ lr: 1e-30 });

/** Weights of a single linear layer, by hand. */
async function set(network: Generator | Discriminator, weight: number, bias: number) {
  const tensors = await network.native.state();
  await network.native.load(
    tensors.map((tensor) => ({
      ...tensor,
      data: new Uint8Array(
        new Float32Array(tensor.data.byteLength / 4).fill(
          tensor.name.endsWith("bias") ? bias : weight,
        ).buffer,
      ),
    })),
  );
}

/** One step of a discriminator that says weight · pixel, and fakes that are scale · noise + shift. */
async function look(
  reals: readonly number[],
  { scale, shift, weight }: { scale: number; shift: number; weight: number },
  execution: "eager" | "fused" = "fused",
): Promise<Health> {
  const generator = new Generator(
    { latent: { noise: 1 }, layers: [l.linear(1), l.unflatten(pixel)] },
    { seed: 3 },
  );
  const discriminator = new Discriminator({ image: pixel, layers: [l.flatten(), l.linear(1)] });
  await set(generator, scale, shift);
  await set(discriminator, weight, 0);
  const trainer = new Trainer({
    ...{ generator, discriminator, execution },
    objective: objectives.nonSaturating(),
    optimizer: { generator: frozen, discriminator: frozen },
  });
  const bytes = Uint8Array.from(reals, (value) => Math.round((value + 1) * 127.5));
  const data = await datasets.fromBytes(bytes, { shape: [reals.length, ...pixel] });
  const [tick] = await collect(trainer.run(data, { steps: 1, batchSize: reals.length }));
  return (tick as Tick).health as Health;
}

describe.each(["eager", "fused"] as const)("health, %s", (execution) => {
  const mixed = Array.from({ length: 64 }, (_, i) => (i % 2 === 0 ? 1 : -1));

  it("a discriminator that tells all apart has two accuracies of 1, one that is wrong of 0", async () => {
    const bright = Array(64).fill(1);
    const right = await look(bright, { scale: 0, shift: -1, weight: 1 }, execution);
    expect([right.realAccuracy, right.fakeAccuracy]).toEqual([1, 1]);
    const wrong = await look(bright, { scale: 0, shift: -1, weight: -1 }, execution);
    expect([wrong.realAccuracy, wrong.fakeAccuracy]).toEqual([0, 0]);
  });

  it("tells the mean scores of both, which are logits here", async () => {
    const game = { scale: 0, shift: 0.5, weight: 2 };
    const { realScore, fakeScore } = await look(Array(64).fill(1), game, execution);
    expect([realScore, fakeScore]).toEqual([2, 1]);
  });

  it("fakes that are all the same have no diversity, and as many kinds as the reals have 1", async () => {
    const same = await look(mixed, { scale: 0, shift: 0.5, weight: 1 }, execution);
    expect(same.diversity).toBe(0);
    // 32 pairs of each value out of 63 neighbours are 2 apart: E|a − b| = 2 · 32 / 63; of N(0, s²) it is 2 s / √π.
    const scale = (2 * 32 * Math.sqrt(Math.PI)) / (63 * 2);
    const equal = await look(mixed, { scale, shift: 0, weight: 1 }, execution);
    expect(equal.diversity).toBeGreaterThan(0.75);
    expect(equal.diversity).toBeLessThan(1.25);
  });

  it("has no diversity where the reals are all the same, or one: there is nothing to compare with", async () => {
    for (const reals of [[1, 1], [1]]) {
      const health = await look(reals, { scale: 1, shift: 0, weight: 1 }, execution);
      expect(health).not.toHaveProperty("diversity");
      expect(health.realAccuracy).toBeTypeOf("number");
    }
  });

  it("gradient norms are what plain descent moves the weights by", async () => {
    const sgd = optimizers.sgd({ lr: 1 });
    const trainer = tinyTrainer({ optimizer: { generator: sgd, discriminator: sgd }, execution });
    const before = [await weightsOf(trainer.generator), await weightsOf(trainer.discriminator)];
    const data = await labelledImages(16);
    const [tick] = await collect(trainer.run(data, { steps: 1, batchSize: 16 }));
    const after = [await weightsOf(trainer.generator), await weightsOf(trainer.discriminator)];
    const [g, d] = after.map((weights, i) =>
      Math.hypot(...weights.map((value, k) => value - ((before[i] as number[])[k] as number))),
    ) as [number, number];
    const { health } = tick as Tick;
    expect(health?.generatorGradientNorm).toBeCloseTo(g, 5);
    expect(health?.discriminatorGradientNorm).toBeCloseTo(d, 5);
  });

  it("is of the last step, and looking changes nothing", async () => {
    const data = await labelledImages(32);
    const run = (tickEvery: number) => ({ steps: 6, batchSize: 8, tickEvery });
    const [often, rarely] = [tinyTrainer({ execution }), tinyTrainer({ execution })];
    const each = await collect(often.run(data, run(1)));
    const [last] = await collect(rarely.run(data, run(6)));
    expect(each.at(-1)?.health).toEqual(last?.health);
    expect(await weightsOf(often.generator)).toEqual(await weightsOf(rarely.generator));
  });
});

describe("health under objectives for which reals score low", () => {
  const still = { generator: frozen, discriminator: frozen };

  it.each(["eager", "fused"] as const)(
    "%s: a discriminator that scores all reals lower has two accuracies of 1",
    async (execution) => {
      const right = await lookFor(objectives.softmax(), -1, execution);
      expect([right.realAccuracy, right.fakeAccuracy]).toEqual([1, 1]);
      const wrong = await lookFor(objectives.softmax(), 1, execution);
      expect([wrong.realAccuracy, wrong.fakeAccuracy]).toEqual([0, 0]);
      expect(right).not.toHaveProperty("convergence");
      expect(right).not.toHaveProperty("balance");
    },
  );

  /** Reals of 1 and fakes of -1 under a discriminator that says weight · pixel. */
  async function lookFor(objective: Objective, weight: number, execution: "eager" | "fused") {
    const generator = new Generator({
      latent: { noise: 1 },
      layers: [l.linear(1), l.unflatten(pixel)],
    });
    const discriminator = new Discriminator({ image: pixel, layers: [l.flatten(), l.linear(1)] });
    await set(generator, 0, -1);
    await set(discriminator, weight, 0);
    const trainer = new Trainer({
      generator,
      discriminator,
      objective,
      execution,
      optimizer: still,
    });
    const data = await datasets.fromBytes(new Uint8Array(8).fill(255), { shape: [8, ...pixel] });
    const [tick] = await collect(trainer.run(data, { steps: 1, batchSize: 8 }));
    return (tick as Tick).health as Health;
  }

  it.each(["eager", "fused"] as const)(
    "%s: BEGAN tells its measure of convergence and k, which follow the equations of the paper",
    async (execution) => {
      const [gamma, lambda] = [0.75, 0.3];
      const objective = objectives.boundaryEquilibrium({ gamma, lambda });
      const trainer = tinyTrainer({ ...fitting(objective), objective, execution });
      const data = await labelledImages(24);
      const ticks = await collect(trainer.run(data, { steps: 6, batchSize: 8, tickEvery: 1 }));
      let k = 0;
      for (const { health, discriminatorLoss, generatorLoss } of ticks) {
        const { realScore: real, fakeScore: fake, convergence, balance } = health as Health;
        expect(discriminatorLoss).toBeCloseTo(real - k * fake, 5);
        expect(generatorLoss).toBeCloseTo(fake, 5);
        k = Math.min(1, Math.max(0, k + lambda * (gamma * real - fake)));
        expect(balance).toBeCloseTo(k, 5);
        expect(convergence).toBeCloseTo(real + Math.abs(gamma * real - fake), 5);
      }
      expect(k).toBeGreaterThan(0);
    },
  );
});

describe("a loss that is no number", () => {
  it.each([
    [Number.NaN, 1],
    [1, Number.NaN],
    [-Infinity, 1],
  ])("is the end, whichever it is: %d and %d", (discriminatorLoss, generatorLoss) => {
    const report = { step: 3, discriminatorLoss, generatorLoss, health: null };
    expect(() => checkFinite(report as NativeReport)).toThrow(
      `Expected finite losses for step 3 but received [${discriminatorLoss}, ${generatorLoss}]; lower the learning rate`,
    );
  });
});

describe("weights that are no numbers", () => {
  it("end the run at the tick, though the losses still are", async () => {
    // Beyond the last update a loss is not looked at: the step that breaks the weights has a finite one.
    const huge = optimizers.sgd({ lr: 3e38 });
    const trainer = tinyTrainer({
      objective: objectives.wasserstein(),
      optimizer: { generator: huge, discriminator: huge },
    });
    const data = await labelledImages(16);
    await expect(collect(trainer.run(data, { steps: 1, batchSize: 16 }))).rejects.toMatchObject({
      code: "ERR_DIVERGED",
      message: expect.stringMatching(/^Expected finite (weights after|losses for) step 1 /),
    });
  });
});

describe("warnings", () => {
  const fine: Health = {
    ...{ realAccuracy: 0.7, fakeAccuracy: 0.7, realScore: 0.6, fakeScore: 0.4, diversity: 0.8 },
    ...{ generatorGradientNorm: 1, discriminatorGradientNorm: 1 },
  };
  const looks = (ticks: readonly Partial<Health>[]) => {
    const watcher = new Watcher();
    return ticks.map((tick) => watcher.look({ ...fine, ...tick }).join());
  };

  it("say saturated after three ticks of a discriminator that is sure, and a gradient that has vanished", () => {
    const sure = { realAccuracy: 1, fakeAccuracy: 0.995 };
    const gone = { ...sure, generatorGradientNorm: 0.009 };
    expect(looks([{}, gone, gone, gone, gone, {}])).toEqual([
      "",
      "",
      "",
      "saturated",
      "saturated",
      "",
    ]);
    expect(looks([{}, sure, sure, sure])).toEqual(["", "", "", ""]);
    // A hundredth of the largest is not below one.
    const small = { ...sure, generatorGradientNorm: 0.01 };
    expect(looks([{}, small, small, small])).toEqual(["", "", "", ""]);
    expect(looks([{}, gone, gone, {}, gone])).toEqual(["", "", "", "", ""]);
  });

  it("say collapsing of samples that were different and are not any more, not of those that never were", () => {
    const alike = { diversity: 0.05 };
    expect(looks([alike, {}, { diversity: 0.3 }, alike, {}])).toEqual([
      "",
      "",
      "",
      "collapsing",
      "",
    ]);
    // A sixth, but of samples that were never different.
    expect(looks([alike, { diversity: 0.29 }, alike])).toEqual(["", "", ""]);
  });

  it("do not say collapsing of a tick that has no diversity", () => {
    expect(looks([{}, { diversity: undefined }, { diversity: 0.05 }])).toEqual([
      "",
      "",
      "collapsing",
    ]);
  });

  it("begin at the shares that the table says", () => {
    const gone = { realAccuracy: 0.99, fakeAccuracy: 0.99, generatorGradientNorm: 0.001 };
    expect(looks([{}, gone, gone, gone]).at(-1)).toBe("saturated");
    const unsure = { ...gone, fakeAccuracy: 0.989 };
    expect(looks([{}, unsure, unsure, unsure]).at(-1)).toBe("");
    const then = (diversity: number) => looks([{ diversity: 0.3 }, { diversity }]).at(-1);
    expect([then(0.3 / 4), then(0.0749)]).toEqual(["", "collapsing"]);
  });

  it("compare a gradient with the largest, and samples with the most different, of all ticks", () => {
    const gone = { realAccuracy: 1, fakeAccuracy: 1, generatorGradientNorm: 0.5 };
    const once = { generatorGradientNorm: 100 };
    expect(looks([once, {}, gone, gone, gone]).at(-1)).toBe("saturated");
    expect(looks([{}, { diversity: 0.4 }, { diversity: 0.15 }]).at(-1)).toBe("collapsing");
  });

  it("go on from the lines of a file, whatever else is in it", () => {
    const { diversity: _, ...uncompared } = fine;
    const lines = [{ health: fine }, 7, null, {}, { health: "fine" }, { health: uncompared }];
    const broken = [{ health: { ...fine, diversity: "1e9" } }, { health: { diversity: 1e9 } }];
    const accuracies = ["realAccuracy", "fakeAccuracy"] as const;
    const norms = ["generatorGradientNorm", "discriminatorGradientNorm"] as const;
    const partly = [...accuracies, ...norms].map((name) => {
      return { health: { ...fine, [name]: null, diversity: 1e9 } };
    });
    const watcher = Watcher.after([...lines, ...broken, ...partly]);
    expect(watcher.look({ ...fine, diversity: 0.25 })).toEqual([]);
    expect(watcher.look({ ...fine, diversity: 0.05 })).toEqual(["collapsing"]);
    const sure = { ...fine, realAccuracy: 1, fakeAccuracy: 1, generatorGradientNorm: 0.001 };
    const twice = Watcher.after([{ health: fine }, { health: sure }, { health: sure }]);
    expect(twice.look(sure)).toEqual(["saturated"]);
  });
});
