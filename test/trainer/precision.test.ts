import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it, vi } from "vitest";
import { architectures, Discriminator, datasets, Generator, optimizers } from "../../lib/index.js";
import { objectives, penalties, Trainer, type TrainerOptions } from "../../lib/index.js";
import type { TrainerSettings } from "../../lib/trainer/options.js";
import { collect, tinyTrainer, weightsOf } from "../helpers/training.js";

const sgd = optimizers.sgd({ lr: 0.01 });

/** A small pair of the article's kind, which has every kind of layer that bfloat16 is for. */
function trainerIn(options: Partial<TrainerOptions>): Trainer {
  const latent = { noise: 16 };
  return new Trainer({
    generator: new Generator(architectures.upsampling({ latent, image: [1, 16, 16] }), { seed: 1 }),
    discriminator: new Discriminator(architectures.mlp({ image: [1, 16, 16] })),
    objective: objectives.nonSaturating(),
    optimizer: { generator: sgd, discriminator: sgd },
    ...options,
  });
}

/** Styles, modulations, noise and blurs, with second derivatives of them all. */
function styledTrainerIn(options: Partial<TrainerOptions>): Trainer {
  const latent = { noise: 16 };
  const image = [1, 16, 16];
  const size = { image, channels: 32 };
  return trainerIn({
    generator: new Generator(architectures.stylegan2({ latent, ...size, mappingLayers: 2 }), {
      seed: 1,
    }),
    discriminator: new Discriminator(architectures.stylegan2(size), { seed: 2 }),
    objective: objectives.nonSaturating({ penalties: [penalties.r1(), penalties.pathLength()] }),
    ...options,
  });
}

function images() {
  const bytes = Uint8Array.from({ length: 64 * 256 }, (_, i) => (i * i * 7) >> 3);
  return datasets.fromBytes(bytes, { shape: [64, 1, 16, 16] });
}

describe("precision", () => {
  it.each([
    ["half", 'Expected one of float32, tf32, bfloat16 for precision but received "half"'],
    ["tf32", 'Expected one of float32, bfloat16, which cpu has, for precision but received "tf32"'],
  ])("refuses %s on the CPU", (precision, message) => {
    expect(() => trainerIn({ precision: precision as "tf32" })).toThrow(message);
  });

  it.each([
    ["a pair", "eager", trainerIn],
    ["a pair", "fused", trainerIn],
    ["StyleGAN2", "eager", styledTrainerIn],
    ["StyleGAN2", "fused", styledTrainerIn],
  ] as const)(
    "bfloat16 trains %s in %s as float32 does, to its three digits",
    async (_, execution, pairIn) => {
      const data = await images();
      const [half, full] = [
        pairIn({ precision: "bfloat16", execution }),
        pairIn({ precision: "float32", execution }),
      ];
      const run = { steps: 10, batchSize: 16, tickEvery: 1 };
      const [rounded, exact] = [
        await collect(half.run(data, run)),
        await collect(full.run(data, run)),
      ];
      for (const loss of ["discriminatorLoss", "generatorLoss"] as const) {
        rounded.forEach((tick, i) => {
          const expected = exact[i]?.[loss] as number;
          expect(Math.abs(tick[loss] - expected)).toBeLessThan(0.03 * Math.max(1.5, expected));
        });
      }
      // It is not float32 under another name; and what is kept stays float32.
      expect(rounded.at(-1)?.generatorLoss).not.toBe(exact.at(-1)?.generatorLoss);
      for (const { dtype } of await half.generator.native.state())
        expect(["float32", "int64"]).toContain(dtype);
    },
  );

  it("bfloat16 goes through a gradient penalty", async () => {
    const trainer = tinyTrainer({
      objective: objectives.wasserstein({ penalties: [penalties.wganGp()] }),
      execution: "fused",
      precision: "bfloat16",
    });
    const bytes = new Uint8Array(16 * 64).fill(7);
    const data = await datasets.fromBytes(bytes, { shape: [16, 1, 8, 8] });
    const ticks = await collect(trainer.run(data, { steps: 3, batchSize: 8 }));
    expect(ticks.at(-1)?.step).toBe(3);
    expect((await weightsOf(trainer.discriminator)).every(Number.isFinite)).toBe(true);
  });

  it("is asked about by rank 0 alone, which speaks for all", async () => {
    vi.resetModules();
    const { mayBeSlow } = await import("../../lib/trainer/half.js");
    const asked = (rank: number | undefined, precision: "bfloat16" | "float32" = "bfloat16") =>
      mayBeSlow({
        precision,
        generator: { device: "cpu" },
        distributed: rank === undefined ? undefined : { rank },
      } as TrainerSettings);
    expect([asked(undefined), asked(0), asked(1)]).toEqual([true, true, false]);
    expect(asked(undefined, "float32")).toBe(false);
  });

  it("warns, once and with the figure, where the CPU has no instructions for it", async () => {
    const script = fileURLToPath(new URL("slow-bfloat16.mjs", import.meta.url));
    // What the processor has is hidden from oneDNN, which does these products.
    const env = { ...process.env, ONEDNN_MAX_CPU_ISA: "AVX2" };
    const { stderr } = await promisify(execFile)(process.execPath, [script], { env });
    const warnings = stderr.split("\n").filter((line) => line.includes("SPARRING_SLOW_BFLOAT16"));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(
      /A product in bfloat16 takes \d[\d.]* times as long as in float32 on this CPU, which has no instructions for it$/,
    );
  });
});
