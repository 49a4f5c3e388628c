// Weights that stay as they are. That all others learn as PyTorch's do beside some that require no gradient is
// shown by trainings that nobody chose (test/fuzz/drawn.test.ts).
import { describe, expect, it } from "vitest";
import {
  architectures,
  Discriminator,
  type FrozenOptions,
  Generator,
  layers as l,
  objectives,
  optimizers,
  penalties,
  Trainer,
  type TrainerOptions,
} from "../../lib/index.js";
import { allFrozen, checkFrozen } from "../../lib/trainer/frozen.js";
import { freshPaths } from "../helpers/checkpoints.js";
import { fingerprintOf } from "../helpers/presets.js";
import { referee } from "../helpers/referee.js";
import {
  image,
  labelledImages,
  losses,
  stateOf,
  tinyDiscriminator,
  tinyTrainer,
} from "../helpers/training.js";

const fresh = await freshPaths();
const images = await labelledImages(20);

/** Its weights that are other than they were. */
async function moved(network: Generator | Discriminator, work: () => Promise<unknown>) {
  const before = await stateOf(network);
  await work();
  const after = await stateOf(network);
  return [...before.keys()].filter((key) => !same(before.get(key), after.get(key)));
}

const same = (one: Float32Array | undefined, other: Float32Array | undefined) =>
  one?.every((value, i) => Object.is(value, other?.[i]));

type Networks = { readonly generator: Generator; readonly discriminator: Discriminator };

const article: Networks = {
  generator: new Generator(architectures.upsampling({ latent: { noise: 5 }, image: [1, 16, 16] })),
  discriminator: new Discriminator(architectures.mlp({ image: [1, 16, 16] })),
};
const nested: Networks = {
  generator: new Generator({
    latent: { noise: 4 },
    layers: [
      l.spectralNorm(l.linear(4)),
      l.residual([l.linear(4), l.linear(4)]),
      l.equalized(l.linear(3)),
    ],
  }),
  discriminator: new Discriminator({ image: [3], layers: [l.linear(2), l.linear(1)] }),
};

describe("frozen", () => {
  it.each<
    [string, typeof article, FrozenOptions, { generator: string[]; discriminator: string[] }]
  >([
    ["nothing", article, {}, { generator: [], discriminator: [] }],
    [
      "first layers that have weights, in what holds others one after the other",
      article,
      { generator: 2, discriminator: 1 },
      {
        generator: ["l1.0.weight", "l1.0.bias", "conv_blocks.0.weight", "conv_blocks.0.bias"],
        discriminator: ["model.0.weight", "model.0.bias"],
      },
    ],
    [
      "what holds others, a layer, and a weight",
      article,
      { generator: ["l1", "conv_blocks.2.bias"], discriminator: ["model.4"] },
      {
        generator: ["l1.0.weight", "l1.0.bias", "conv_blocks.2.bias"],
        discriminator: ["model.4.weight", "model.4.bias"],
      },
    ],
    [
      "branches side by side as one layer, and a weight that is normalised",
      nested,
      { generator: 2 },
      {
        generator: [
          ...["0.bias", "0.parametrizations.weight.original"],
          ...["1.main.0.weight", "1.main.0.bias", "1.main.1.weight", "1.main.1.bias"],
        ],
        discriminator: [],
      },
    ],
  ])("names %s", (_, pair, frozen, weights) => {
    const found = allFrozen({ ...pair, frozen: checkFrozen(frozen, pair) });
    expect(found.generator.toSorted()).toEqual(weights.generator.toSorted());
    expect(found.discriminator.toSorted()).toEqual(weights.discriminator.toSorted());
  });

  it("stays bit for bit in either execution, and everything else is trained", async () => {
    for (const execution of ["eager", "fused"] as const) {
      const discriminator = new Discriminator({
        image,
        layers: [l.flatten(), l.linear(6), l.batchNorm1d(), l.leakyRelu(0.2), l.linear(1)],
      });
      using trainer = tinyTrainer({ execution, discriminator, frozen: { discriminator: 2 } });
      const work = () => losses(trainer, images, 3);
      // Running statistics are no weights.
      expect(await moved(discriminator, work)).toEqual([
        "2.running_mean",
        "2.running_var",
        "4.weight",
        "4.bias",
      ]);
      const { generator } = trainer;
      expect(await moved(generator, work)).toEqual([...(await stateOf(generator)).keys()]);
    }
  });

  it("is not clipped with the weights of a WGAN, nor decayed", async () => {
    const discriminator = tinyDiscriminator();
    const rmsprop = optimizers.rmsprop({ lr: 1e-3, weightDecay: 0.1 });
    using trainer = tinyTrainer({
      discriminator,
      objective: objectives.wasserstein({ weightClip: 0.001 }),
      optimizer: { generator: rmsprop, discriminator: rmsprop },
      frozen: { discriminator: ["1.weight"] },
    });
    const keys = await moved(discriminator, () => losses(trainer, images, 2));
    expect(keys).not.toContain("1.weight");
    expect(keys).toContain("1.bias");
    const biases = (await stateOf(discriminator)).get("1.bias") as Float32Array;
    expect(Math.max(...biases.map(Math.abs))).toBeCloseTo(0.001, 6);
  });

  it("may be all of a player, which then only judges", async () => {
    using trainer = tinyTrainer({
      frozen: { discriminator: ["1", "3"] },
    });
    expect(await moved(trainer.discriminator, () => losses(trainer, images, 3))).toEqual([]);
  });
});

describe("frozen, misused", () => {
  it.each<[string, unknown, ErrorConstructor, string]>([
    [
      "a list of what is frozen, of nobody knows whom",
      ["1"],
      TypeError,
      'Expected an object { generator, discriminator } for frozen but received ["1"]',
    ],
    [
      "frozen layers of another player",
      { critic: 1 },
      TypeError,
      'Expected only the options generator, discriminator for frozen but received "critic"',
    ],
    [
      "one frozen layer by its name alone",
      { generator: "0" },
      TypeError,
      'Expected a number of layers, or an array of names, for frozen.generator but received "0"',
    ],
    [
      "half a frozen layer",
      { generator: 0.5 },
      RangeError,
      "Expected a whole number of at least 0 for frozen.generator but received 0.5",
    ],
    [
      "more frozen layers than there are",
      { discriminator: 3 },
      RangeError,
      "Expected a whole number from 0 to 2 for frozen.discriminator but received 3",
    ],
    [
      "a hole in the place of a name",
      { discriminator: new Array(1) },
      TypeError,
      "Expected a non-empty string for frozen.discriminator[0] but received undefined",
    ],
    [
      "a frozen layer that there is not",
      { discriminator: ["1", "head"] },
      TypeError,
      'Expected a layer or a weight of the discriminator, such as 1, for frozen.discriminator[1] but received "head"',
    ],
    [
      "a misspelt weight that is frozen",
      { discriminator: ["1.weigth"] },
      TypeError,
      'Expected 1.weight, which the discriminator has, for frozen.discriminator[0] but received "1.weigth"',
    ],
  ])("%s is refused", (_, frozen, kind, message) => {
    const make = () => tinyTrainer({ frozen: frozen as FrozenOptions });
    expect(make).toThrow(message);
    expect(make).toThrow(kind);
  });
});

describe("frozen, in a checkpoint", () => {
  const both = (frozen: FrozenOptions): Partial<TrainerOptions> => ({
    frozen,
    ema: { decay: 0.9 },
  });

  it("goes on bit for bit, and is frozen still", async () => {
    const trainer = tinyTrainer(both({ generator: ["0.weight"], discriminator: 1 }));
    await losses(trainer, images, 3);
    const path = fresh();
    await trainer.save(path);
    const loaded = await Trainer.load(path);
    expect(await losses(loaded, images, 3)).toEqual(await losses(trainer, images, 3));
    expect(await fingerprintOf(loaded)).toBe(await fingerprintOf(trainer));
    const keys = await moved(loaded.generator, () => losses(loaded, images, 1));
    expect(keys).not.toContain("0.weight");
  });

  it("may be other weights from there on: moments wait, and counts of updates", async () => {
    const trainer = tinyTrainer(both({}));
    await losses(trainer, images, 2);
    const [before, frozen] = [fresh(), fresh()];
    await trainer.save(before);
    const resting = await Trainer.load(before, { frozen: { generator: 1, discriminator: 1 } });
    const keys = await moved(resting.discriminator, () => losses(resting, images, 2));
    expect(keys).toEqual(["3.weight", "3.bias"]);
    await resting.save(frozen);
    const going = await Trainer.load(frozen, { frozen: {} });
    const { parameterUpdates } = await going.snapshot();
    expect(parameterUpdates.discriminator).toEqual([2, 2, 4, 4]);
    expect(await moved(going.discriminator, () => losses(going, images, 1))).toEqual([
      "1.weight",
      "1.bias",
      "3.weight",
      "3.bias",
    ]);
  });
});

it("has an average that goes on towards it, after each of several updates in a step", async () => {
  const [ema, generatorSteps] = [{ decay: 0.5, rampUp: 0 }, 2];
  using trainer = tinyTrainer({ ema, generatorSteps });
  await losses(trainer, images, 3);
  const path = fresh();
  await trainer.save(path);
  using loaded = await Trainer.load(path, { frozen: { generator: 1 } });
  const weightsOf = async (network: Generator | undefined) =>
    (await stateOf(network as Generator)).get("0.weight") as Float32Array;
  const [frozen, before] = [await weightsOf(loaded.generator), await weightsOf(loaded.ema)];
  await losses(loaded, images, 1);
  const after = await weightsOf(loaded.ema);
  expect(await weightsOf(loaded.generator)).toEqual(frozen);
  before.forEach((value, i) => {
    const weight = frozen[i] as number;
    expect(after[i]).toBeCloseTo(weight + (value - weight) / 4, 6);
  });
  expect(before).not.toEqual(frozen);
});

describe("frozen, explained", () => {
  it("is told of, and has no arithmetic for its gradients", async () => {
    const told = async (frozen: FrozenOptions) => {
      using trainer = tinyTrainer({ execution: "fused", frozen });
      return await trainer.explain({ batchSize: 8 });
    };
    const [all, some] = [await told({}), await told({ discriminator: ["1"] })];
    expect(all.frozen).toEqual({ generator: [], discriminator: [] });
    expect(some.frozen).toEqual({ generator: [], discriminator: ["1.weight", "1.bias"] });
    expect(String(some)).toContain("Frozen: 1.weight, 1.bias of the discriminator.");
    expect(String(all)).not.toContain("Frozen");
    expect(some.flops).toBeLessThan(all.flops);
    expect(some.bytes).toBeLessThan(all.bytes);
  });

  it("goes back to the first layer beside a penalty's points in a list of calls, else no further", async () => {
    const discriminator = () =>
      new Discriminator({
        image: [4],
        layers: [l.linear(5), l.relu(), l.linear(6), l.relu(), l.linear(1)],
      });
    const generator = () => new Generator({ latent: { noise: 2 }, layers: [l.linear(4)] });
    const sparedBy = async (options: Partial<TrainerOptions>) => {
      const flopsOf = async (frozen: FrozenOptions) => {
        const networks = { generator: generator(), discriminator: discriminator() };
        using trainer = tinyTrainer({ execution: "fused", ...networks, ...options, frozen });
        const { flops, kind } = await trainer.explain({ batchSize: 3 });
        expect(kind).toBe("planned");
        return flops;
      };
      return (await flopsOf({})) - (await flopsOf({ discriminator: 1 }));
    };
    const [ofFirst, ofSecond] = [2 * 3 * 4 * 5, 2 * 3 * 5 * 6];
    const fresh = { fakes: "fresh" } as const;
    // Of reals and of fakes: the first one's weights, and what went back through the second.
    expect(await sparedBy(fresh)).toBe(2 * ofFirst + 2 * ofSecond);
    const wganGp = objectives.wasserstein({ penalties: [penalties.wganGp()] });
    expect(await sparedBy({ ...fresh, objective: wganGp })).toBe(3 * ofFirst);
  });

  it.each<[string, FrozenOptions, penalised: boolean]>([
    ["first", { generator: 1, discriminator: 2 }, false],
    ["penalised", { discriminator: 1 }, true],
  ])(
    "has the arithmetic that PyTorch's counter counts, to 2 in 100: %s",
    async (name, frozen, penalised) => {
      const side = [1, 28, 28];
      const generator = new Generator(architectures.mlp({ latent: { noise: 100 }, image: side }));
      const discriminator = new Discriminator(architectures.mlp({ image: side, scores: "logit" }));
      const adam = optimizers.adam({ lr: 1e-4, betas: [0.5, 0.999] });
      const objective = penalised
        ? objectives.wasserstein({ penalties: [penalties.wganGp()] })
        : objectives.nonSaturating();
      const optimizer = { generator: adam, discriminator: adam };
      using trainer = new Trainer({
        ...{ generator, discriminator, objective, optimizer, frozen, execution: "eager" },
      });
      const { flops, frozen: keys } = await trainer.explain({ batchSize: 64 });
      const { value } = await referee<{ flops: number }>(`flops-frozen-${name}`, "flops.py", [
        JSON.stringify({
          ...{ generator: generator.toPyTorch(), discriminator: discriminator.toPyTorch() },
          ...{ noise: 100, image: side, objective, order: "generatorFirst", frozen: keys },
          ...{ discriminatorSteps: 1, generatorSteps: 1 },
        }),
      ]);
      expect(flops / value.flops).toBeGreaterThan(0.98);
      expect(flops / value.flops).toBeLessThan(1.02);
    },
  );
});
