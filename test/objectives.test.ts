import { describe, expect, it } from "vitest";
import { auxiliaryTable } from "../lib/auxiliaries/table.js";
import {
  auxiliaries,
  type Objective,
  objectives,
  optimizers,
  penalties,
  type Tick,
} from "../lib/index.js";
import { objectiveTable } from "../lib/objectives/table.js";
import { penaltyTable } from "../lib/penalties/table.js";
import { largestDifference } from "./helpers/apart.js";
import {
  collect,
  fitting,
  labelledImages,
  losses,
  stateOf,
  tinyTrainer,
} from "./helpers/training.js";

const none = { penalties: [], auxiliaries: [] };

describe("objectives as data", () => {
  it("are complete: every option is there", () => {
    expect(objectives.minimax()).toEqual({
      type: "minimax",
      labelSmoothing: 0,
      discriminatorLoss: "mean",
      ...none,
    });
    expect(objectives.nonSaturating({ labelSmoothing: 0.1 })).toEqual({
      type: "nonSaturating",
      labelSmoothing: 0.1,
      discriminatorLoss: "mean",
      ...none,
    });
    expect(objectives.leastSquares()).toEqual({ type: "leastSquares", labelSmoothing: 0, ...none });
    expect(objectives.hinge()).toEqual({ type: "hinge", ...none });
    expect(objectives.wasserstein()).toEqual({ type: "wasserstein", ...none });
    expect(objectives.relativisticPaired()).toEqual({ type: "relativisticPaired", ...none });
    expect(objectives.relativisticAverage()).toEqual({
      type: "relativisticAverage",
      loss: "logistic",
      ...none,
    });
    expect(objectives.boundarySeeking()).toEqual({
      type: "boundarySeeking",
      labelSmoothing: 0,
      discriminatorLoss: "mean",
      ...none,
    });
    expect(objectives.energyBased()).toEqual({ type: "energyBased", margin: 1, ...none });
    expect(objectives.boundaryEquilibrium()).toEqual({
      ...{ type: "boundaryEquilibrium", gamma: 0.5, lambda: 0.001 },
      ...none,
    });
    expect(objectives.softmax()).toEqual({ type: "softmax", ...none });
    expect(penalties.wganDiv()).toEqual({ type: "wganDiv", weight: 2, power: 6, every: 1 });
    expect(penalties.wganGp()).toEqual({ type: "wganGp", weight: 10, every: 1 });
    expect(penalties.r1({ weight: 1, every: 16 })).toEqual({ type: "r1", weight: 1, every: 16 });
    expect(penalties.r2()).toEqual({ type: "r2", weight: 10, every: 1 });
    expect(penalties.dragan()).toEqual({ type: "dragan", weight: 10, every: 1 });
    expect(penalties.pathLength()).toEqual({
      ...{ type: "pathLength", weight: 2, every: 4, decay: 0.01 },
    });
    expect(auxiliaries.acgan()).toEqual({ type: "acgan", weight: 1 });
    expect(auxiliaries.infogan()).toEqual({ type: "infogan", categorical: 1, continuous: 0.1 });
  });

  it("complete the penalties that come from a file", () => {
    const fromFile = { penalties: [{ type: "r1" }] } as never;
    expect(objectives.hinge(fromFile).penalties).toEqual([penalties.r1()]);
  });
});

/** Every row of the tables as it comes, and what can be chosen beside that. */
const everyObjective: [string, Objective][] = [
  ...Object.values(objectiveTable).map((make): [string, Objective] => [make().type, make()]),
  ...Object.values(penaltyTable).map((make): [string, Objective] => [
    `wasserstein with ${make().type}`,
    objectives.wasserstein({ penalties: [make()] }),
  ]),
  ...Object.values(auxiliaryTable).map((make): [string, Objective] => [
    `nonSaturating with ${make().type}`,
    objectives.nonSaturating({ auxiliaries: [make()] }),
  ]),
  ["nonSaturating, smoothed", objectives.nonSaturating({ labelSmoothing: 0.1 })],
  ["nonSaturating, summed", objectives.nonSaturating({ discriminatorLoss: "sum" })],
  ["minimax, summed", objectives.minimax({ discriminatorLoss: "sum" })],
  ["wasserstein, clipped", objectives.wasserstein({ weightClip: 0.01 })],
  ["relativisticAverage, squared", objectives.relativisticAverage({ loss: "leastSquares" })],
  ["energyBased, near", objectives.energyBased({ margin: 0.1 })],
  [
    "boundaryEquilibrium with r1",
    objectives.boundaryEquilibrium({ gamma: 1, lambda: 0.5, penalties: [penalties.r1()] }),
  ],
  ["fDivergence, kl", objectives.fDivergence({ divergence: "kl" })],
  [
    "relativisticPaired with r1 and a lazy r2",
    objectives.relativisticPaired({
      penalties: [penalties.r1({ weight: 1 }), penalties.r2({ weight: 1, every: 2 })],
    }),
  ],
];

describe.each(["eager", "fused"] as const)("%s training", (execution) => {
  it.each(everyObjective)(
    "has finite losses with %s, and the same where the objective was JSON meanwhile",
    async (_, objective) => {
      using data = await labelledImages(24);
      const first = tinyTrainer({ ...fitting(objective), objective, execution });
      const all = await losses(first, data);
      expect(all).toHaveLength(3);
      expect(all.flat().every(Number.isFinite)).toBe(true);
      const again = JSON.parse(JSON.stringify(objective)) as Objective;
      const second = tinyTrainer({ ...fitting(again), objective: again, execution });
      expect(await losses(second, data)).toEqual(all);
    },
  );
});

describe("training", () => {
  it.each(everyObjective)("with %s: fused follows eager, to rounding", async (_, objective) => {
    using data = await labelledImages(24);
    const run = async (execution: "eager" | "fused") => {
      const options = { objective, execution, diffAugment: ["color", "cutout"] } as const;
      return (await losses(tinyTrainer({ ...fitting(objective), ...options }), data)).flat();
    };
    const [eager, fused] = [await run("eager"), await run("fused")];
    expect(largestDifference(fused, eager)).toBeLessThan(5e-5);
  });

  it.each(["eager", "fused"] as const)(
    "%s: the sum of the discriminator's two terms is twice their mean",
    async (execution) => {
      using data = await labelledImages(24);
      const first = async (discriminatorLoss: "mean" | "sum") => {
        const objective = objectives.nonSaturating({ discriminatorLoss });
        const trainer = tinyTrainer({ objective, execution });
        const [tick] = await collect(trainer.run(data, { steps: 1, batchSize: 8 }));
        return tick as Tick;
      };
      const [mean, sum] = [await first("mean"), await first("sum")];
      expect(sum.discriminatorLoss).toBeCloseTo(2 * mean.discriminatorLoss, 6);
      expect(sum.generatorLoss).toBe(mean.generatorLoss);
    },
  );

  it.each(["eager", "fused"] as const)(
    "%s: weightClip leaves every parameter of the critic within its limits",
    async (execution) => {
      using data = await labelledImages(24);
      const objective = objectives.wasserstein({ weightClip: 0.02 });
      const trainer = tinyTrainer({ objective, execution, discriminatorSteps: 2 });
      await collect(trainer.run(data, { steps: 3, batchSize: 8 }));
      for (const [name, values] of await stateOf(trainer.discriminator)) {
        const largest = Math.max(...values.map(Math.abs));
        expect(largest, name).toBeLessThanOrEqual(Math.fround(0.02));
        expect(largest, name).toBeGreaterThan(0);
      }
      const free = Math.max(
        ...[...(await stateOf(trainer.generator)).values()].flatMap((v) => [...v]),
      );
      expect(free).toBeGreaterThan(0.02);
    },
  );

  it("with label smoothing s is that with the targets 1 and s of reals, mixed", async () => {
    using data = await labelledImages(24);
    const first = async (labelSmoothing: number) => {
      const trainer = tinyTrainer({ objective: objectives.leastSquares({ labelSmoothing }) });
      return ((await losses(trainer, data, 1))[0] as [number, number])[0];
    };
    // 1/2 E[(r - 1 + s)²] is a parabola in s: its second difference is that of s²/2.
    const [a, b, c] = [await first(0), await first(0.2), await first(0.4)];
    expect(a - 2 * b + c).toBeCloseTo(0.2 ** 2, 5);
  });

  it("with a lazy penalty adds it at every n-th update of the discriminator, n times as strong", async () => {
    using data = await labelledImages(24);
    const still = optimizers.sgd({ lr: 1e-30 });
    const run = (list: Objective["penalties"]) => {
      const objective = objectives.hinge({ penalties: list });
      const optimizer = { generator: still, discriminator: still };
      return losses(tinyTrainer({ objective, optimizer }), data, 6);
    };
    const bare = await run([]);
    const always = await run([penalties.r1({ weight: 2 })]);
    const lazy = await run([penalties.r1({ weight: 2, every: 3 })]);
    for (let step = 0; step < 6; ++step) {
      const loss = (all: [number, number][]) => (all[step] as [number, number])[0];
      const penalty = loss(always) - loss(bare);
      expect(penalty).toBeGreaterThan(1e-4);
      expect(loss(lazy) - loss(bare)).toBeCloseTo(step % 3 === 0 ? 3 * penalty : 0, 5);
    }
  });

  it("with two terms sums both", async () => {
    using data = await labelledImages(24);
    const run = async (list: Objective["penalties"]) => {
      const trainer = tinyTrainer({ objective: objectives.hinge({ penalties: list }) });
      return ((await losses(trainer, data, 1))[0] as [number, number])[0];
    };
    const bare = await run([]);
    const [r1, r2] = [penalties.r1(), penalties.r2()];
    const both = await run([r1, r2]);
    expect(both - bare).toBeCloseTo((await run([r1])) - bare + ((await run([r2])) - bare), 5);
  });
});
