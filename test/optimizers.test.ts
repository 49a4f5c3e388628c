import { describe, expect, it } from "vitest";
import { type Optimizer, objectives, optimizers, schedules } from "../lib/index.js";
import { labelledImages, losses, tinyTrainer, weightsOf } from "./helpers/training.js";

const { adam, adamW, sgd, rmsprop } = optimizers;
const { constant, linear, exponential, cosine, step, multiStep, warmUp } = schedules;

describe("optimizers and schedules, misused", () => {
  it.each<[string, () => unknown, string]>([
    ["a rate of 0", () => sgd({ lr: 0 }), "Expected a finite number above 0 for lr but received 0"],
    [
      "a rate that is NaN",
      () => rmsprop({ lr: Number.NaN }),
      "Expected a finite number above 0 for lr but received NaN",
    ],
    [
      "an infinite rate",
      () => adamW({ lr: Infinity }),
      "Expected a finite number above 0 for lr but received Infinity",
    ],
    [
      "an option of another optimizer",
      () => adamW({ momentum: 0.9 } as never),
      'Expected only the options lr, betas, eps, weightDecay, amsgrad, schedule, clipGradNorm, clipGradValue for options of adamW but received "momentum"',
    ],
    [
      "an eps of 0",
      () => adam({ eps: 0 }),
      "Expected a finite number above 0 for eps but received 0",
    ],
    [
      "a momentum of 1",
      () => sgd({ momentum: 1 }),
      "Expected a number in [0, 1) for momentum but received 1",
    ],
    [
      "a momentum that is none",
      () => sgd({ momentum: "0.9" as never }),
      'Expected a number in [0, 1) for momentum but received "0.9"',
    ],
    [
      "a ramp without steps",
      () => sgd({ momentum: { from: 0.5, to: 0.7 } as never }),
      "Expected a whole number of at least 1 for momentum.steps but received undefined",
    ],
    [
      "a ramp to 1",
      () => sgd({ momentum: { from: 0.5, to: 1, steps: 10 } }),
      "Expected a number in [0, 1) for momentum.to but received 1",
    ],
    [
      "an unknown option of the ramp",
      () => sgd({ momentum: { from: 0.5, to: 0.7, steps: 1, until: 2 } as never }),
      'Expected only the options from, to, steps for momentum but received "until"',
    ],
    [
      "a dampening above 1",
      () => sgd({ dampening: 1.5 }),
      "Expected a number in [0, 1] for dampening but received 1.5",
    ],
    [
      "Nesterov without momentum",
      () => sgd({ nesterov: true }),
      "Expected a momentum above 0 and no dampening, with nesterov, for options of sgd but received { momentum: 0, dampening: 0 }",
    ],
    [
      "Nesterov with dampening",
      () => sgd({ nesterov: true, momentum: 0.9, dampening: 0.1 }),
      "Expected a momentum above 0 and no dampening, with nesterov, for options of sgd but received { momentum: 0.9, dampening: 0.1 }",
    ],
    [
      "a flag that is none",
      () => rmsprop({ centered: 1 as never }),
      "Expected true or false for centered but received 1",
    ],
    [
      "an alpha of 1",
      () => rmsprop({ alpha: 1 }),
      "Expected a number in [0, 1) for alpha but received 1",
    ],
    [
      "a clip of 0",
      () => adam({ clipGradNorm: 0 }),
      "Expected a finite number above 0 for clipGradNorm but received 0",
    ],
    [
      "a schedule that is none",
      () => adam({ schedule: "cosine" as never }),
      'Expected a schedule, as schedules.linear() makes it, for schedule but received "cosine"',
    ],
    [
      "an unknown schedule",
      () => adam({ schedule: { type: "plateau" } as never }),
      'Expected one of constant, linear, exponential, cosine, step, multiStep, warmUp for schedule.type but received "plateau"',
    ],
    [
      "a schedule from a file that is wrong",
      () => adam({ schedule: { type: "linear", steps: "9" } as never }),
      'Expected a whole number of at least 1 for steps of linear but received "9"',
    ],
    [
      "a line without an end",
      () => linear(undefined as never),
      "Expected a whole number of at least 1 for steps of linear but received undefined",
    ],
    [
      "a line that rises",
      () => linear({ steps: 10, to: 2 }),
      "Expected a number in [0, 1] for to of linear but received 2",
    ],
    [
      "a line that begins before the training",
      () => linear({ steps: 10, after: -1 }),
      "Expected a whole number of at least 0 for after of linear but received -1",
    ],
    [
      "stairs without a width",
      () => step({} as never),
      "Expected a whole number of at least 1 for stepSize of step but received undefined",
    ],
    [
      "stairs that lead up",
      () => step({ stepSize: 10, gamma: 2 }),
      "Expected a number in (0, 1] for gamma of step but received 2",
    ],
    [
      "torch's name of an option",
      () => step({ step_size: 10 } as never),
      'Expected the option stepSize for options of step but received "step_size"',
    ],
    [
      "one milestone that is no list",
      () => multiStep({ milestones: 10 as never }),
      "Expected an array of whole numbers for milestones of multiStep but received 10",
    ],
    [
      "no milestones",
      () => multiStep({ milestones: [] }),
      "Expected an array of whole numbers for milestones of multiStep but received []",
    ],
    [
      "a milestone before the first update",
      () => multiStep({ milestones: [0, 10] }),
      "Expected a whole number of at least 1 for milestones[0] of multiStep but received 0",
    ],
    [
      "milestones out of order",
      () => multiStep({ milestones: [20, 10] }),
      "Expected a whole number of at least 21 for milestones[1] of multiStep but received 10",
    ],
    [
      "a milestone twice",
      () => multiStep({ milestones: [10, 10] }),
      "Expected a whole number of at least 11 for milestones[1] of multiStep but received 10",
    ],
    [
      "a milestone that is missing",
      // biome-ignore lint/suspicious/noSparseArray: a hole is what is tried
      () => multiStep({ milestones: [10, , 30] as never }),
      "Expected a whole number of at least 11 for milestones[1] of multiStep but received undefined",
    ],
    [
      "a milestone between two updates",
      () => multiStep({ milestones: [10.5] }),
      "Expected a whole number of at least 1 for milestones[0] of multiStep but received 10.5",
    ],
    [
      "a decay that grows",
      () => exponential({ gamma: 1.01 }),
      "Expected a number in (0, 1] for gamma of exponential but received 1.01",
    ],
    [
      "a decay to nothing",
      () => exponential({ gamma: 0 }),
      "Expected a number in (0, 1] for gamma of exponential but received 0",
    ],
    [
      "a negative floor",
      () => cosine({ steps: 10, min: -1 }),
      "Expected a finite number of at least 0 for min of cosine but received -1",
    ],
    [
      "a floor above the learning rate",
      () => adam({ lr: 2e-4, schedule: cosine({ steps: 10, min: 0.01 }) }),
      "Expected a number from 0 to lr, 0.0002, for min of cosine but received 0.01",
    ],
    [
      "a floor above the learning rate, after a warm-up",
      () =>
        adam({ lr: 1e-3, schedule: warmUp({ steps: 9, schedule: cosine({ steps: 9, min: 1 }) }) }),
      "Expected a number from 0 to lr, 0.001, for min of cosine but received 1",
    ],
    [
      "a warm-up from above lr",
      () => warmUp({ steps: 10, from: 2 }),
      "Expected a number in [0, 1] for from of warmUp but received 2",
    ],
    [
      "a warm-up of no updates",
      () => warmUp({ steps: 0 }),
      "Expected a whole number of at least 1 for steps of warmUp but received 0",
    ],
    [
      "a warm-up before a warm-up",
      () => warmUp({ steps: 10, schedule: warmUp({ steps: 10 }) as never }),
      'Expected one of constant, linear, exponential, cosine, step, multiStep for schedule of warmUp.type but received "warmUp"',
    ],
    [
      "a warm-up before the name of a schedule",
      () => warmUp({ steps: 10, schedule: "cosine" as never }),
      'Expected a schedule, as schedules.cosine() makes it, for schedule of warmUp but received "cosine"',
    ],
    [
      "options of what has none",
      () => constant({ lr: 1 } as never),
      'Expected no options for options of constant but received "lr"',
    ],
  ])("refuse %s", (_, call, sentence) => {
    expect(call).toThrow(sentence);
  });

  it("are refused by the trainer as they come from a file", () => {
    const wrong: [object, string][] = [
      [
        { type: "lion" },
        'Expected one of adam, adamW, sgd, rmsprop for optimizer.generator.type but received "lion"',
      ],
      [{ type: "sgd", momentum: 2 }, "Expected a number in [0, 1) for momentum but received 2"],
    ];
    for (const [generator, sentence] of wrong) {
      const optimizer = { generator: generator as Optimizer, discriminator: adam() };
      expect(() => tinyTrainer({ optimizer })).toThrow(sentence);
    }
  });
});

describe("optimizers as data", () => {
  it("are complete, with torch.optim's defaults", () => {
    const schedule = { type: "constant" };
    const moments = { betas: [0.9, 0.999], eps: 1e-8, amsgrad: false };
    expect(adam()).toEqual({ type: "adam", lr: 1e-3, ...moments, weightDecay: 0, schedule });
    expect(adamW()).toEqual({ type: "adamW", lr: 1e-3, ...moments, weightDecay: 1e-2, schedule });
    expect(sgd()).toEqual({
      type: "sgd",
      lr: 1e-3,
      momentum: 0,
      dampening: 0,
      nesterov: false,
      weightDecay: 0,
      schedule,
    });
    expect(rmsprop()).toEqual({
      type: "rmsprop",
      lr: 1e-2,
      alpha: 0.99,
      eps: 1e-8,
      weightDecay: 0,
      momentum: 0,
      centered: false,
      schedule,
    });
    expect(linear({ steps: 9 })).toEqual({ type: "linear", to: 0, steps: 9, after: 0 });
    expect(exponential({ gamma: 0.9 })).toEqual({ type: "exponential", gamma: 0.9, min: 0 });
    expect(cosine({ steps: 9 })).toEqual({ type: "cosine", steps: 9, min: 0 });
    expect(step({ stepSize: 9 })).toEqual({ type: "step", stepSize: 9, gamma: 0.1 });
    const milestones = [3, 9];
    const chosen = multiStep({ milestones });
    milestones[0] = 0;
    expect(chosen).toEqual({ type: "multiStep", milestones: [3, 9], gamma: 0.1 });
    expect(warmUp({ steps: 9 })).toEqual({ type: "warmUp", steps: 9, from: 0, schedule });
  });

  it.each<[string, Optimizer]>([
    ["adam", adam({ lr: 1e-3, schedule: cosine({ steps: 4 }), clipGradNorm: 0.1 })],
    ["adam with AMSGrad", adam({ amsgrad: true, betas: [0.5, 0.5] })],
    ["adamW", adamW({ schedule: linear({ steps: 4 }) })],
    ["sgd", sgd({ lr: 0.1, momentum: { from: 0.5, to: 0.7, steps: 3 }, nesterov: true })],
    ["rmsprop", rmsprop({ centered: true, schedule: exponential({ gamma: 0.5 }) })],
    [
      "adam with a warm-up",
      adam({ schedule: warmUp({ steps: 2, from: 0.5, schedule: linear({ steps: 4 }) }) }),
    ],
    ["adam in steps", adam({ schedule: step({ stepSize: 2 }) })],
    ["adam in chosen steps", adam({ schedule: multiStep({ milestones: [1, 3] }) })],
  ])("%s trains the same after it was JSON, in both executions", async (_, optimizer) => {
    using data = await labelledImages(24);
    const again = JSON.parse(JSON.stringify(optimizer)) as Optimizer;
    for (const execution of ["eager", "fused"] as const) {
      const run = (one: Optimizer) =>
        losses(tinyTrainer({ optimizer: { generator: one, discriminator: one }, execution }), data);
      const all = await run(optimizer);
      expect(all.flat().every(Number.isFinite)).toBe(true);
      expect(await run(again)).toEqual(all);
    }
  });
});

describe("training with schedules and clipping", () => {
  const moved = (before: number[], after: number[]) =>
    Math.hypot(...after.map((value, i) => value - (before[i] as number)));

  it.each(["eager", "fused"] as const)(
    "%s: after a line to 0 the weights stop moving, the other player's do not",
    async (execution) => {
      using data = await labelledImages(24);
      const stopping = adam({ lr: 1e-3, schedule: linear({ steps: 4 }) });
      const trainer = tinyTrainer({
        optimizer: { generator: stopping, discriminator: adam() },
        execution,
      });
      const distances = [];
      for (let step = 0; step < 6; ++step) {
        const before = await weightsOf(trainer.generator);
        await losses(trainer, data, 1);
        distances.push(moved(before, await weightsOf(trainer.generator)));
      }
      expect(distances.map((distance) => distance > 0)).toEqual([
        true,
        true,
        true,
        true,
        false,
        false,
      ]);
      const before = await weightsOf(trainer.discriminator);
      await losses(trainer, data, 1);
      expect(moved(before, await weightsOf(trainer.discriminator))).toBeGreaterThan(0);
    },
  );

  it("a gradient clipped to c moves the weights of plain SGD by lr·c", async () => {
    using data = await labelledImages(24);
    const optimizer = sgd({ lr: 1, clipGradNorm: 0.01, schedule: exponential({ gamma: 0.5 }) });
    const trainer = tinyTrainer({
      objective: objectives.wasserstein(),
      optimizer: { generator: optimizer, discriminator: optimizer },
      discriminatorSteps: 1,
    });
    for (let step = 0; step < 4; ++step) {
      const before = await weightsOf(trainer.discriminator);
      await losses(trainer, data, 1);
      expect(
        moved(before, await weightsOf(trainer.discriminator)) / (0.01 * 0.5 ** step),
      ).toBeCloseTo(1, 2);
    }
  });

  it("the discriminator's schedule counts its own updates, k a step", async () => {
    using data = await labelledImages(24);
    const optimizer = {
      generator: adam(),
      discriminator: adam({ schedule: linear({ steps: 4 }) }),
    };
    const trainer = tinyTrainer({ optimizer, discriminatorSteps: 2, order: "discriminatorFirst" });
    await losses(trainer, data, 2);
    const before = await weightsOf(trainer.discriminator);
    await losses(trainer, data, 2);
    expect(await weightsOf(trainer.discriminator)).toEqual(before);
  });

  it("schedules that change nothing change nothing", async () => {
    using data = await labelledImages(24);
    const run = (optimizer: Optimizer) =>
      losses(tinyTrainer({ optimizer: { generator: optimizer, discriminator: optimizer } }), data);
    const plain = await run(adam());
    expect(await run(adam({ schedule: linear({ to: 1, steps: 5 }) }))).toEqual(plain);
    expect(await run(adam({ schedule: linear({ steps: 5, after: 1000 }) }))).toEqual(plain);
    expect(await run(adam({ schedule: exponential({ gamma: 1 }) }))).toEqual(plain);
    expect(await run(adam({ schedule: step({ stepSize: 1000 }) }))).toEqual(plain);
    expect(await run(adam({ schedule: multiStep({ milestones: [1000] }) }))).toEqual(plain);
    expect(await run(adam({ schedule: warmUp({ steps: 5, from: 1 }) }))).toEqual(plain);
    expect(await run(adam({ schedule: constant(), clipGradNorm: 1e9 }))).toEqual(plain);
    expect(await run(adam({ schedule: linear({ steps: 5 }) }))).not.toEqual(plain);
  });
});
