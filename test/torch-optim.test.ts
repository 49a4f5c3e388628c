// torch.optim is the referee of optimizers, schedules and clipping, bit for bit.
import { describe, expect, it } from "vitest";
import {
  Discriminator,
  datasets,
  Generator,
  layers as l,
  type Optimizer,
  objectives,
  optimizers,
  schedules,
  Trainer,
} from "../lib/index.js";
import { needsLive, referee } from "./helpers/referee.js";
import { collect, weightsOf } from "./helpers/training.js";

const { adam, adamW, sgd, rmsprop } = optimizers;
const { linear, exponential, cosine, step, multiStep, warmUp } = schedules;

/** What torch.optim is told, and what we are. */
interface Case {
  readonly ours: Optimizer;
  readonly torch: {
    readonly optimizer: string;
    readonly options: object;
    readonly schedule?: string;
    readonly scheduleOptions?: object;
    readonly clip?: number;
    readonly clipValue?: number;
    readonly momentum?: object;
  };
}

const lr = 0.05;
const sgdOf = (more: object, torch: object): Case => ({
  ours: sgd({ lr, ...more }),
  torch: { optimizer: "SGD", options: { lr }, ...torch },
});
const exact: Record<string, Case> = {
  adam: { ours: adam({ lr }), torch: { optimizer: "Adam", options: { lr } } },
  "adam with decay": {
    ours: adam({ lr, betas: [0, 0.9], eps: 1e-3, weightDecay: 0.1 }),
    torch: { optimizer: "Adam", options: { lr, betas: [0, 0.9], eps: 1e-3, weight_decay: 0.1 } },
  },
  adamW: { ours: adamW({ lr }), torch: { optimizer: "AdamW", options: { lr } } },
  "adamW with more decay": {
    ours: adamW({ lr, weightDecay: 0.5 }),
    torch: { optimizer: "AdamW", options: { lr, weight_decay: 0.5 } },
  },
  // Its mean squares fall again as it learns.
  "adam with AMSGrad": {
    ours: adam({ lr, betas: [0.5, 0.9], amsgrad: true }),
    torch: { optimizer: "Adam", options: { lr, betas: [0.5, 0.9], amsgrad: true } },
  },
  "adamW with AMSGrad": {
    ours: adamW({ lr, betas: [0.5, 0.9], amsgrad: true }),
    torch: { optimizer: "AdamW", options: { lr, betas: [0.5, 0.9], amsgrad: true } },
  },
  sgd: sgdOf({}, {}),
  "sgd with momentum, dampening and decay": sgdOf(
    { momentum: 0.9, dampening: 0.3, weightDecay: 0.1 },
    { options: { lr, momentum: 0.9, dampening: 0.3, weight_decay: 0.1 } },
  ),
  "sgd with nesterov": sgdOf(
    { momentum: 0.9, nesterov: true },
    { options: { lr, momentum: 0.9, nesterov: true } },
  ),
  "sgd with a ramp": sgdOf(
    { momentum: { from: 0.5, to: 0.75, steps: 16 } },
    { options: { lr, momentum: 0.5 }, momentum: { from: 0.5, to: 0.75, steps: 16 } },
  ),
  rmsprop: { ours: rmsprop({ lr }), torch: { optimizer: "RMSprop", options: { lr } } },
  "rmsprop with everything": {
    ours: rmsprop({ lr, alpha: 0.9, momentum: 0.5, centered: true, weightDecay: 0.1 }),
    torch: {
      optimizer: "RMSprop",
      options: { lr, alpha: 0.9, momentum: 0.5, centered: true, weight_decay: 0.1 },
    },
  },
  "a clipped gradient": sgdOf({ clipGradNorm: 0.05 }, { clip: 0.05 }),
  "a gradient that is only sometimes clipped": {
    ours: adam({ lr, clipGradNorm: 0.3 }),
    torch: { optimizer: "Adam", options: { lr }, clip: 0.3 },
  },
  "numbers of a gradient that are clipped, some always and some never": sgdOf(
    { clipGradValue: 0.1 },
    { clipValue: 0.1 },
  ),
  "numbers of a gradient that are clipped, under Adam": {
    ours: adam({ lr, clipGradValue: 0.2 }),
    torch: { optimizer: "Adam", options: { lr }, clipValue: 0.2 },
  },
  // Halves, and shares of lr, are what torch has, too.
  "a line that begins later": sgdOf(
    { schedule: linear({ after: 10, steps: 15 }) },
    { schedule: "LambdaLR", scheduleOptions: { after: 10, steps: 15 } },
  ),
  "halves in steps": sgdOf(
    { schedule: step({ stepSize: 4, gamma: 0.5 }) },
    { schedule: "StepLR", scheduleOptions: { step_size: 4, gamma: 0.5 } },
  ),
  "halves at milestones": sgdOf(
    { schedule: multiStep({ milestones: [1, 7, 20], gamma: 0.5 }) },
    { schedule: "MultiStepLR", scheduleOptions: { milestones: [1, 7, 20], gamma: 0.5 } },
  ),
};
// Torch computes these from the rate before, we in closed form: equal to rounding.
const rounded: Record<string, Case> = {
  linear: sgdOf(
    { schedule: linear({ to: 0.1, steps: 20 }) },
    {
      schedule: "LinearLR",
      scheduleOptions: { start_factor: 1, end_factor: 0.1, total_iters: 20 },
    },
  ),
  exponential: sgdOf(
    { schedule: exponential({ gamma: 0.9 }) },
    { schedule: "ExponentialLR", scheduleOptions: { gamma: 0.9 } },
  ),
  "exponential with a floor": sgdOf(
    { schedule: exponential({ gamma: 0.8, min: 0.01 }) },
    { schedule: "ExponentialLR", scheduleOptions: { gamma: 0.8, min: 0.01 } },
  ),
  cosine: sgdOf(
    { schedule: cosine({ steps: 30, min: 0.01 }) },
    { schedule: "CosineAnnealingLR", scheduleOptions: { T_max: 30, eta_min: 0.01 } },
  ),
  steps: sgdOf(
    { schedule: step({ stepSize: 10 }) },
    { schedule: "StepLR", scheduleOptions: { step_size: 10 } },
  ),
  milestones: sgdOf(
    { schedule: multiStep({ milestones: [5, 6] }) },
    { schedule: "MultiStepLR", scheduleOptions: { milestones: [5, 6] } },
  ),
  "a warm-up": sgdOf(
    { schedule: warmUp({ steps: 20, from: 0.25 }) },
    {
      schedule: "LinearLR",
      scheduleOptions: { start_factor: 0.25, total_iters: 20 },
    },
  ),
  "a warm-up before half a cosine": sgdOf(
    { schedule: warmUp({ steps: 8, from: 0.1, schedule: cosine({ steps: 20, min: 0.01 }) }) },
    {
      schedule: "SequentialLR",
      scheduleOptions: {
        from: 0.1,
        steps: 8,
        name: "CosineAnnealingLR",
        options: { T_max: 20, eta_min: 0.01 },
      },
    },
  ),
  "adam with a schedule": {
    ours: adam({ lr, schedule: linear({ steps: 40 }) }),
    torch: {
      optimizer: "Adam",
      options: { lr },
      schedule: "LinearLR",
      scheduleOptions: { start_factor: 1, end_factor: 0, total_iters: 40 },
    },
  },
};

/**
 * A centred variance is a difference of two numbers that become alike here. So float32 itself, in
 * PyTorch's order or in another, ends 2e-6 to 2e-5 from where float64 does.
 */
const cancelling = new Set(["rmsprop with everything"]);

describe("a linear discriminator that learns by least squares", async () => {
  const updates = 30;
  const weight = [0.3, -0.2, 0.1, 0.4].map(Math.fround);
  const bias = Math.fround(0.05);
  const real = [250, 10, 128, 200];
  const fake = [-0.5, 0.25, 0.75, 0.1].map(Math.fround);
  const cases = { ...exact, ...rounded };
  const task = {
    weight,
    bias,
    real,
    fake,
    updates,
    cases: Object.values(cases).map((c) => c.torch),
  };
  const verdict = await referee<number[][]>("torch-optim", "torch-optim.py", [
    JSON.stringify(task),
  ]);

  /** A generator of one picture, that learns too slowly to change it, and the discriminator. */
  async function train(optimizer: Optimizer, execution: "eager" | "fused"): Promise<number[]> {
    const image = [1, 2, 2];
    const layers = [l.linear(4), l.unflatten(image)];
    const generator = new Generator({ latent: { noise: 1 }, layers }, { seed: 0 });
    const discriminator = new Discriminator({ image, layers: [l.flatten(), l.linear(1)] });
    await generator.native.load(tensors({ "0.weight": [0, 0, 0, 0], "0.bias": fake }, [4, 1]));
    await discriminator.native.load(tensors({ "1.weight": weight, "1.bias": [bias] }, [1, 4]));
    using data = await datasets.fromBytes(Uint8Array.from(real), { shape: [1, ...image] });
    const trainer = new Trainer({
      generator,
      discriminator,
      objective: objectives.leastSquares(),
      optimizer: { generator: sgd({ lr: 1e-30 }), discriminator: optimizer },
      execution,
    });
    await collect(trainer.run(data, { steps: updates, batchSize: 1 }));
    return weightsOf(discriminator);
  }

  it.for(Object.keys(cases))(
    "ends with the weights of torch.optim's: %s",
    async (name, { skip }) => {
      const index = Object.keys(cases).indexOf(name);
      const { ours } = cases[name] as Case;
      const theirs = verdict.value[index] as number[];
      const eager = await train(ours, "eager");
      const fused = await train(ours, "fused");
      expect(eager).not.toEqual([...weight, bias]);
      theirs.forEach((value, i) => {
        expect(eager[i]).toBeCloseTo(value, 5);
        expect(fused[i]).toBeCloseTo(value, cancelling.has(name) ? 4 : 5);
      });
      if (!(name in exact)) return;
      needsLive(verdict, skip);
      expect(eager).toEqual(theirs);
    },
  );
});

function tensors(values: Record<string, number[]>, weightShape: number[]) {
  return Object.entries(values).map(([name, list]) => ({
    name,
    dtype: "float32" as const,
    shape: name.endsWith("weight") ? weightShape : [list.length],
    data: new Uint8Array(Float32Array.from(list).buffer),
  }));
}
