// Trainers of the presets at their smallest, and a fingerprint of everything that they hold.
import { createHash } from "node:crypto";
import { addon } from "../../lib/addon.js";
import { type Dataset, Discriminator, datasets, Generator, Trainer } from "../../lib/index.js";
import { type Preset, type PresetName, presets } from "../../lib/presets.js";

export type Execution = "eager" | "fused";

/** The smallest side of a square that a preset trains at. */
export function smallestSize(name: PresetName): number {
  const { fits } = presets[name].size;
  const sides = Array.from({ length: 25 }, (_, i) => i + 8);
  return sides.find((side) => fits(side, side)) as number;
}

export function smallTrainer(name: PresetName, execution: Execution, seed = 5): Trainer {
  const { pair, size, batch, steps, summary, ...options }: Preset = presets[name];
  const side = smallestSize(name);
  const { generator, discriminator } = pair({ image: [1, side, side] });
  return new Trainer({
    ...options,
    generator: new Generator(generator, { seed }),
    discriminator: new Discriminator(discriminator),
    execution,
  });
}

/** 80 images that nobody drew: with batches of 16, five to an epoch. */
export function smallImages(name: PresetName): Promise<Dataset> {
  const size = smallestSize(name);
  const pixels = Uint8Array.from({ length: 80 * size * size }, (_, i) => (i * i * 7) >> 4);
  const labels = Uint8Array.from({ length: 80 }, (_, i) => i % 10);
  return datasets.fromBytes(pixels, { shape: [80, 1, size, size], labels });
}

export async function trainFor(trainer: Trainer, data: Dataset, steps: number): Promise<number[]> {
  const losses: number[] = [];
  for await (const tick of trainer.run(data, { steps, batchSize: 16, tickEvery: 1 }))
    losses.push(tick.discriminatorLoss, tick.generatorLoss);
  return losses;
}

/** SHA-256 of all that training changes: weights, average, optimizers, random numbers, the place in the data. */
export async function fingerprintOf(trainer: Trainer): Promise<string> {
  const { tensors, ...rest } = await trainer.snapshot();
  const hash = createHash("sha256").update(JSON.stringify(rest));
  for (const { name, data } of tensors) hash.update(name).update(data);
  addon().release(tensors);
  return hash.digest("hex");
}
