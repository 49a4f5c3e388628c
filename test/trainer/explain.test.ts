import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  Discriminator,
  type DiscriminatorArchitecture,
  Generator,
  type Layer,
  layers as l,
  type Objective,
  objectives,
  type Order,
  optimizers,
  penalties,
  Trainer,
  type TrainerOptions,
} from "../../lib/index.js";
import { type PresetName, presets } from "../../lib/presets.js";
import { shares } from "../../lib/trainer/explain.js";
import { referee } from "../helpers/referee.js";
import {
  labelledImages,
  losses,
  stateOf,
  tinyDiscriminator,
  tinyTrainer,
} from "../helpers/training.js";

function trainerOf(
  name: PresetName,
  execution: "eager" | "fused",
  side?: number,
  changes: Partial<TrainerOptions> = {},
): Trainer {
  const { pair, size, batch, steps, summary, ...options } = presets[name];
  const image = [1, side ?? size.default, side ?? size.default];
  const { generator, discriminator } = pair({ image });
  return new Trainer({
    ...options,
    ...changes,
    generator: new Generator(generator, { seed: 0 }),
    discriminator: new Discriminator(discriminator),
    execution,
  });
}

describe("explain(), misused", () => {
  it.each<[unknown, string]>([
    [{ batchSize: 0 }, "Expected a whole number of at least 1 for batchSize but received 0"],
    [{ batch: 8 }, 'Expected the option batchSize for options but received "batch"'],
  ])("%j is refused", async (options, message) => {
    await expect(tinyTrainer().explain(options as object)).rejects.toThrow(message);
  });

  it("refuses a batch that could not be trained on", async () => {
    const normed = tinyTrainer({
      discriminator: tinyDiscriminator([l.batchNorm1d(), l.linear(1)]),
    });
    await expect(normed.explain({ batchSize: 1 })).rejects.toThrow(
      "Expected a whole number of at least 2 for batchSize but received 1",
    );
    await expect(tinyTrainer({ accumulate: 9 }).explain({ batchSize: 8 })).rejects.toThrow(
      "Expected a whole number from 1 to 8 (a part has at least 1 of the 8 images of a batch) for accumulate but received 9",
    );
  });

  it("tells of a trainer that was disposed", async () => {
    const trainer = tinyTrainer();
    trainer.dispose();
    await expect(trainer.explain()).rejects.toThrow("was disposed");
  });
});

it("has a share of the arithmetic for every rewrite that native code may tell of", () => {
  const plan = readFileSync(new URL("../../native/core/step/plan.cc", import.meta.url), "utf8");
  const [, table = ""] = /kRules\[\] = \{\n(.*?)\n\};/s.exec(plan) ?? [];
  const ids = [...table.matchAll(/^ {4}\{"(\w+)"/gm)].map(([, id]) => id as string);
  expect(ids.length).toBeGreaterThan(10);
  expect(Object.keys(shares).toSorted()).toEqual(ids.toSorted());
});

describe("explain()", () => {
  it("names the rewrites of the article's generator, and what is not done with the reason", async () => {
    using trainer = trainerOf("article", "fused", 32);
    const told = await trainer.explain();
    expect(told.kind).toBe("rewritten");
    expect(told.onePass).toBe(true);
    const upsampled = told.generator.filter(({ layers }) => layers.length === 4);
    expect(upsampled.map(({ layers }) => layers)).toEqual([
      ["conv_blocks.1", "conv_blocks.2", "conv_blocks.3", "conv_blocks.4"],
      ["conv_blocks.5", "conv_blocks.6", "conv_blocks.7", "conv_blocks.8"],
    ]);
    // By a rule of the processor's kind: elsewhere it says why not.
    const less = "4x4 convolution of stride 2 with fewer multiplications";
    const refused = upsampled.some(({ refusals }) => refusals.some((one) => one.rewrite === less));
    for (const { rewrites } of upsampled)
      expect(rewrites).toEqual([
        "upsampling and convolution as one transposed convolution",
        ...(refused ? [] : [less]),
        "no bias before normalisation",
        "normalisation and activation together",
      ]);
    // 64 images, 128 to 64 channels, 32 × 32 pixels of 4 taps each instead of 9.
    const plain = 2 * 64 * 128 * 64 * 32 * 32 * 4;
    expect(upsampled[1]?.flops).toBe(refused ? plain : (plain * 25) / 64);
    expect(told.refusals).toContainEqual({
      rewrite: "a list of calls into buffers that stay, without a graph",
      reason:
        "the generator has layers other than linear ones, maxout, batch normalisation, simple " +
        "activations, dropout and an embedding of labels before them",
    });
    const text = String(told);
    expect(text).toContain("Reals and fakes go through the discriminator in one pass.");
    const own = refused ? "2.15 GFLOP" : "839 MFLOP";
    expect(text).toContain(`conv_blocks.1 … conv_blocks.4  128 × 16 × 16  ${own}`);
    expect(text).toMatch(/no faster than [\d.]+ ms\.$/);
    expect(told.floor.milliseconds).toBeGreaterThan(0);
  });

  it("counts the bytes that a step moves, and those that it holds", async () => {
    const adam = optimizers.adam();
    const told = async (order: Order) => {
      using trainer = new Trainer({
        generator: new Generator({ latent: { noise: 2 }, layers: [l.linear(3)] }),
        discriminator: new Discriminator({ image: [3], layers: [l.linear(1)] }),
        objective: objectives.nonSaturating(),
        optimizer: { generator: adam, discriminator: adam },
        ...{ execution: "eager", order, fakes: "same" },
      });
      return trainer.explain({ batchSize: 4 });
    };
    const { bytes, buffers } = await told("generatorFirst");
    // G: forward, its inputs' gradient, its weights'. D: these of reals and of fakes, and of the
    // fakes of G's update. Each output is written and read. A weight, its gradient and two moments
    // are so, too: 2·3 + 3 weights of G, 3 + 1 of D.
    const outputs = 3 * 3 + (3 + 3 + 3) * 1;
    expect(bytes).toBe(4 * (2 * 4 * outputs + 8 * (9 + 4)));
    // G's update holds the outputs of both.
    expect(buffers).toBe(4 * 4 * (3 + 1));
    // D's holds its own for reals and fakes, while those of G wait for G's.
    expect((await told("discriminatorFirst")).buffers).toBe(4 * 4 * (2 * 1 + 3));
  });

  it("counts the error of each value that an autoencoder makes anew, and their mean", async () => {
    const optimizer = { generator: optimizers.adam(), discriminator: optimizers.adam() };
    using trainer = new Trainer({
      generator: new Generator({ latent: { noise: 2 }, layers: [l.linear(3)] }),
      discriminator: new Discriminator({
        image: [3],
        layers: [l.reconstructionError([l.linear(3)])],
      }),
      ...{ objective: objectives.energyBased(), optimizer, execution: "eager" },
    });
    const { bytes, buffers, flops } = await trainer.explain({ batchSize: 4 });
    const [ofGenerator, ofDiscriminator] = [3, 3 + 3 + 1];
    const outputs = 3 * ofGenerator + (3 + 3 + 3) * ofDiscriminator;
    expect(bytes).toBe(4 * (2 * 4 * outputs + 8 * (9 + 12)));
    expect(buffers).toBe(4 * 4 * 2 * ofDiscriminator);
    // Products alone: of G forward and its weights', of D all but G's noise.
    expect(flops).toBe(2 * 4 * (2 * 6 + (3 + 3 + 3 - 2) * 9));
  });

  it("names the rewrites of a residual network, within spectral normalisation too", async () => {
    using trainer = trainerOf("sngan-hinge", "fused", 32);
    const told = await trainer.explain();
    const rewrites = [...told.generator, ...told.discriminator].flatMap((one) => one.rewrites);
    const count = (name: string) => rewrites.filter((rewrite) => rewrite === name).length;
    expect(count("1x1 convolution before upsampling")).toBe(3);
    expect(count("1x1 convolution after pooling")).toBe(1);
    expect(count("upsampling and convolution as one transposed convolution")).toBe(3);
    expect(count("convolution and pooling as one strided convolution")).toBe(2);
    expect(told.onePass).toBe(false);
  });

  it("names the rewrites inside of a reconstruction error", async () => {
    const inside = [
      ...[l.conv2d(8, 3, { padding: 1 }), l.avgPool2d(2)],
      ...[l.upsample(2), l.conv2d(1, 3, { padding: 1 })],
    ];
    const discriminator = new Discriminator({
      image: [1, 8, 8],
      layers: [l.reconstructionError(inside, { name: "energy" })],
    });
    const objective = objectives.energyBased();
    using trainer = tinyTrainer({ discriminator, objective, execution: "fused" });
    const { discriminator: told, onePass } = await trainer.explain();
    expect(told.map(({ layers, rewrites }) => [layers.length, rewrites])).toEqual([
      [2, ["convolution and pooling as one strided convolution"]],
      [2, ["upsampling and convolution as one transposed convolution"]],
      [1, []],
    ]);
    expect(told[0]?.layers[0]).toBe("energy.autoencoder.0");
    expect(onePass).toBe(true);
  });

  const penalised = objectives.wasserstein({ penalties: [penalties.wganGp()] });

  it.for<
    [
      ...[string, DiscriminatorArchitecture["layers"], share: number],
      ...[batchSize?: number, objective?: Objective],
    ]
  >([
    ["1x1 convolution before upsampling", [l.upsample(2), l.conv2d(8, 1)], 1 / 4],
    ["1x1 convolution after pooling", [l.conv2d(8, 1), l.avgPool2d(2)], 1 / 4],
    [
      "upsampling and convolution as one transposed convolution",
      [l.upsample(2), l.conv2d(8, 3, { padding: 1 })],
      16 / 36,
    ],
    [
      "convolution and pooling as one strided convolution",
      [l.conv2d(8, 3, { padding: 1 }), l.avgPool2d(2)],
      16 / 36,
    ],
    ["transposed convolution of one pixel as a product", [l.convTranspose2d(8, 4)], 1],
    [
      "4x4 convolution of stride 2 with fewer multiplications",
      [l.conv2d(64, 4, { stride: 2, padding: 1 })],
      9 / 16,
    ],
    [
      "4x4 convolution of stride 2 with fewer multiplications",
      [l.conv2d(64, 4, { stride: 2, padding: 1 })],
      25 / 64,
      64,
    ],
    ["3x3 convolution with fewer multiplications", [l.conv2d(64, 3, { padding: 1 })], 4 / 9],
    ["3x3 convolution with fewer multiplications", [l.conv2d(64, 3, { padding: 1 })], 36 / 144, 8],
    [
      "3x3 convolution with fewer multiplications",
      [l.conv2d(64, 3, { padding: 1, groups: 4 })],
      36 / 144,
      8,
    ],
    ["convolution to few channels as products", [l.conv2d(1, 3, { padding: 1 })], 1],
    ["1x1 convolution as a product of all pixels", [l.conv2d(8, 1)], 1],
    ["linear layer by oneDNN", [l.conv2d(8, 1)], 1],
    ["maxout in one pass", [l.conv2d(8, 1), l.flatten(), l.maxout(8, 3)], 1],
    ["convolution whose second derivatives are convolutions", [l.conv2d(8, 2)], 1, 2, penalised],
    ["activation without a second derivative", [l.conv2d(8, 2), l.relu()], 1, 2, penalised],
    ["normalisation of each sample in one go", [l.conv2d(8, 1), l.instanceNorm2d()], 1],
    ["pixel normalisation in one pass", [l.conv2d(8, 1), l.pixelNorm()], 1],
    [
      "minibatch discrimination a kernel dimension at a time",
      [l.flatten(), l.minibatchDiscrimination(3)],
      1,
    ],
    ["blur along columns, then along rows", [l.blur()], 1 / 2],
    // 4 for each of 8 columns and 4 for each of 4 values, in the place of 16 for each of these.
    ["blur along columns, then along rows", [l.blur({ stride: 2, padding: 1 })], 3 / 4],
    ["no bias before normalisation", [l.conv2d(8, 1), l.batchNorm2d()], 1],
    [
      "normalisation and activation together",
      [l.conv2d(8, 1), l.batchNorm2d(), l.leakyRelu(0.2)],
      1,
    ],
    [
      "batch normalisation in two passes",
      [l.conv2d(8, 1, { bias: false }), l.batchNorm2d(), l.tanh()],
      1,
    ],
  ])(
    "counts what %s leaves of the multiplications",
    async ([name, layers, share, batchSize = 2, objective], { skip }) => {
      const image = [64, 8, 8];
      const operations = async (execution: "eager" | "fused") => {
        using generator = new Generator({
          latent: { noise: 2 },
          layers: [l.linear(64 * 8 * 8), l.unflatten(image), l.tanh()],
        });
        using discriminator = new Discriminator({
          image,
          layers: [...layers, l.flatten(), l.linear(1)],
        });
        using trainer = tinyTrainer({
          ...{ generator, discriminator, execution },
          ...(objective && { objective }),
        });
        return (await trainer.explain({ batchSize })).discriminator;
      };
      const [fused, eager] = [await operations("fused"), await operations("eager")];
      const made = fused.find(({ rewrites }) => rewrites.includes(name));
      if (made === undefined) {
        const refused = fused.flatMap(({ refusals }) => refusals.map(({ rewrite }) => rewrite));
        expect(refused).toContain(name);
        return skip("by a rule of the processor's kind, and it says so");
      }
      const plain = eager
        .filter(({ layers: [path] }) => made.layers.includes(path as string))
        .reduce((total, { flops }) => total + flops, 0);
      expect(made.flops).toBeCloseTo(share * plain, 6);
    },
  );

  it("counts the product inside spectral normalisation as the product that it is", async () => {
    const flopsOf = async (layer: Layer) => {
      using discriminator = tinyDiscriminator([layer, l.linear(1)]);
      using trainer = tinyTrainer({ discriminator });
      return (await trainer.explain()).discriminator.map(({ flops }) => flops);
    };
    expect(await flopsOf(l.spectralNorm(l.linear(7)))).toEqual(await flopsOf(l.linear(7)));
  });

  it("is data that can be copied and sent to another thread", async () => {
    using trainer = tinyTrainer();
    const told = await trainer.explain();
    expect(structuredClone(told)).toEqual({ ...told });
    expect(Object.keys(told)).toEqual(expect.arrayContaining(["kind", "generator", "floor"]));
  });

  it("tells a planned step from PyTorch's operations", async () => {
    using planned = trainerOf("wgan-gp", "fused", 28);
    expect((await planned.explain()).kind).toBe("planned");
    using conditional = trainerOf("cgan", "fused", 28);
    const { kind, onePass, discriminator } = await conditional.explain();
    expect({ kind, onePass }).toEqual({ kind: "planned", onePass: true });
    expect(discriminator[0]?.layers).toEqual(["label_embedding", "model.0", "model.1"]);
    using eager = trainerOf("wgan-gp", "eager", 28);
    const told = await eager.explain();
    expect(told.kind).toBe("eager");
    expect(told.generator.map(({ layers }) => layers.length)).toEqual(
      Array(told.generator.length).fill(1),
    );
  });

  it.each(Object.keys(presets) as PresetName[])(
    "has a number for the arithmetic of %s, no larger by rewrites",
    async (name) => {
      const flopsOf = async (execution: "eager" | "fused") => {
        using trainer = trainerOf(name, execution);
        return (await trainer.plan(8)).flops;
      };
      const [eager, fused] = [await flopsOf("eager"), await flopsOf("fused")];
      expect(fused).toBeGreaterThan(0);
      expect(fused).toBeLessThanOrEqual(eager);
    },
  );

  it.each<[PresetName, generatorSteps: number]>([
    ["article", 1],
    ["article", 3],
    ["mlp", 1],
    ["wgan-gp", 1],
    ["wgan-gp", 3],
    ["dcgan", 1],
  ])(
    "the arithmetic of %s with %i updates of G is what PyTorch's counter counts, to 2 in 100",
    async (name, generatorSteps) => {
      using trainer = trainerOf(name, "eager", undefined, { generatorSteps });
      const { generator, discriminator } = trainer;
      const { objective, order, discriminatorSteps } = presets[name];
      const case_ = {
        ...{ generator: generator.toPyTorch(), discriminator: discriminator.toPyTorch() },
        ...{ noise: generator.latent.noise, image: generator.image, objective },
        ...{ order: order ?? "generatorFirst", discriminatorSteps: discriminatorSteps ?? 1 },
        generatorSteps,
      };
      const reference = generatorSteps === 1 ? `flops-${name}` : `flops-${name}-${generatorSteps}`;
      const { value } = await referee<{ flops: number }>(reference, "flops.py", [
        JSON.stringify(case_),
      ]);
      const { flops } = await trainer.explain({ batchSize: 64 });
      expect(flops / value.flops).toBeGreaterThan(0.98);
      expect(flops / value.flops).toBeLessThan(1.02);
    },
  );

  it("changes no loss and no weight of the training", async () => {
    const data = await labelledImages(32);
    const [asked, plain] = [
      tinyTrainer({ execution: "fused" }),
      tinyTrainer({ execution: "fused" }),
    ];
    await losses(asked, data);
    await losses(plain, data);
    await asked.explain();
    expect(await losses(asked, data)).toEqual(await losses(plain, data));
    expect(await stateOf(asked.generator)).toEqual(await stateOf(plain.generator));
  });
});
