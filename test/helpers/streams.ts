// Images of the tiny pair as a source brings them, what was asked of it, and training on them.
import { datasets, type Trainer } from "../../lib/index.js";
import { collect, image, tinyTrainer, weightsOf } from "./training.js";

export const pixels = 64;

/** Image `index` of those that nobody drew. */
export function picture(index: number): Uint8Array {
  return Uint8Array.from({ length: pixels }, (_, i) => (((index * 31 + i * 7) ** 2) >> 3) & 255);
}

/** Images in an order, side by side. */
export function pictures(order: readonly number[]): Uint8Array {
  return Uint8Array.from(order.flatMap((index) => [...picture(index)]));
}

export const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

/** A source of epochs of `count` images, one at a time, that counts what was taken of it. */
export function counted(count: number) {
  const seen = { images: 0, epochs: [] as number[], returned: 0 };
  async function* source(epoch: number) {
    seen.epochs.push(epoch);
    try {
      for (let i = 0; i < count; i++) {
        seen.images++;
        yield picture(i);
      }
    } finally {
      seen.returned++;
    }
  }
  return { source, seen };
}

/** The order in which a trainer of a dataset in memory visits its images, epoch by epoch. */
export async function orderOf(trainer: Trainer): Promise<number[]> {
  const { tensors } = await trainer.snapshot();
  const { data } = tensors.find(({ name }) => name === "sampler.permutation") as {
    data: Uint8Array;
  };
  return Array.from(new BigInt64Array(new Uint8Array(data).buffer), Number);
}

export const resident = (count: number) =>
  datasets.fromBytes(pictures(upTo(count)), { shape: [count, ...image] });

/** The tiny pair with that many updates of the discriminator a step. */
export const trainerOf = (discriminatorSteps = 1) =>
  tinyTrainer({ discriminatorSteps, execution: "eager" });

/** Trains for that many steps of 8 images, with a tick at the end, unless `more` says otherwise. */
export const run = (
  trainer: Trainer,
  data: Parameters<Trainer["run"]>[0],
  steps: number,
  more = {},
) => collect(trainer.run(data, { steps, batchSize: 8, tickEvery: steps, ...more }));

/** All bytes of both networks. */
export const weights = async (trainer: Trainer) => [
  ...(await weightsOf(trainer.generator)),
  ...(await weightsOf(trainer.discriminator)),
];
