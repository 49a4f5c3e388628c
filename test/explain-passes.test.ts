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
} from "../lib/index.js";
import { referee } from "./helpers/referee.js";
import { tinyTrainer } from "./helpers/training.js";

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

  it.each<[string, Penalty, Layer, "eager" | "fused", passes: number]>([
    ["WGAN-GP", penalties.wganGp(), l.leakyRelu(0.2), "eager", 6],
    ["WGAN-GP", penalties.wganGp(), l.leakyRelu(0.2), "fused", 4],
    ["WGAN-GP behind a softplus", penalties.wganGp(), l.softplus(), "fused", 6],
    ["R1", penalties.r1(), l.leakyRelu(0.2), "eager", 3],
    ["lazy R2", penalties.r2({ every: 4 }), l.relu(), "fused", 3 / 4],
  ])("counts the passes of %s by autograd", async (_, penalty, activation, execution, all) => {
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
    expect(more).toBe(2 * 64 * (64 * 25 * 6 + 64 * 6) * all);
  });

  it.each<[string, DiscriminatorArchitecture["layers"]]>([
    ["projection", [l.flatten(), l.linear(16), l.leakyRelu(0.2), l.projection()]],
    ["embedding", [l.embedding(4), l.flatten(), l.linear(1)]],
    [
      "reconstruction-error",
      [
        l.embedding(6, { combine: "multiply" }),
        l.reconstructionError([l.conv2d(6, 3, { padding: 1 }), l.conv2d(6, 1)]),
        l.linear(1),
      ],
    ],
    ["multiplied-embedding", [l.embedding(6, { combine: "multiply" }), l.flatten(), l.linear(1)]],
  ])(
    "a penalty with labels by %s costs what PyTorch's counter counts, to 2 in 100",
    async (name, last) => {
      const image = [1, 8, 8];
      const classes = 3;
      const layers = [l.conv2d(6, 5, { padding: 2 }), l.leakyRelu(0.2), ...last];
      using discriminator = new Discriminator({ image, layers, classes });
      const flopsOf = async (given: readonly Penalty[]) => {
        const objective = objectives.wasserstein({ penalties: given });
        using trainer = tinyTrainer({
          ...{ discriminator, objective, latent: { noise: 5, classes } },
          ...{ execution: "fused", order: "discriminatorFirst", fakes: "fresh" },
        });
        return (await trainer.explain({ batchSize: 64 })).flops;
      };
      const more = (await flopsOf([penalties.wganGp()])) - (await flopsOf([]));
      const case_ = JSON.stringify({ discriminator: discriminator.toPyTorch(), image, classes });
      const { value } = await referee<{ flops: number }>(
        `penalty-flops-${name}`,
        "penalty-flops.py",
        [case_],
      );
      expect(more / value.flops).toBeGreaterThan(0.98);
      expect(more / value.flops).toBeLessThan(1.02);
    },
  );

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
