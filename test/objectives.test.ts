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

describe("objectives, misused", () => {
  it.each<[string, () => unknown, string]>([
    [
      "options that are none",
      () => objectives.hinge("x" as never),
      'Expected an object for options of hinge but received "x"',
    ],
    [
      "an option of another objective",
      () => objectives.hinge({ labelSmoothing: 0.1 } as never),
      'Expected only the options penalties, auxiliaries for options of hinge but received "labelSmoothing"',
    ],
    [
      "half of the label smoothed away",
      () => objectives.nonSaturating({ labelSmoothing: 0.5 }),
      "Expected a number in [0, 0.5) for labelSmoothing of nonSaturating but received 0.5",
    ],
    [
      "an unknown sum of two losses",
      () => objectives.nonSaturating({ discriminatorLoss: "half" as never }),
      'Expected one of mean, sum for discriminatorLoss of nonSaturating but received "half"',
    ],
    [
      "a negative smoothing",
      () => objectives.minimax({ labelSmoothing: -0.1 }),
      "Expected a number in [0, 0.5) for labelSmoothing of minimax but received -0.1",
    ],
    [
      "a smoothing that is NaN",
      () => objectives.leastSquares({ labelSmoothing: Number.NaN }),
      "Expected a number in [0, 0.5) for labelSmoothing of leastSquares but received NaN",
    ],
    [
      "a clip of 0",
      () => objectives.wasserstein({ weightClip: 0 }),
      "Expected a finite number above 0 for weightClip of wasserstein but received 0",
    ],
    [
      "an infinite clip",
      () => objectives.wasserstein({ weightClip: Infinity }),
      "Expected a finite number above 0 for weightClip of wasserstein but received Infinity",
    ],
    [
      "clipping and its replacement",
      () => objectives.wasserstein({ weightClip: 0.01, penalties: [penalties.wganGp()] }),
      'Expected weightClip or wganGp, not both, for options of wasserstein but received { weightClip: 0.01, penalties: ["wganGp"] }',
    ],
    [
      "clipping and its other replacement",
      () => objectives.wasserstein({ weightClip: 0.01, penalties: [penalties.wganDiv()] }),
      'Expected weightClip or wganDiv, not both, for options of wasserstein but received { weightClip: 0.01, penalties: ["wganDiv"] }',
    ],
    [
      "an unknown divergence",
      () => objectives.fDivergence({ divergence: "chi" as never }),
      'Expected one of kl, reverseKl, pearson, jensenShannon for divergence of fDivergence but received "chi"',
    ],
    [
      "a margin of 0",
      () => objectives.energyBased({ margin: 0 }),
      "Expected a finite number above 0 for margin of energyBased but received 0",
    ],
    [
      "a ratio of 0",
      () => objectives.boundaryEquilibrium({ gamma: 0 }),
      "Expected a number in (0, 1] for gamma of boundaryEquilibrium but received 0",
    ],
    [
      "fakes that differ more than reals",
      () => objectives.boundaryEquilibrium({ gamma: 1.1 }),
      "Expected a number in (0, 1] for gamma of boundaryEquilibrium but received 1.1",
    ],
    [
      "a weight that never moves",
      () => objectives.boundaryEquilibrium({ lambda: 0 }),
      "Expected a finite number above 0 for lambda of boundaryEquilibrium but received 0",
    ],
    [
      "the name of another script",
      () => objectives.boundaryEquilibrium({ lambdaK: 0.001 } as never),
      'Expected the option lambda for options of boundaryEquilibrium but received "lambdaK"',
    ],
    [
      "a temperature",
      () => objectives.softmax({ temperature: 1 } as never),
      'Expected only the options penalties, auxiliaries for options of softmax but received "temperature"',
    ],
    [
      "an unknown loss",
      () => objectives.relativisticAverage({ loss: "hinge" as never }),
      'Expected one of logistic, leastSquares for loss of relativisticAverage but received "hinge"',
    ],
    [
      "a penalty without its array",
      () => objectives.hinge({ penalties: penalties.r1() as never }),
      'Expected an array for penalties but received { type: "r1", weight: 10, every: 1 }',
    ],
    [
      "a penalty that is none",
      () => objectives.hinge({ penalties: ["r1"] as never }),
      'Expected a penalty, as penalties.r1() makes it, for penalties[0] but received "r1"',
    ],
    [
      "an array with a hole",
      // biome-ignore lint/suspicious/noSparseArray: what is tried
      () => objectives.hinge({ penalties: [, penalties.r1()] as never }),
      "Expected a penalty, as penalties.r1() makes it, for penalties[0] but received undefined",
    ],
    [
      "an unknown penalty",
      () => objectives.hinge({ penalties: [penalties.r1(), { type: "r3" }] as never }),
      'Expected one of wganGp, wganDiv, r1, r2, dragan, pathLength for penalties[1].type but received "r3"',
    ],
    [
      "a penalty from a file that is wrong",
      () => objectives.hinge({ penalties: [{ type: "r1", weight: "10" }] as never }),
      'Expected a finite number above 0 for weight of r1 but received "10"',
    ],
    [
      "the same penalty twice",
      () => objectives.hinge({ penalties: [penalties.r1(), penalties.r1({ weight: 1 })] }),
      'Expected each type once for penalties but received ["r1", "r1"]',
    ],
    [
      "an auxiliary that is none",
      () => objectives.hinge({ auxiliaries: [penalties.r1()] as never }),
      'Expected one of acgan, infogan for auxiliaries[0].type but received "r1"',
    ],
    [
      "the same auxiliary twice",
      () => objectives.hinge({ auxiliaries: [auxiliaries.acgan(), auxiliaries.acgan()] }),
      'Expected each type once for auxiliaries but received ["acgan", "acgan"]',
    ],
    [
      "a weight of 0",
      () => penalties.wganGp({ weight: 0 }),
      "Expected a finite number above 0 for weight of wganGp but received 0",
    ],
    [
      "an infinite weight",
      () => penalties.dragan({ weight: Infinity }),
      "Expected a finite number above 0 for weight of dragan but received Infinity",
    ],
    [
      "a power below 2",
      () => penalties.wganDiv({ power: 1.5 }),
      "Expected a finite number of at least 2 for power of wganDiv but received 1.5",
    ],
    [
      "an infinite power",
      () => penalties.wganDiv({ power: Infinity }),
      "Expected a finite number of at least 2 for power of wganDiv but received Infinity",
    ],
    [
      "a power of another penalty",
      () => penalties.wganGp({ power: 6 } as never),
      'Expected only the options weight, every for options of wganGp but received "power"',
    ],
    [
      "a mean length that stays where it is",
      () => penalties.pathLength({ decay: 0 }),
      "Expected a number in (0, 1] for decay of pathLength but received 0",
    ],
    [
      "one that goes too far",
      () => penalties.pathLength({ decay: 1.1 }),
      "Expected a number in (0, 1] for decay of pathLength but received 1.1",
    ],
    [
      "half an interval",
      () => penalties.r2({ every: 1.5 }),
      "Expected a whole number of at least 1 for every of r2 but received 1.5",
    ],
    [
      "an interval of 0",
      () => penalties.r1({ every: 0 }),
      "Expected a whole number of at least 1 for every of r1 but received 0",
    ],
    [
      "the paper's letter",
      () => penalties.r1({ gamma: 10 } as never),
      'Expected only the options weight, every for options of r1 but received "gamma"',
    ],
    [
      "a weightless classifier",
      () => auxiliaries.acgan({ weight: 0 }),
      "Expected a finite number above 0 for weight of acgan but received 0",
    ],
    [
      "a negative weight",
      () => auxiliaries.infogan({ continuous: -0.1 }),
      "Expected a finite number of at least 0 for continuous of infogan but received -0.1",
    ],
    [
      "no information at all",
      () => auxiliaries.infogan({ categorical: 0, continuous: 0 }),
      "Expected a weight above 0 for categorical or continuous of infogan but received 0",
    ],
  ])("refuse %s", (_, call, sentence) => {
    expect(call).toThrow(sentence);
  });
});

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
