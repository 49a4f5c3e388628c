import { describe, expect, it } from "vitest";
import {
  auxiliaries,
  Discriminator,
  Generator,
  layers as l,
  objectives,
  optimizers,
  penalties,
  schedules,
  type TrainerOptions,
} from "../../lib/index.js";
import { digest } from "../helpers/networks.js";
import {
  collect,
  conditionalDiscriminator,
  headedDiscriminator,
  image,
  labelledImages,
  losses,
  reportsOf,
  tinyAutoencoder,
  tinyDiscriminator,
  tinyGenerator,
  tinyTrainer,
} from "../helpers/training.js";

const acgan = objectives.hinge({ auxiliaries: [auxiliaries.acgan()] });
const infogan = objectives.hinge({ auxiliaries: [auxiliaries.infogan()] });
const withGp = objectives.wasserstein({ penalties: [penalties.wganGp()] });
const three = { noise: 5, classes: 3 };

describe("new Trainer, misused", () => {
  const flat = {
    generator: new Generator({ latent: { noise: 2 }, layers: [l.linear(4)] }),
    discriminator: new Discriminator({ image: [4], layers: [l.linear(1)] }),
  };
  const probability = () => tinyDiscriminator([l.linear(1), l.sigmoid()]);

  it.each<[string, Record<string, unknown>, string]>([
    [
      "an unknown order",
      { order: "together" },
      'Expected one of generatorFirst, discriminatorFirst for order but received "together"',
    ],
    ["unknown fakes", { fakes: "old" }, 'Expected one of same, fresh for fakes but received "old"'],
    [
      "no update of the discriminator",
      { discriminatorSteps: 0 },
      "Expected a whole number from 1 to 1000 for discriminatorSteps but received 0",
    ],
    [
      "half an update",
      { discriminatorSteps: 1.5 },
      "Expected a whole number from 1 to 1000 for discriminatorSteps but received 1.5",
    ],
    [
      "an average without its decay",
      { ema: 0.999 },
      "Expected an object { decay, rampUp } for ema but received 0.999",
    ],
    [
      "an average without options",
      { ema: {} },
      "Expected a number in [0, 1) for ema.decay but received undefined",
    ],
    [
      "an average that never moves",
      { ema: { decay: 1 } },
      "Expected a number in [0, 1) for ema.decay but received 1",
    ],
    [
      "a negative ramp-up",
      { ema: { decay: 0.9, rampUp: -1 } },
      "Expected a finite number of at least 0 for ema.rampUp but received -1",
    ],
    [
      "an unknown option of the average",
      { ema: { decay: 0.9, halfLife: 10 } },
      'Expected only the options decay, rampUp for ema but received "halfLife"',
    ],
    [
      "a policy without its array",
      { diffAugment: "color,cutout" },
      'Expected an array of color, translation, cutout for diffAugment but received "color,cutout"',
    ],
    [
      "an unknown policy",
      { diffAugment: ["color", "flip"] },
      'Expected one of color, translation, cutout for diffAugment[1] but received "flip"',
    ],
    [
      "a policy twice",
      { diffAugment: ["color", "color"] },
      'Expected each policy once for diffAugment but received ["color", "color"]',
    ],
    [
      "augmentation of what is no image",
      { ...flat, diffAugment: ["color"] },
      "Expected a discriminator of [channels, height, width] for diffAugment but received [4]",
    ],
    [
      "a penalty of the objective that is wrong",
      { objective: { type: "hinge", penalties: [{ type: "r1", every: 0 }] } },
      "Expected a whole number of at least 1 for every of r1 but received 0",
    ],
    [
      "clipping and its replacement, from a file",
      { objective: { type: "wasserstein", weightClip: 0.01, penalties: [{ type: "wganGp" }] } },
      'Expected weightClip or wganGp, not both, for options of wasserstein but received { weightClip: 0.01, penalties: ["wganGp"] }',
    ],
    ...(
      [
        "hinge",
        "wasserstein",
        "relativisticPaired",
        "relativisticAverage",
        "fDivergence",
        "boundarySeeking",
      ] as const
    ).map((name): [string, Record<string, unknown>, string] => [
      `probabilities for ${name}`,
      { discriminator: probability(), objective: objectives[name]() },
      `Expected logits, which ${name} needs, for discriminator but received a sigmoid at the end`,
    ]),
    [
      "probabilities for softmax",
      { discriminator: probability(), objective: objectives.softmax() },
      "Expected logits or energies, which softmax needs, for discriminator but received a sigmoid at the end",
    ],
    ...(["energyBased", "boundaryEquilibrium"] as const).flatMap(
      (name): [string, Record<string, unknown>, string][] => {
        const needed = `Expected a reconstructionError at the end, which ${name} needs, for discriminator but received`;
        const objective = objectives[name]();
        return [
          [`logits for ${name}`, { objective }, `${needed} logits`],
          [
            `probabilities for ${name}`,
            { discriminator: probability(), objective },
            `${needed} a sigmoid at the end`,
          ],
        ];
      },
    ),
    [
      "energies for an objective that wants reals to score high",
      { discriminator: tinyAutoencoder(), objective: objectives.hinge() },
      "Expected logits, which hinge needs, for discriminator but received a reconstructionError at the end",
    ],
    [
      "energies for one that takes probabilities, too",
      { discriminator: tinyAutoencoder(), objective: objectives.leastSquares() },
      "Expected logits or probabilities, which leastSquares needs, for discriminator but received a reconstructionError at the end",
    ],
    [
      "wganGp where batch normalisation couples samples",
      {
        objective: withGp,
        discriminator: tinyDiscriminator([l.sequential("body", [l.batchNorm1d(), l.linear(1)])]),
      },
      "Expected layers that keep samples apart, which the penalty wganGp needs, for discriminator but received body.0 (batchNorm1d)",
    ],
    [
      "wganDiv where batch normalisation couples samples",
      {
        objective: objectives.wasserstein({ penalties: [penalties.wganDiv()] }),
        discriminator: tinyDiscriminator([l.sequential("body", [l.batchNorm1d(), l.linear(1)])]),
      },
      "Expected layers that keep samples apart, which the penalty wganDiv needs, for discriminator but received body.0 (batchNorm1d)",
    ],
    [
      "wganGp where minibatchStdDev couples samples",
      {
        objective: withGp,
        discriminator: new Discriminator({
          image,
          layers: [l.minibatchStdDev(), l.flatten(), l.linear(1)],
        }),
      },
      "Expected layers that keep samples apart, which the penalty wganGp needs, for discriminator but received 0 (minibatchStdDev)",
    ],
    [
      "wganDiv where minibatchDiscrimination couples samples",
      {
        objective: objectives.wasserstein({ penalties: [penalties.wganDiv()] }),
        discriminator: tinyDiscriminator([l.minibatchDiscrimination(4), l.linear(1)]),
      },
      "Expected layers that keep samples apart, which the penalty wganDiv needs, for discriminator but received 3 (minibatchDiscrimination)",
    ],
    [
      "acgan without classes",
      { objective: acgan, discriminator: headedDiscriminator({ classes: 3 }) },
      "Expected a latent with classes, which acgan needs, for generator but received none",
    ],
    [
      "acgan without heads",
      { objective: acgan, generator: tinyGenerator(three) },
      "Expected a head classes of [3], which acgan needs, for discriminator but received none",
    ],
    [
      "acgan with the other head",
      {
        objective: acgan,
        generator: tinyGenerator(three),
        discriminator: headedDiscriminator({ codes: 3 }),
      },
      "Expected a head classes of [3], which acgan needs, for discriminator but received none",
    ],
    [
      "acgan with a head of another width",
      {
        objective: acgan,
        generator: tinyGenerator(three),
        discriminator: headedDiscriminator({ classes: 4 }),
      },
      "Expected a head classes of [3], which acgan needs, for discriminator but received [4]",
    ],
    [
      "infogan without codes",
      {
        objective: infogan,
        generator: tinyGenerator(three),
        discriminator: headedDiscriminator({ classes: 3 }),
      },
      "Expected a latent with codes, which infogan needs, for generator but received none",
    ],
    [
      "infogan without its head for codes",
      {
        objective: infogan,
        generator: tinyGenerator({ noise: 5, classes: 3, codes: 2 }),
        discriminator: headedDiscriminator({ classes: 3 }),
      },
      "Expected a head codes of [2], which infogan needs, for discriminator but received none",
    ],
    [
      "a conditional discriminator with a generator without classes",
      { discriminator: conditionalDiscriminator(3) },
      "Expected 3 classes, which the discriminator takes, for generator but received 0",
    ],
    [
      "players to whom black is not the same",
      { discriminator: tinyDiscriminator(undefined, { range: [0, 1] }) },
      "Expected a range of [0, 1], which the discriminator has, for generator but received [-1, 1]",
    ],
    [
      "players of different numbers of classes",
      { generator: tinyGenerator(three), discriminator: conditionalDiscriminator(4) },
      "Expected 4 classes, which the discriminator takes, for generator but received 3",
    ],
  ])("refuses %s", (_, given, sentence) => {
    expect(() => tinyTrainer(given as Partial<TrainerOptions>)).toThrow(sentence);
  });

  it("takes what is close to a refusal", () => {
    const onlyCodes = auxiliaries.infogan({ categorical: 0 });
    const apart = tinyDiscriminator([l.layerNorm(), l.linear(1)]);
    const taken: Partial<TrainerOptions>[] = [
      { objective: withGp, discriminator: apart },
      {
        objective: objectives.hinge({ auxiliaries: [onlyCodes] }),
        generator: tinyGenerator({ noise: 5, codes: 2 }),
        discriminator: headedDiscriminator({ codes: 2 }),
      },
      // DRAGAN's own networks have batch normalisation.
      {
        objective: objectives.nonSaturating({ penalties: [penalties.dragan()] }),
        discriminator: tinyDiscriminator([l.batchNorm1d(), l.linear(1)]),
      },
      { generator: tinyGenerator(three), discriminator: tinyDiscriminator() },
      { ema: { decay: 0, rampUp: 0 }, diffAugment: [] },
      // Without BatchNorm there is nothing that would be over the whole batch.
      { accumulate: 2, syncBatchNorm: true },
    ];
    for (const options of taken) expect(() => tinyTrainer(options).dispose()).not.toThrow();
  });
});

describe("order and discriminatorSteps", () => {
  const orders = ["generatorFirst", "discriminatorFirst"] as const;

  it.each(orders)("%s: a step uses k batches and goes on in the epoch", async (order) => {
    using data = await labelledImages(20);
    const reports = await reportsOf(async () => {
      const trainer = tinyTrainer({ order, discriminatorSteps: 2 });
      await collect(trainer.run(data, { steps: 4, batchSize: 8, tickEvery: 1 }));
      await collect(trainer.run(data, { steps: 3, batchSize: 8 }));
    });
    // Batches of an epoch: 8, 8, 4.
    expect(reports.map(({ images }) => images)).toEqual([16, 12, 12, 16, 12 + 12 + 16]);
    expect(reports.map(({ step, steps }) => [step, steps])).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
      [4, 1],
      [7, 3],
    ]);
  });

  it.each(["eager", "fused"] as const)("%s: the two orders are two games", async (execution) => {
    using data = await labelledImages(24);
    const [first, second] = [
      await losses(tinyTrainer({ order: "generatorFirst", execution }), data),
      await losses(tinyTrainer({ order: "discriminatorFirst", execution }), data),
    ];
    expect(first.flat().every(Number.isFinite)).toBe(true);
    expect(second).not.toEqual(first);
  });

  it("generatorFirst is what a trainer does that was told nothing", async () => {
    using data = await labelledImages(24);
    const told = { order: "generatorFirst", discriminatorSteps: 1 } as const;
    expect(await losses(tinyTrainer(told), data)).toEqual(await losses(tinyTrainer(), data));
  });

  it("has the fakes of its order where nothing is said, and others are another game", async () => {
    using data = await labelledImages(24);
    const play = (options: Partial<TrainerOptions>) => losses(tinyTrainer(options), data);
    for (const [order, usual, other] of [
      ["generatorFirst", "same", "fresh"],
      ["discriminatorFirst", "fresh", "same"],
    ] as const) {
      const untold = await play({ order });
      expect(await play({ order, fakes: usual })).toEqual(untold);
      expect(await play({ order, fakes: other })).not.toEqual(untold);
    }
  });

  it("fakes that wait for the generator's update are refused beside parts of a batch", () => {
    const options = { order: "discriminatorFirst", fakes: "same", accumulate: 2 } as const;
    expect(() => tinyTrainer(options)).toThrow(
      "Expected 1, as the generator learns from the fakes of the discriminator's update, for accumulate but received 2",
    );
  });

  it.each(orders)("%s: further updates of the generator take no batches", async (order) => {
    using data = await labelledImages(20);
    const ticks = async (generatorSteps: number) =>
      await reportsOf(async () => {
        const trainer = tinyTrainer({ order, generatorSteps });
        await collect(trainer.run(data, { steps: 4, batchSize: 8, tickEvery: 1 }));
      });
    // Batches of an epoch: 8, 8, 4.
    expect((await ticks(3)).map(({ images }) => images)).toEqual([8, 8, 4, 8]);
  });

  it("one update of the generator is what a trainer has that was told nothing, three are another game", async () => {
    using data = await labelledImages(24);
    for (const order of orders) {
      const untold = await losses(tinyTrainer({ order }), data);
      expect(await losses(tinyTrainer({ order, generatorSteps: 1 }), data)).toEqual(untold);
      expect(await losses(tinyTrainer({ order, generatorSteps: 3 }), data)).not.toEqual(untold);
    }
  });

  it("a schedule counts the updates of its own player", async () => {
    using data = await labelledImages(24);
    // A rate of nothing from the fourth update on.
    const schedule = schedules.linear({ steps: 3 });
    const adam = optimizers.adam({ lr: 1e-2, schedule });
    const trainer = tinyTrainer({
      optimizer: { generator: adam, discriminator: adam },
      generatorSteps: 3,
    });
    const states: string[] = [];
    for (let step = 0; step < 4; ++step) {
      await collect(trainer.run(data, { steps: 1, batchSize: 8 }));
      states.push(await digest(trainer.generator), await digest(trainer.discriminator));
    }
    const [generators, discriminators] = [0, 1].map((player) =>
      states.filter((_, i) => i % 2 === player),
    );
    expect(new Set(generators).size).toBe(1);
    expect(new Set(discriminators).size).toBe(3);
  });

  it("fused follows eager, for either order, either fakes and k = 3, and two updates of the generator", async () => {
    using data = await labelledImages(24);
    const games = orders.flatMap((order) =>
      (["same", "fresh"] as const).map((fakes) => ({ order, fakes })),
    );
    for (const game of games) {
      const options = { ...game, discriminatorSteps: 3, generatorSteps: 2 };
      const eager = await losses(tinyTrainer({ ...options, execution: "eager" }), data);
      const fused = await losses(tinyTrainer({ ...options, execution: "fused" }), data);
      eager.flat().forEach((loss, i) => {
        expect(fused.flat()[i]).toBeCloseTo(loss, 4);
      });
    }
  });
});
