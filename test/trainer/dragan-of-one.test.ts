// DRAGAN's points lie as far from the reals as these are from each other: one number alone has no
// deviation.
import { describe, expect, it } from "vitest";
import {
  Discriminator,
  datasets,
  Generator,
  layers as l,
  objectives,
  optimizers,
  penalties,
  type RunOptions,
  Trainer,
} from "../../lib/index.js";
import { collect, labelledImages, losses, tinyTrainer } from "../helpers/training.js";

const objective = objectives.nonSaturating({ penalties: [penalties.dragan({ every: 2 })] });
const executions = ["eager", "fused"] as const;

/** A pair on one number, in a shape of its own. */
function onNumbers(image: readonly number[], execution: "eager" | "fused" = "eager"): Trainer {
  const layers = [l.linear(8), l.relu(), l.linear(1), l.unflatten(image)];
  const judging = [l.flatten(), l.linear(8), l.relu(), l.linear(1)];
  const generator = new Generator({ latent: { noise: 2 }, layers }, { seed: 1 });
  const discriminator = new Discriminator({ image, layers: judging });
  const optimizer = { generator: optimizers.adam(), discriminator: optimizers.adam() };
  return new Trainer({ generator, discriminator, objective, optimizer, execution });
}

const numbers = (count: number) =>
  datasets.fromValues(
    Float32Array.from({ length: count }, (_, i) => Math.sin(i)),
    { shape: [count, 1] },
  );

const run = async (count: number, options: Partial<RunOptions>, trainer = onNumbers([1])) => {
  const ticks = trainer.run(await numbers(count), { steps: 4, tickEvery: 1, ...options } as never);
  return (await collect(ticks)).map((tick) => tick.discriminatorLoss);
};

describe("a batch of one number is refused", () => {
  it.each<[string, number, Partial<RunOptions>, string]>([
    [
      "where all are",
      9,
      { batchSize: 1 },
      "Expected a whole number from 2 to 9 (dragan takes their standard deviation) for batchSize but received 1",
    ],
    [
      "as the last of an epoch",
      9,
      { batchSize: 8 },
      "Expected a number that does not leave a last batch of 1 of 9 images (dragan takes their standard deviation; dropLast leaves it out) for batchSize but received 8",
    ],
    [
      "where there is only one",
      1,
      { batchSize: 1 },
      "Expected at least 2 images (dragan takes their standard deviation) for the dataset but received 1",
    ],
  ])("%s", async (_, count, options, sentence) => {
    await expect(run(count, options)).rejects.toThrow(new RangeError(sentence));
  });

  it("as the last of a stream's epoch", async () => {
    const stream = datasets.stream(() => [new Uint8Array(9)], { image: [1, 1, 1] });
    const trainer = onNumbers([1, 1, 1]);
    await expect(collect(trainer.run(stream, { steps: 4, batchSize: 8 }))).rejects.toMatchObject({
      code: "ERR_DATA",
      message:
        "Expected a number of images that leaves no last batch of 1 of 8 (dragan takes their standard deviation; dropLast leaves it out) for epoch 0 of source but received 9",
    });
  });
});

describe.each(executions)("%s trains", (execution) => {
  it("on batches of more than one", async () => {
    const trainer = onNumbers([1], execution);
    const all = [
      ...(await run(9, { batchSize: 8, dropLast: true }, trainer)),
      ...(await run(10, { batchSize: 8 }, trainer)),
    ];
    expect(all.every(Number.isFinite)).toBe(true);
  });

  it("on one image of many pixels, which have a deviation", async () => {
    const trainer = tinyTrainer({ objective, execution });
    const all = await losses(trainer, await labelledImages(9));
    expect(all.flat().every(Number.isFinite)).toBe(true);
  });
});
