// Vectors: GANs on the ring of eight Gaussians and their PyTorch script, from one seed, bit for bit.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  Discriminator,
  Generator,
  layers as l,
  objectives,
  optimizers,
  penalties,
  setThreads,
  Trainer,
  type TrainerOptions,
  threads,
} from "../../lib/index.js";
import { withFolder } from "../helpers/networks.js";
import { referee } from "../helpers/referee.js";
import { hiddenLayers, ringData, ringOfGaussians } from "../helpers/ring.js";
import { weightsOf } from "../helpers/training.js";
import { expectEqual, follow, steps, type Trajectory } from "../helpers/trajectory.js";

const wganGp = {
  objective: objectives.wasserstein({ penalties: [penalties.wganGp({ weight: 0.1 })] }),
  order: "discriminatorFirst",
  discriminatorSteps: 2,
} as const;

const games = {
  plain: { objective: objectives.nonSaturating() },
  "batch-norm": { objective: objectives.nonSaturating() },
  noise: { objective: objectives.nonSaturating() },
  amsgrad: { objective: objectives.nonSaturating() },
  compared: { objective: objectives.nonSaturating() },
  "wgan-gp": wganGp,
  // The latents come before all that the critic draws, at reals, at fakes and for the penalty.
  "noise-wgan-gp": wganGp,
} as const satisfies Record<string, Partial<TrainerOptions>>;
type Game = keyof typeof games;
const names = Object.keys(games) as Game[];

// The last batch of an epoch has 52 points, and 20 steps are two and a half epochs, five with two batches a step.
const count = 500;
const batch = 64;

function trainerOf(game: Game, options: Partial<TrainerOptions>): Trainer {
  const hidden = () => hiddenLayers({ norm: game === "batch-norm" });
  const first = game.startsWith("noise") ? [l.gaussianNoise(0.1)] : [];
  const compared = game === "compared" ? [l.minibatchDiscrimination(20, { kernelDims: 3 })] : [];
  const last = game === "plain" ? [l.sigmoid()] : [];
  const amsgrad = game === "amsgrad";
  const betas = amsgrad ? ([0.5, 0.5] as const) : ([0.5, 0.999] as const);
  const adam = optimizers.adam({ lr: 1e-3, betas, amsgrad });
  return new Trainer({
    generator: new Generator(
      { latent: { noise: 2 }, layers: [...hidden(), l.linear(2)] },
      { seed: 0 },
    ),
    discriminator: new Discriminator({
      image: [2],
      layers: [...first, ...hidden(), ...compared, l.linear(1), ...last],
    }),
    optimizer: { generator: adam, discriminator: adam },
    ...games[game],
    ...options,
  });
}

async function trainHere(game: Game): Promise<Trajectory> {
  using trainer = trainerOf(game, { execution: "eager" });
  using data = await ringData(count);
  return await follow(trainer, data, { batchSize: batch });
}

function trainThere(game: Game) {
  return withFolder(async (folder) => {
    const values = join(folder, "values");
    await writeFile(values, new Uint8Array(ringOfGaussians(count).buffer));
    const numbers = ["--batch", `${batch}`, "--steps", `${steps}`];
    const given = ["--game", game, "--values", values, ...numbers];
    return referee<Trajectory>(`ring-${game}`, "parity/ring.py", given);
  });
}

/** All weights after a step of plain descent, which shows the gradients themselves; without one, before it. */
async function stepped(game: Game, options?: Partial<TrainerOptions>): Promise<number[]> {
  const sgd = optimizers.sgd({ lr: 0.1 });
  const optimizer = { generator: sgd, discriminator: sgd };
  using trainer = trainerOf(game, { optimizer, ...options });
  using data = await ringData(count);
  if (options !== undefined)
    for await (const _ of trainer.run(data, { steps: 1, batchSize: batch }));
  const [g, d] = [await weightsOf(trainer.generator), await weightsOf(trainer.discriminator)];
  return [...g, ...d];
}

/** ‖a − b‖ / ‖b‖ */
function distance(a: readonly number[], b: readonly number[]): number {
  return Math.hypot(...a.map((value, i) => value - (b[i] as number))) / Math.hypot(...b);
}

describe("training on the ring, and the PyTorch script from one seed, one thread", async () => {
  const before = await threads();
  beforeAll(() => setThreads(1));
  afterAll(() => setThreads(before));

  it.for(names)(
    "have equal initial weights, 20 equal losses and equal final weights: %s",
    async (game, context) => expectEqual(await trainHere(game), await trainThere(game), context),
  );
});

describe("fused execution on the ring", () => {
  it.each(names)("equals eager after a step of plain descent: %s", async (game) => {
    const eager = await stepped(game, { execution: "eager" });
    expect(distance(await stepped(game, { execution: "fused" }), eager)).toBeLessThan(1e-6);
    expect(distance(await stepped(game), eager)).toBeGreaterThan(1e-4);
  });

  it("is a list of calls, as for flattened images, and is counted as such", async () => {
    using trainer = trainerOf("plain", { execution: "fused" });
    const { kind, generator, discriminator } = await trainer.explain({ batchSize: batch });
    expect(kind).toBe("planned");
    const flops = (sides: number[]) =>
      sides.slice(1).map((side, i) => 2 * batch * side * (sides[i] as number));
    expect(generator.map((one) => one.flops)).toEqual(flops([2, 128, 128, 2]));
    expect(discriminator.map((one) => one.flops)).toEqual(flops([2, 128, 128, 1]));
  });
});
