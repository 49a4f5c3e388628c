// Other optimizers in the middle of a training: what a checkpoint that is loaded with them would end with, bit for bit.
import { readFile } from "node:fs/promises";
import { setImmediate as soon } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import {
  datasets,
  type Generator,
  objectives,
  optimizers,
  penalties,
  schedules,
  type Tick,
  Trainer,
  type TrainerOptions,
} from "../../lib/index.js";
import { freshPaths } from "../helpers/checkpoints.js";
import { fingerprintOf, smallImages, smallTrainer, trainFor } from "../helpers/presets.js";
import { counted } from "../helpers/streams.js";
import {
  collect,
  image,
  labelledImages,
  losses,
  tinyAutoencoder,
  tinyGenerator,
  tinyTrainer,
} from "../helpers/training.js";

const fresh = await freshPaths();
const images = await labelledImages(20);
const both = (one: TrainerOptions["optimizer"]["generator"]) => ({
  generator: one,
  discriminator: one,
});
const { adam, rmsprop, sgd } = optimizers;

describe("setOptimizer()", () => {
  it.each<[string, Partial<TrainerOptions>, TrainerOptions["optimizer"]]>([
    ["another rate", {}, both(adam({ lr: 1e-4, betas: [0, 0.9] }))],
    [
      "a schedule and clipping, beside an average and ADA, in two updates a step",
      { ema: { decay: 0.9 }, ada: { p: 0.3, interval: 2 }, discriminatorSteps: 2 },
      both(adam({ lr: 1e-3, schedule: schedules.linear({ steps: 9 }), clipGradNorm: 0.1 })),
    ],
    [
      "a balance that is carried from step to step",
      { objective: objectives.boundaryEquilibrium(), discriminator: tinyAutoencoder() },
      both(adam({ lr: 1e-4 })),
    ],
    [
      "a lazy penalty",
      { objective: objectives.hinge({ penalties: [penalties.r1({ weight: 3, every: 2 })] }) },
      { generator: adam({ lr: 1e-4 }), discriminator: adam({ lr: 1e-2 }) },
    ],
    [
      "momentum that is there",
      { optimizer: both(sgd({ lr: 0.1, momentum: 0.5 })) },
      both(sgd({ lr: 0.01, momentum: { from: 0.5, to: 0.9, steps: 4 }, nesterov: true })),
    ],
    [
      "rmsprop",
      { optimizer: both(rmsprop({ lr: 1e-3, centered: true, momentum: 0.1 })) },
      both(rmsprop({ lr: 1e-4 })),
    ],
  ])("%s: equals a checkpoint that is loaded with them", async (_, options, optimizer) => {
    for (const execution of ["eager", "fused"] as const) {
      const trainer = tinyTrainer({ ...options, execution });
      await losses(trainer, images, 4);
      const path = fresh();
      await trainer.save(path);
      await trainer.setOptimizer(optimizer);
      const loaded = await Trainer.load(path, { optimizer });
      expect(await fingerprintOf(trainer)).toBe(await fingerprintOf(loaded));
      expect(await losses(trainer, images, 5)).toEqual(await losses(loaded, images, 5));
      expect(await fingerprintOf(trainer)).toBe(await fingerprintOf(loaded));
      // Not because nothing changed.
      const same = await Trainer.load(path);
      await losses(same, images, 5);
      expect(await fingerprintOf(same)).not.toBe(await fingerprintOf(trainer));
      const again = fresh();
      await trainer.save(again);
      const { trainer: told } = JSON.parse(await readFile(`${again}/checkpoint.json`, "utf8"));
      expect(told.optimizer).toEqual(JSON.parse(JSON.stringify(optimizer)));
    }
  });

  it.each(["dcgan", "stylegan2"] as const)(
    "%s, whose steps are planned, goes on as that checkpoint does",
    async (preset) => {
      const trainer = smallTrainer(preset, "fused");
      const photographs = await smallImages(preset);
      await trainFor(trainer, photographs, 2);
      const path = fresh();
      await trainer.save(path);
      const [was] = [trainer.settings.optimizer];
      const lower = (one: typeof was.generator) => ({ ...one, lr: one.lr / 3 });
      const optimizer = {
        generator: lower(was.generator),
        discriminator: lower(was.discriminator),
      };
      await trainer.setOptimizer(optimizer);
      const loaded = await Trainer.load(path, { optimizer });
      expect(await trainFor(trainer, photographs, 3)).toEqual(
        await trainFor(loaded, photographs, 3),
      );
      expect(await fingerprintOf(trainer)).toBe(await fingerprintOf(loaded));
    },
  );

  it("of one player leaves the other's as it was, also where two are set at once", async () => {
    const [one, two, all] = [tinyTrainer(), tinyTrainer(), tinyTrainer()];
    const optimizer = { generator: adam({ lr: 1e-2 }), discriminator: adam({ lr: 1e-5 }) };
    const { generator, discriminator } = optimizer;
    for (const trainer of [one, two, all]) await losses(trainer, images);
    await one.setOptimizer({ generator, discriminator: undefined });
    expect(one.settings.optimizer.discriminator).toEqual(all.settings.optimizer.discriminator);
    await one.setOptimizer({ discriminator });
    const changes = [two.setOptimizer({ generator }), two.setOptimizer({ discriminator })];
    // A run that begins meanwhile waits.
    const expected = await losses(two, images);
    await Promise.all(changes);
    await all.setOptimizer(optimizer);
    expect(await losses(all, images)).toEqual(expected);
    expect(await losses(one, images)).toEqual(expected);
  });

  it("before the first step is a trainer that has them from the beginning", async () => {
    const optimizer = both(adam({ lr: 0.01 }));
    const [trainer, whole] = [tinyTrainer(), tinyTrainer({ optimizer })];
    await trainer.setOptimizer(optimizer);
    expect(await losses(trainer, images)).toEqual(await losses(whole, images));
  });

  it.each([true, false])(
    "at a tick of a run lowers the rate of the next steps, awaited: %s",
    async (awaited) => {
      const schedule = schedules.step({ stepSize: 4, gamma: 0.5 });
      const whole = tinyTrainer({ optimizer: both(adam({ lr: 1e-3, schedule })) });
      const trainer = tinyTrainer({ optimizer: both(adam({ lr: 1e-3 })) });
      const changes: Promise<void>[] = [];
      const ticks: Tick[] = [];
      for await (const tick of trainer.run(images, { steps: 8, batchSize: 8, tickEvery: 2 })) {
        ticks.push(tick);
        if (tick.step === 4) changes.push(trainer.setOptimizer(both(adam({ lr: 5e-4 }))));
        if (awaited) await Promise.all(changes);
      }
      await Promise.all(changes);
      const expected = await collect(whole.run(images, { steps: 8, batchSize: 8, tickEvery: 2 }));
      const told = (all: typeof ticks) =>
        all.map(({ step, epoch, generatorLoss, generatorLearningRate }) => [
          ...[step, epoch, generatorLoss, generatorLearningRate],
        ]);
      expect(told(ticks)).toEqual(told(expected));
      expect(ticks.map((tick) => tick.discriminatorLearningRate)).toEqual([1e-3, 1e-3, 5e-4, 5e-4]);
    },
  );

  it("goes on in a stream where it was, without asking for an image again", async () => {
    const rates = [1e-3, 1e-4].map((lr) => both(adam({ lr })));
    const run = async (trainer: Trainer, change: (trainer: Trainer) => Promise<Trainer>) => {
      const { source, seen } = counted(20);
      const stream = datasets.stream(source, { image });
      const first = await collect(trainer.run(stream, { steps: 4, batchSize: 8, tickEvery: 1 }));
      const other = await change(trainer);
      const then = await collect(other.run(stream, { steps: 4, batchSize: 8, tickEvery: 1 }));
      return { losses: [...first, ...then].map((tick) => tick.generatorLoss), seen, other };
    };
    const make = () => tinyTrainer({ optimizer: rates[0] as TrainerOptions["optimizer"] });
    const optimizer = rates[1] as TrainerOptions["optimizer"];
    const inPlace = await run(make(), async (trainer) => {
      await trainer.setOptimizer(optimizer);
      return trainer;
    });
    const loaded = await run(make(), async (trainer) => {
      const path = fresh();
      await trainer.save(path);
      return Trainer.load(path, { optimizer });
    });
    expect(inPlace.losses).toEqual(loaded.losses);
    expect(inPlace.seen.epochs).toEqual([...new Set(inPlace.seen.epochs)]);
    expect(await fingerprintOf(inPlace.other)).toBe(await fingerprintOf(loaded.other));
  });

  it("leaves the average that its user holds", async () => {
    const trainer = tinyTrainer({ ema: { decay: 0.5 } });
    await losses(trainer, images);
    const average = trainer.ema as Generator;
    const before = await average.toSafetensors();
    await trainer.setOptimizer(both(adam({ lr: 1e-2 })));
    expect(trainer.ema).toBe(average);
    expect(await average.toSafetensors()).toEqual(before);
    await losses(trainer, images);
    expect(await average.toSafetensors()).not.toEqual(before);
  });

  it("leaves weights that are loaded while it is under way", async () => {
    const trainer = tinyTrainer({ ema: { decay: 0.5 } });
    const networks = [trainer.generator, trainer.discriminator, trainer.ema as Generator] as const;
    await losses(trainer, images, 2);
    const older = await Promise.all(networks.map((network) => network.toSafetensors()));
    await losses(trainer, images, 2);
    const changing = trainer.setOptimizer(both(adam({ lr: 1e-4 })));
    // Its copy of everything was asked for by then, and has not come yet.
    for (let i = 0; i < 9; ++i) await undefined;
    await Promise.all(networks.map((network, i) => network.loadWeights(older[i] as Uint8Array)));
    await changing;
    expect(await Promise.all(networks.map((network) => network.toSafetensors()))).toEqual(older);
  });

  it("beside a trainer of the same discriminator takes none of its steps back", async () => {
    const trained = async (changes: boolean) => {
      const trainer = tinyTrainer();
      const { discriminator } = trainer;
      const other = tinyTrainer({ generator: tinyGenerator(undefined, 9), discriminator });
      for (const one of [trainer, other]) await losses(one, images, 2);
      const changing = changes ? trainer.setOptimizer(both(adam({ lr: 1e-4 }))) : undefined;
      await losses(other, images, 40);
      await changing;
      return fingerprintOf(other);
    };
    expect(await trained(true)).toBe(await trained(false));
  });

  it("that nobody awaited is in the checkpoint that is asked for next", async () => {
    const trainer = tinyTrainer();
    await losses(trainer, images);
    const path = fresh();
    const changing = trainer.setOptimizer(both(adam({ lr: 0.5 })));
    await trainer.save(path);
    await changing;
    const loaded = await Trainer.load(path);
    expect(loaded.settings.optimizer.generator.lr).toBe(0.5);
    expect(await losses(loaded, images)).toEqual(await losses(trainer, images));
  });

  it("beside a save is in the one or in none", async () => {
    const trainer = tinyTrainer();
    await losses(trainer, images);
    const [path, before] = [fresh(), await fingerprintOf(trainer)];
    // As long as that takes, as where other ranks are asked.
    let end = () => {};
    trainer.checkEqual = () => new Promise((resolve) => (end = resolve));
    const saved = trainer.save(path);
    await trainer.setOptimizer(both(adam({ lr: 0.5 })));
    end();
    await saved;
    const loaded = await Trainer.load(path);
    expect(loaded.settings.optimizer.generator.lr).toBe(1e-3);
    expect(await fingerprintOf(loaded)).toBe(before);
    expect(trainer.settings.optimizer.generator.lr).toBe(0.5);
  });
});

describe("setOptimizer() is refused", () => {
  it("while steps are under way, which go on", async () => {
    const trainer = tinyTrainer();
    const running = collect(trainer.run(images, { steps: 40, batchSize: 8, tickEvery: 40 }));
    await soon();
    await expect(trainer.setOptimizer(both(adam()))).rejects.toMatchObject({
      code: "ERR_BUSY",
      message: "Expected an idle trainer for setOptimizer() but received one that is running",
    });
    expect((await running).map(({ step }) => step)).toEqual([40]);
  });

  it("at once where another is under way, for what no trainer goes on with", async () => {
    const trainer = tinyTrainer();
    const ends: string[] = [];
    const changed = trainer.setOptimizer(both(adam())).then(() => ends.push("changed"));
    const refused = trainer.setOptimizer({ generator: sgd() }).catch((e) => ends.push(e.message));
    await Promise.all([changed, refused]);
    expect(ends).toEqual([
      expect.stringMatching(/^Expected .* for optimizer.generator/),
      "changed",
    ]);
  });

  it("after dispose(), and by one that comes meanwhile", async () => {
    const [trainer, other, third] = [tinyTrainer(), tinyTrainer(), tinyTrainer()];
    trainer.dispose();
    const gone = { code: "ERR_DISPOSED", message: "This trainer was disposed" };
    await expect(trainer.setOptimizer(both(adam()))).rejects.toMatchObject(gone);
    const changing = other.setOptimizer(both(adam()));
    other.dispose();
    await expect(changing).rejects.toMatchObject(gone);
    third.snapshot = async () => {
      const taken = await Trainer.prototype.snapshot.call(third);
      third.dispose();
      return taken;
    };
    await expect(third.setOptimizer(both(adam()))).rejects.toMatchObject(gone);
    await expect(Trainer.prototype.snapshot.call(third)).rejects.toMatchObject(gone);
  });
});
