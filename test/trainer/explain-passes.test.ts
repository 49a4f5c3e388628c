// What explain() says of the discriminator's passes: one look at fakes, and those of penalties.
import { describe, expect, it } from "vitest";
import {
  Discriminator,
  type DiscriminatorArchitecture,
  Generator,
  type Layer,
  layers as l,
  objectives,
  type Penalty,
  penalties,
} from "../../lib/index.js";
import type { LayerKind } from "../../lib/layers/kind.js";
import { layerKinds } from "../../lib/layers/table.js";
import { referee } from "../helpers/referee.js";
import { tinyTrainer } from "../helpers/training.js";

describe("explain()", () => {
  const oneLook = "one look at fakes that both updates learn from";

  it("counts one look at fakes that both updates learn from, and the way back by factors", async () => {
    const image = [1, 4, 4];
    const flopsOf = async (execution: "eager" | "fused") => {
      using discriminator = new Discriminator({
        image,
        layers: [l.flatten(), l.linear(32), l.leakyRelu(0.2), l.linear(1)],
      });
      using generator = new Generator({
        latent: { noise: 2 },
        layers: [l.linear(16), l.unflatten(image)],
      });
      using trainer = tinyTrainer({ generator, discriminator, execution });
      const told = await trainer.explain({ batchSize: 64 });
      expect(told.rewrites).toEqual(execution === "fused" ? [oneLook] : []);
      expect(String(told).includes(`The step as a whole: ${oneLook}.`)).toBe(execution === "fused");
      return told.flops;
    };
    const [first, last] = [2 * 64 * 16 * 32, 2 * 64 * 32];
    // Eager has gradients of the weights in the generator's update. Fused has not, nor the second
    // look, nor, of the last layer, the gradient that the generator's update had.
    const saved = 2 * (first + last) + last;
    expect((await flopsOf("eager")) - (await flopsOf("fused"))).toBe(saved);
  });

  const between = "the first product of points between reals and fakes from theirs";
  const seenPoints = "no pass of its own for a penalty at reals or fakes";

  it.each<[string, Penalty, Layer, done: string[], passes: number, ofFirst: number]>([
    ["WGAN-GP", penalties.wganGp(), l.leakyRelu(0.2), [between], 4, 3],
    ["WGAN-GP behind a ReLU", penalties.wganGp(), l.relu(), [], 4, 4],
    ["WGAN-div", penalties.wganDiv(), l.leakyRelu(0.2), [between], 4, 3],
    ["R1", penalties.r1(), l.leakyRelu(0.2), [seenPoints], 3, 3],
    ["lazy R2", penalties.r2({ every: 4 }), l.relu(), [seenPoints], 3 / 4, 3 / 4],
    ["DRAGAN", penalties.dragan(), l.leakyRelu(0.2), [], 4, 4],
  ])(
    "counts the passes of %s without a graph",
    async (_, penalty, activation, done, all, first) => {
      const image = [1, 4, 4];
      const told = async (given: readonly Penalty[]) => {
        using discriminator = new Discriminator({
          image,
          layers: [l.flatten(), l.linear(32), activation, l.linear(1)],
        });
        using generator = new Generator({
          latent: { noise: 2 },
          layers: [l.linear(16), l.unflatten(image)],
        });
        const objective = objectives.wasserstein({ penalties: given });
        const options = { generator, discriminator, objective, execution: "fused" } as const;
        using trainer = tinyTrainer({ ...options, order: "discriminatorFirst" });
        return await trainer.explain({ batchSize: 64 });
      };
      const [with_, without] = [await told([penalty]), await told([])];
      expect(with_.kind).toBe("planned");
      expect(with_.rewrites).toEqual(done);
      expect(with_.flops - without.flops).toBe(2 * 64 * 32 * (16 * first + all));
    },
  );

  it.each<[string, Penalty, Layer, "eager" | "fused", ofConv: number, ofLinear: number]>([
    ["WGAN-GP", penalties.wganGp(), l.leakyRelu(0.2), "eager", 6, 4],
    ["WGAN-GP", penalties.wganGp(), l.leakyRelu(0.2), "fused", 4, 4],
    ["WGAN-GP behind a softplus", penalties.wganGp(), l.softplus(), "fused", 5, 4],
    ["R1", penalties.r1(), l.leakyRelu(0.2), "eager", 3, 3],
    ["lazy R2", penalties.r2({ every: 4 }), l.relu(), "fused", 3 / 4, 3 / 4],
  ])("counts the passes of %s by autograd", async (...given) => {
    const [, penalty, activation, execution, ofConv, ofLinear] = given;
    const image = [1, 8, 8];
    const flopsOf = async (given: readonly Penalty[]) => {
      using discriminator = new Discriminator({
        image,
        layers: [l.conv2d(6, 5, { padding: 2 }), activation, l.flatten(), l.linear(1)],
      });
      const objective = objectives.wasserstein({ penalties: given });
      using trainer = tinyTrainer({
        ...{ discriminator, objective, execution },
        ...{ order: "discriminatorFirst", fakes: "fresh" },
      });
      return (await trainer.explain({ batchSize: 64 })).flops;
    };
    const more = (await flopsOf([penalty])) - (await flopsOf([]));
    expect(more).toBe(2 * 64 * (64 * 25 * 6 * ofConv + 64 * 6 * ofLinear));
  });

  const conv = (kernel: number) => l.conv2d(6, kernel, { padding: (kernel - 1) / 2 });
  const score = [l.flatten(), l.linear(1)];
  const onImage = (...layers: Layer[]) => [conv(5), ...layers, conv(3), l.leakyRelu(), ...score];
  const onFeatures = (...layers: Layer[]) => [
    l.flatten(),
    l.linear(24),
    ...layers,
    l.linear(24),
    l.relu(),
    l.linear(1),
  ];
  /** Each type of layer that keeps samples apart, behind a product that it may bend. */
  const layersOf: Readonly<Record<string, DiscriminatorArchitecture["layers"]>> = {
    adaptiveAvgPool2d: onImage(l.adaptiveAvgPool2d(3)),
    avgPool2d: onImage(l.leakyRelu(), l.avgPool2d(2)),
    blur: onImage(l.relu(), ...Array.from({ length: 8 }, () => l.blur())),
    conv2d: onImage(),
    convTranspose2d: onImage(l.convTranspose2d(6, 3)),
    dropout: onImage(l.dropout()),
    dropout2d: onImage(l.dropout2d()),
    elu: onImage(l.elu()),
    embedding: [l.embedding(4), ...onImage()],
    equalized: onImage(l.equalized(conv(3)), l.relu()),
    flatten: onFeatures(),
    gaussianNoise: onImage(l.gaussianNoise()),
    gelu: onImage(l.gelu()),
    globalSumPool2d: [conv(5), conv(3), l.leakyRelu(), l.globalSumPool2d(), l.linear(1)],
    groupNorm: onImage(l.groupNorm(2)),
    instanceNorm2d: onImage(l.instanceNorm2d()),
    layerNorm: onImage(l.layerNorm()),
    leakyRelu: onImage(l.leakyRelu(0.2)),
    linear: onFeatures(),
    maxPool2d: onImage(l.maxPool2d(2)),
    maxout: onFeatures(l.maxout(8, 2)),
    mish: onImage(l.mish()),
    noiseInjection: onImage(l.noiseInjection()),
    pixelNorm: onImage(l.pixelNorm()),
    pixelShuffle: onImage(l.pixelUnshuffle(2), l.pixelShuffle(2)),
    pixelUnshuffle: onImage(l.pixelUnshuffle(2)),
    prelu: onImage(l.prelu()),
    projection: [conv(5), l.leakyRelu(), conv(3), l.flatten(), l.projection()],
    reconstructionError: [
      ...[conv(5), l.leakyRelu()],
      ...[l.reconstructionError([conv(3), l.leakyRelu(), conv(3)]), l.linear(1)],
    ],
    reflectionPad2d: onImage(l.reflectionPad2d(1)),
    relu: onImage(l.relu()),
    replicationPad2d: onImage(l.replicationPad2d(1)),
    residual: onImage(l.residual([l.softplus(), conv(3)]), l.residual([l.relu(), conv(3)])),
    selu: onImage(l.selu()),
    sequential: onImage(l.sequential("body", [l.softplus(), conv(3)])),
    sigmoid: onImage(l.sigmoid()),
    silu: onImage(l.silu()),
    softplus: onImage(l.softplus()),
    spectralNorm: onImage(l.spectralNorm(conv(3)), l.relu()),
    tanh: onImage(l.tanh()),
    unflatten: [l.flatten(), l.linear(24), l.unflatten([6, 2, 2]), conv(3), l.relu(), ...score],
    upsample: onImage(l.upsample(2), l.relu()),
    zeroPad2d: onImage(l.zeroPad2d(1)),
  };
  /** Samples depend on each other there, or products are of two things that both change, or none is seen. */
  const untold = ["constant", "heads", "modulatedConv2d", "selfAttention2d", "styled"];

  it("has a case for each layer", () => {
    const couples = ([, { couplesSamples }]: [string, LayerKind]) => couplesSamples === true;
    const coupling = [...layerKinds].filter(couples).map(([type]) => type);
    const told = [...Object.keys(layersOf), ...coupling, ...untold];
    expect(told.toSorted()).toEqual([...layerKinds.keys()].toSorted());
  });

  it.each(["eager", "fused"] as const)(
    "a penalty by autograd costs what PyTorch's counter counts behind each layer, to 2 in 100: %s",
    async (execution) => {
      const image = [1, 8, 8];
      const cases = Object.entries(layersOf).map(([type, layers]) => {
        const classes = ["embedding", "projection"].includes(type) ? 3 : 0;
        const discriminator = new Discriminator({ image, layers, classes });
        return { type, discriminator, classes, image, execution };
      });
      const { value } = await referee<number[]>(`penalty-flops-${execution}`, "penalty-flops.py", [
        JSON.stringify(
          cases.map((one) => ({ ...one, discriminator: one.discriminator.toPyTorch() })),
        ),
      ]);
      const planOf = async (discriminator: Discriminator, given: readonly Penalty[]) => {
        const { classes } = discriminator.resolved;
        const objective = objectives.wasserstein({ penalties: given });
        using trainer = tinyTrainer({
          ...{ discriminator, objective, latent: { noise: 5, ...(classes > 0 && { classes }) } },
          ...{ execution, order: "discriminatorFirst", fakes: "fresh" },
        });
        return await trainer.plan(64);
      };
      for (const [i, { type, discriminator }] of cases.entries()) {
        const [with_, without] = [
          await planOf(discriminator, [penalties.wganGp()]),
          await planOf(discriminator, []),
        ];
        // Without a graph the numbers are others, of which the test before tells.
        if (with_.kind === "planned") continue;
        const share = (with_.flops - without.flops) / (value[i] as number);
        expect([type, Math.abs(share - 1) < 0.02, share]).toEqual([type, true, share]);
      }
    },
  );

  it("counts gradients of maxout for the pieces that were chosen, and all pieces forward", async () => {
    const flopsOf = async (execution: "eager" | "fused", given: readonly Penalty[] = []) => {
      const image = [1, 8, 8];
      const latent = { noise: 2 };
      using generator = new Generator({ latent, layers: [l.linear(64), l.unflatten(image)] });
      const layers = [l.flatten(), l.maxout(8, 4), l.linear(1)];
      using discriminator = new Discriminator({ image, layers });
      const objective = objectives.wasserstein({ penalties: given });
      using trainer = tinyTrainer({
        ...{ generator, discriminator, objective, execution },
        ...{ order: "discriminatorFirst", fakes: "fresh" },
      });
      return (await trainer.plan(64)).flops;
    };
    const maxout = 2 * 64 * (64 * 8 * 4);
    const linear = 2 * 64 * 8;
    // Fakes for both updates, and the gradient of its weight.
    const generator = 3 * (2 * 64 * (2 * 64));
    const [eager, fused] = [await flopsOf("eager"), await flopsOf("fused")];
    // Two looks and a third; two gradients for weights and one that is thrown away; three for what
    // comes before, which is the images for two of them.
    expect(eager).toBe(7 * maxout + 9 * linear + generator);
    expect(fused).toBe((3 + 3 / 4) * maxout + 8 * linear + generator);
    const penalised = await flopsOf("fused", [penalties.wganGp()]);
    expect(penalised - fused).toBe((2 + 2 / 4) * maxout + 4 * linear);
  });

  it("counts it where a layer couples samples, too", async () => {
    const image = [1, 8, 8];
    const layers = [l.conv2d(8, 5), l.batchNorm2d(), l.leakyRelu(0.2), l.flatten(), l.linear(1)];
    const flopsOf = async (order: "generatorFirst" | "discriminatorFirst") => {
      using discriminator = new Discriminator({ image, layers });
      using trainer = tinyTrainer({ discriminator, order, fakes: "same", execution: "fused" });
      const told = await trainer.explain({ batchSize: 64 });
      expect(told.rewrites).toEqual(order === "generatorFirst" ? [oneLook] : []);
      const look = told.discriminator.reduce((sum, { flops }) => sum + flops, 0);
      return { all: told.flops, look };
    };
    const [once, twice] = [await flopsOf("generatorFirst"), await flopsOf("discriminatorFirst")];
    expect(twice.all - once.all).toBe(once.look);
  });

  it("tells of it where a penalty keeps reals and fakes apart in every update", async () => {
    using discriminator = new Discriminator({
      image: [1, 8, 8],
      layers: [l.conv2d(8, 5), l.leakyRelu(0.2), l.flatten(), l.linear(1)],
    });
    const objective = objectives.nonSaturating({ penalties: [penalties.r1()] });
    using trainer = tinyTrainer({ discriminator, objective, execution: "fused" });
    const told = await trainer.explain();
    expect([told.onePass, ...told.rewrites]).toEqual([false, oneLook]);
  });

  it.each<[object, DiscriminatorArchitecture["layers"], string]>([
    [{ order: "discriminatorFirst" }, [l.batchNorm2d()], "each update has fakes of its own"],
    [{ fakes: "fresh" }, [l.batchNorm2d()], "each update has fakes of its own"],
    [
      { order: "discriminatorFirst", fakes: "same" },
      [l.batchNorm2d()],
      "the discriminator learns from them before the generator does",
    ],
    [{ accumulate: 2 }, [l.batchNorm2d()], "a batch is worked on in parts"],
    [{ diffAugment: ["cutout"] }, [l.batchNorm2d()], "they are augmented anew for each update"],
    [{ ada: {} }, [l.batchNorm2d()], "they are augmented anew for each update"],
    [{}, [l.dropout(0.5)], "a layer of the discriminator draws numbers, or changes with each pass"],
    [{}, [l.leakyRelu(0.2)], "one pass of reals and fakes is as fast"],
    [
      { objective: objectives.nonSaturating({ penalties: [penalties.r1({ every: 16 })] }) },
      [l.leakyRelu(0.2)],
      "one pass of reals and fakes is as fast",
    ],
  ])("says why %j with %j looks twice", async (options, layers, reason) => {
    using discriminator = new Discriminator({
      image: [1, 8, 8],
      layers: [l.conv2d(8, 5), ...layers, l.flatten(), l.linear(1)],
    });
    using trainer = tinyTrainer({ discriminator, execution: "fused", ...options });
    const told = await trainer.explain();
    expect(told.rewrites).not.toContain(oneLook);
    expect(told.refusals).toContainEqual({ rewrite: oneLook, reason });
  });
});
