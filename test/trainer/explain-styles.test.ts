// What explain() counts of styles: their modulations, and the two passes of a mapping whose styles are mixed.
import { describe, expect, it } from "vitest";
import {
  architectures,
  Discriminator,
  Generator,
  layers as l,
  objectives,
} from "../../lib/index.js";
import { referee } from "../helpers/referee.js";
import { tinyTrainer } from "../helpers/training.js";

describe("explain() of styles", () => {
  it("counts what is left of a modulation's multiplications, and of its blur", async () => {
    const synthesis = [
      l.constant([8, 4, 4]),
      l.modulatedConv2d(64, 3, { upsample: true }),
      l.modulatedConv2d(64, 3),
      l.noiseInjection(),
      l.leakyRelu(0.2),
      l.modulatedConv2d(1, 1, { demodulate: false }),
    ];
    using generator = new Generator({
      latent: { noise: 5 },
      layers: [l.styled({ mapping: [l.linear(6)], synthesis })],
    });
    using trainer = tinyTrainer({ generator, execution: "fused" });
    const told = (await trainer.explain({ batchSize: 8 })).generator;
    const [, , doubled, kept] = told;
    // The style and the demodulation, the convolution, the filter: 9 columns seen for 8 that are made.
    const [styles, filtered] = [6 * 8 + 8 * 64, 64 * 64 * 4 * (9 / 8 + 1)];
    expect(doubled?.flops).toBeCloseTo(16 * (styles + 16 * 9 * 8 * 64 + filtered), 6);
    expect(doubled?.rewrites).toEqual(["modulation in one pass"]);
    const less = "3x3 convolution with fewer multiplications";
    const refused = kept?.refusals.some(({ rewrite }) => rewrite === less) === true;
    const taps = refused ? 9 : 36 / 16;
    expect(kept?.flops).toBeCloseTo(16 * (6 * 64 + 64 * 64 + 64 * taps * 64 * 64), 6);
    expect(kept?.layers.length).toBe(3);
    expect(kept?.rewrites).toEqual([
      "modulation in one pass",
      ...(refused ? [] : [less]),
      "noise in the pass of a modulation",
      "activation in the pass of a modulation",
    ]);
  });

  it.each([
    ["stylegan2", { channels: 8 }],
    ["stylegan2-mixed", { channels: 8, style: 64, mappingLayers: 8, mixing: 0.9 }],
  ])("counts the arithmetic of %s as PyTorch's counter does, to 2 in 100", async (name, sizes) => {
    const image = [1, 8, 8];
    using generator = new Generator(
      architectures.stylegan2({ latent: { noise: 4 }, image, ...sizes }),
    );
    using discriminator = new Discriminator(architectures.stylegan2({ image, channels: 8 }));
    const objective = objectives.wasserstein();
    using trainer = tinyTrainer({ generator, discriminator, objective, execution: "eager" });
    const case_ = {
      ...{ generator: generator.toPyTorch(), discriminator: discriminator.toPyTorch() },
      ...{ noise: 4, image, objective, order: "generatorFirst" },
      ...{ discriminatorSteps: 1, generatorSteps: 1 },
    };
    const { value } = await referee<{ flops: number }>(`flops-${name}`, "flops.py", [
      JSON.stringify(case_),
    ]);
    const share = (await trainer.explain({ batchSize: 64 })).flops / value.flops;
    expect([Math.abs(share - 1) < 0.02, share]).toEqual([true, share]);
  });

  it.each(["eager", "fused"] as const)(
    "counts a mapping twice where styles are mixed, whatever the chance of it, %s",
    async (execution) => {
      const told = async (mixing: number) => {
        const modulated = l.modulatedConv2d(1, 1, { demodulate: false });
        const parts = {
          mapping: [l.pixelNorm(), l.linear(7), l.relu(), l.linear(6)],
          synthesis: [l.constant([1, 8, 8]), modulated, modulated],
        };
        using generator = new Generator({
          latent: { noise: 5 },
          layers: [l.styled(parts, { mixing })],
        });
        // A generator's pass without a graph, and one with.
        using trainer = tinyTrainer({ generator, execution, fakes: "fresh" });
        return await trainer.explain({ batchSize: 8 });
      };
      const [one, rare, always] = [await told(0), await told(0.1), await told(1)];
      expect(always).toMatchObject({ flops: rare.flops, bytes: rare.bytes, buffers: rare.buffers });
      const [first, last] = [2 * 8 * 5 * 7, 2 * 8 * 7 * 6];
      // Forward twice, and one gradient for each weight. None for the noise.
      expect(rare.flops - one.flops).toBe(3 * first + 4 * last);
      expect(rare.generator.slice(0, 4).map(({ flops }) => flops)).toEqual(
        one.generator.slice(0, 4).map(({ flops }) => 2 * flops),
      );
      const outputs = 5 + 7 + 7 + 6;
      expect(rare.bytes - one.bytes).toBe(4 * 2 * 8 * 4 * outputs);
      expect(rare.buffers - one.buffers).toBe(4 * 8 * outputs);
    },
  );
});
