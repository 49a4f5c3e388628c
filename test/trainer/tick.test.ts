// What a tick tells beside losses and health: the epoch, penalties by themselves, learning rates.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { join } from "node:path";
import {
  type Dataset,
  Discriminator,
  datasets,
  layers as l,
  type Objective,
  objectives,
  optimizers,
  penalties,
  type RunOptions,
  schedules,
  type Tick,
  Trainer,
  type TrainerOptions,
} from "../../lib/index.js";
import { makeFolder } from "../helpers/folder.js";
import {
  collect,
  image,
  labelledImages,
  tinyDiscriminator,
  tinyStyledGenerator,
  tinyTrainer,
  weightsOf,
} from "../helpers/training.js";

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeAll(async () => {
  folder = await makeFolder();
});
afterAll(() => folder.remove());

const frozen = optimizers.sgd({ lr: 1e-30 });
const still = { generator: frozen, discriminator: frozen };

/** The one tick of some steps, each of which shows all of the data. */
async function tickOf(trainer: Trainer, steps: number): Promise<Tick> {
  const [tick] = await collect(trainer.run(await labelledImages(8), { steps, batchSize: 8 }));
  return tick as Tick;
}

const logits = (list: Objective["penalties"]) => objectives.nonSaturating({ penalties: list });

// By autograd, as it is and rewritten, and without a graph.
describe.each<[string, () => Partial<TrainerOptions>]>([
  ["eager", () => ({ execution: "eager" })],
  [
    "fused, with a graph",
    () => ({
      execution: "fused",
      discriminator: tinyDiscriminator([l.layerNorm(), l.linear(1)]),
    }),
  ],
  ["fused, without a graph", () => ({ execution: "fused" })],
])("penalties, %s", (name, given) => {
  /** Of a pair that stays as it is: its weights, and what it draws, are those of a seed. */
  const lookAt = (objective: Objective, options: Partial<TrainerOptions> = {}, steps = 4) =>
    tickOf(tinyTrainer({ objective, optimizer: still, ...given(), ...options }), steps);

  it("are what a loss has beside its objective", async () => {
    const { discriminatorLoss, ...others } = await lookAt(logits([]));
    expect(others).not.toHaveProperty("discriminatorPenalty");
    expect(others).not.toHaveProperty("generatorPenalty");
    for (const list of [[penalties.r1()], [penalties.r1({ weight: 3 }), penalties.r2()]]) {
      const tick = await lookAt(logits(list));
      const penalty = tick.discriminatorPenalty as number;
      expect(penalty).toBeGreaterThan(0.01);
      expect(tick.discriminatorLoss - penalty).toBeCloseTo(discriminatorLoss, 5);
      expect(tick).not.toHaveProperty("generatorPenalty");
    }
  });

  it("count as nothing in the updates that have none", async () => {
    const each = await lookAt(logits([penalties.r1()]));
    // In six of twelve updates, twice as strong.
    const lazily = logits([penalties.r1({ every: 2 })]);
    const lazy = await lookAt(lazily, { discriminatorSteps: 3 });
    expect(lazy.discriminatorPenalty).toBeCloseTo(each.discriminatorPenalty as number, 5);
    const objective = logits([penalties.r1({ every: 100 })]);
    const trainer = tinyTrainer({ objective, optimizer: still, ...given() });
    const first = await tickOf(trainer, 1);
    expect(first.discriminatorPenalty).toBeCloseTo(100 * (each.discriminatorPenalty as number), 3);
    expect((await tickOf(trainer, 3)).discriminatorPenalty).toBe(0);
  });

  it("are means over all parts of a batch", async () => {
    const objective = objectives.wasserstein({ penalties: [penalties.wganGp()] });
    const whole = await lookAt(objective);
    const parts = await lookAt(objective, { accumulate: 4 });
    expect(whole.discriminatorPenalty).toBeGreaterThan(0.01);
    expect(parts.discriminatorPenalty).toBeCloseTo(whole.discriminatorPenalty as number, 5);
  });

  it("go on in the middle of a tick, where a checkpoint was made there", async () => {
    const objective = logits([penalties.r1({ every: 3 })]);
    const make = () => tinyTrainer({ objective, ...given() });
    const steps = 300;
    const whole = await tickOf(make(), steps);
    const trainer = make();
    const going = tickOf(trainer, steps);
    const path = join(folder.path, name);
    await trainer.save(path);
    await going;
    const loaded = await Trainer.load(path);
    expect(loaded.step).toBeLessThan(steps);
    const rest = await tickOf(loaded, steps - loaded.step);
    expect(rest.discriminatorPenalty).toBeCloseTo(whole.discriminatorPenalty as number, 9);
    expect(rest.discriminatorLoss).toBeCloseTo(whole.discriminatorLoss, 9);
  });
});

it("R1 at a linear discriminator is weight / 2 times the square of its weights", async () => {
  for (const execution of ["eager", "fused"] as const) {
    const layers = [l.flatten(), l.linear(1)];
    const discriminator = new Discriminator({ image, layers }, { seed: 1 });
    const weights = (await weightsOf(discriminator)).slice(0, 64);
    const square = weights.reduce((sum, one) => sum + one * one, 0);
    const objective = logits([penalties.r1({ weight: 6 })]);
    const tick = await tickOf(tinyTrainer({ objective, discriminator, execution }), 1);
    expect(tick.discriminatorPenalty).toBeCloseTo(3 * square, 5);
  }
});

it.each(["eager", "fused"] as const)(
  "the generator's penalty is told by itself, %s",
  async (execution) => {
    const tick = (list: Objective["penalties"]) => {
      const generator = tinyStyledGenerator();
      const options = { objective: logits(list), optimizer: still, generator, execution };
      return tickOf(tinyTrainer(options), 1);
    };
    const without = await tick([]);
    const lengths = await tick([penalties.pathLength({ every: 1 })]);
    const penalty = lengths.generatorPenalty as number;
    expect(penalty).toBeGreaterThan(1e-4);
    expect(lengths.generatorLoss - penalty).toBeCloseTo(without.generatorLoss, 5);
    expect(lengths).not.toHaveProperty("discriminatorPenalty");
    expect(without).not.toHaveProperty("generatorPenalty");
  },
);

it.each(["eager", "fused"] as const)(
  "learning rates are those of the last updates of a tick, %s",
  async (execution) => {
    const optimizer = {
      generator: optimizers.adam({ lr: 0.01, schedule: schedules.linear({ steps: 10 }) }),
      discriminator: optimizers.adam({ lr: 0.02, schedule: schedules.linear({ steps: 100 }) }),
    };
    const trainer = tinyTrainer({ optimizer, execution, discriminatorSteps: 3 });
    const data = await labelledImages(8);
    const ratesOf = async (one: Trainer) => {
      const ticks = await collect(one.run(data, { steps: 4, batchSize: 8, tickEvery: 2 }));
      return ticks.map((tick) => [tick.generatorLearningRate, tick.discriminatorLearningRate]);
    };
    const told = [...(await ratesOf(trainer))];
    const path = join(folder.path, `rates, ${execution}`);
    await trainer.save(path);
    told.push(...(await ratesOf(await Trainer.load(path))));
    // Of updates 1, 3, 5, 7 from 0; and three times as many.
    for (const [i, [generator, discriminator]] of told.entries()) {
      expect(generator).toBeCloseTo(0.01 * (1 - (2 * i + 1) / 10), 12);
      expect(discriminator).toBeCloseTo(0.02 * (1 - (6 * i + 5) / 100), 12);
    }
    expect(told).toHaveLength(4);
  },
);

describe("epochs", () => {
  const epochsOf = async (
    trainer: Trainer,
    data: Dataset | datasets.Stream,
    given: Partial<RunOptions>,
  ) => {
    const options = { steps: 4, batchSize: 8, tickEvery: 1, ...given } as RunOptions;
    return (await collect(trainer.run(data, options))).map(({ epoch }) => epoch);
  };
  const twenty = () => labelledImages(20);

  it("are told from 0, by the last batch of a tick", async () => {
    // Batches of 8, 8 and 4.
    const data = await twenty();
    expect(await epochsOf(tinyTrainer(), data, {})).toEqual([0, 0, 0, 1]);
    expect(await epochsOf(tinyTrainer(), data, { dropLast: true })).toEqual([0, 0, 1, 1]);
    expect(await epochsOf(tinyTrainer(), data, { batchSize: 20 })).toEqual([0, 1, 2, 3]);
    const twice = tinyTrainer({ discriminatorSteps: 2 });
    expect(await epochsOf(twice, data, { tickEvery: 2 })).toEqual([1, 2]);
    const epochs = { steps: undefined, epochs: 2 };
    expect(await epochsOf(tinyTrainer(), data, epochs)).toEqual([0, 0, 0, 1, 1, 1]);
  });

  it("are told of a stream, too", async () => {
    const source = () => Array.from({ length: 20 }, () => new Uint8Array(64));
    const stream = datasets.stream(source, { image });
    expect(await epochsOf(tinyTrainer(), stream, { steps: 5 })).toEqual([0, 0, 0, 1, 1]);
  });

  it("go on in another run, after a checkpoint, and on other data", async () => {
    const data = await twenty();
    const trainer = tinyTrainer();
    expect(await epochsOf(trainer, data, {})).toEqual([0, 0, 0, 1]);
    const path = join(folder.path, "epochs");
    await trainer.save(path);
    for (const one of [trainer, await Trainer.load(path)]) {
      expect(await epochsOf(one, data, { steps: 3 })).toEqual([1, 1, 2]);
      expect(await epochsOf(one, await twenty(), { steps: 3 })).toEqual([3, 3, 3]);
    }
  });
});
