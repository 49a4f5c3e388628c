// What a step cannot show: 200 of them. Rounding grows by itself in a game of two, so single numbers part; whether the
// two executions play the same game is asked statistically. Each of eight seeds gives the mean losses of steps 101 to
// 200; the difference between the executions, averaged over the seeds, has to lie within the scatter of the seeds
// (Welch's t-test at 0.1 %). The same test tells a learning rate of ten times the size apart, so it is not blind.
import { describe, expect, it } from "vitest";
import { architectures, Discriminator, datasets, Generator, optimizers } from "../../lib/index.js";
import { objectives, penalties, Trainer, type TrainerOptions } from "../../lib/index.js";

const image = [1, 8, 8];
const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
type Kind = { readonly options: Partial<TrainerOptions>; readonly upsampling: boolean };

const adam = (lr: number) => optimizers.adam({ lr, betas: [0.5, 0.999] });

const kinds: Readonly<Record<string, Kind>> = {
  "an upsampling generator": {
    upsampling: true,
    options: { objective: objectives.nonSaturating() },
  },
  "dense networks": { upsampling: false, options: { objective: objectives.nonSaturating() } },
  "dense networks under a gradient penalty": {
    upsampling: false,
    options: {
      objective: objectives.wasserstein({ penalties: [penalties.wganGp()] }),
      order: "discriminatorFirst",
      discriminatorSteps: 2,
    },
  },
};

/** Rings of different radius and place: something to learn. */
function rings() {
  const bytes = new Uint8Array(512 * 64);
  for (let i = 0; i < 512; i++)
    for (let y = 0; y < 8; y++)
      for (let x = 0; x < 8; x++) {
        const distance = Math.hypot(x - 3 - (i % 3), y - 3 - ((i >> 3) % 3)) - 1 - (i % 2);
        bytes[(i * 8 + y) * 8 + x] = Math.max(0, 255 - 120 * Math.abs(distance));
      }
  return datasets.fromBytes(bytes, { shape: [512, ...image] });
}

/** Mean losses of steps 101 to 200: [discriminator, generator]. */
async function play(
  { options, upsampling }: Kind,
  execution: "eager" | "fused",
  seed: number,
  lr = 2e-4,
) {
  const latent = { noise: 16 };
  const logits = options.objective?.type === "wasserstein";
  const generator = upsampling
    ? architectures.upsampling({ latent, image })
    : architectures.mlp({ latent, image });
  using trainer = new Trainer({
    objective: objectives.nonSaturating(),
    ...options,
    generator: new Generator(generator, { seed }),
    discriminator: new Discriminator(
      architectures.mlp({ image, scores: logits ? "logit" : "probability" }),
    ),
    optimizer: { generator: adam(lr), discriminator: adam(lr) },
    execution,
  });
  using data = await rings();
  const means: [number, number] = [0, 0];
  for await (const tick of trainer.run(data, { steps: 200, batchSize: 16, tickEvery: 100 })) {
    means[0] = tick.discriminatorLoss;
    means[1] = tick.generatorLoss;
  }
  return means;
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length;
const variance = (values: readonly number[]) =>
  values.reduce((total, value) => total + (value - mean(values)) ** 2, 0) / (values.length - 1);

/** Welch's t of two samples of equal size. */
function welch(a: readonly number[], b: readonly number[]): number {
  return Math.abs(mean(a) - mean(b)) / Math.sqrt((variance(a) + variance(b)) / a.length);
}

/** Two-sided 0.1 % of Student's t with 14 degrees of freedom, those of two samples of eight. */
const limit = 4.14;

async function curves(kind: Kind, execution: "eager" | "fused", lr?: number) {
  const all: [number, number][] = [];
  for (const seed of seeds) all.push(await play(kind, execution, seed, lr));
  return [all.map(([d]) => d), all.map(([, g]) => g)] as const;
}

describe("after 200 steps", () => {
  it.each(Object.keys(kinds))(
    "%s: eager and fused have played the same game",
    async (name) => {
      const kind = kinds[name] as Kind;
      const [eager, fused] = [await curves(kind, "eager"), await curves(kind, "fused")];
      for (const player of [0, 1] as const)
        expect(welch(eager[player], fused[player])).toBeLessThan(limit);
      const faster = await curves(kind, "fused", 2e-3);
      expect(Math.max(welch(eager[0], faster[0]), welch(eager[1], faster[1]))).toBeGreaterThan(
        limit,
      );
    },
    480_000,
  );
});
