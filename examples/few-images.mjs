// Trains a small DCGAN on a few of MNIST's digits, with an augmentation or without one. Halfway and at the end it says how far
// its samples are from the 10,000 test digits, and how the discriminator scores its own digits, the test digits and fakes.
// docs/guides/your-data.md has a table of results. The arguments are augmentation, digits, steps, seed and samples:
//   node examples/few-images.mjs ada 500 2000 1 10000
import { architectures, Discriminator, datasets, Generator, metrics } from "sparring";
import { objectives, optimizers, Trainer } from "sparring";

/** @type {Record<string, Partial<import("sparring").TrainerOptions>>} */
const ways = {
  none: {},
  diffaugment: { diffAugment: ["color", "translation", "cutout"] },
  ada: { ada: {} },
  "ada-fast": { ada: { kimg: 50 } },
};
const [way = "ada", ...numbers] = process.argv.slice(2);
if (!Object.hasOwn(ways, way))
  throw new TypeError(
    `Expected one of ${Object.keys(ways).join(", ")} for an augmentation but received ${way}`,
  );
const [count = 500, total = 2000, seed = 1, samples = 10_000] = numbers.map(Number);

const digits = await datasets.mnist({ size: 32 });
const unseen = await datasets.mnist({ size: 32, split: "test" });
const { data, shape } = await digits.read(0, count);
const few = await datasets.fromArray(data, { shape, range: [0, 1] });

const { image } = few;
const generator = new Generator(
  architectures.dcgan({ latent: { noise: 64 }, image, channels: 16 }),
  { seed },
);
const discriminator = new Discriminator(architectures.dcgan({ image, channels: 16 }));
const adam = optimizers.adam({ lr: 5e-4, betas: [0.5, 0.999] });
const trainer = new Trainer({
  generator,
  discriminator,
  objective: objectives.nonSaturating(),
  optimizer: { generator: adam, discriminator: adam },
  ...ways[way],
});

const network = await metrics.classifier();
const real = await network.features(unseen, { count: samples });
/** What the discriminator says of images, on average. @param {import("sparring").Images} images */
async function mean(images) {
  const scores = await discriminator.score(images);
  return (scores.reduce((sum, score) => sum + score, 0) / scores.length).toFixed(2);
}
/** A thousand of them, or all. @param {import("sparring").Dataset} dataset */
const some = (dataset) => dataset.read(0, Math.min(1000, dataset.size), { range: [-1, 1] });

for await (const { step, health } of trainer.run(few, {
  steps: total,
  batchSize: 64,
  tickEvery: Math.ceil(total / 2),
})) {
  const generated = await network.features(generator, { count: samples, seed: 0 });
  const { value: fid } = await metrics.fid(real, generated);
  const { value: kid } = await metrics.kid(real, generated);
  const { coverage } = await metrics.densityCoverage(real, generated);
  const known = await mean(await some(few));
  const strange = await mean(await some(unseen));
  const fakes = await mean(await generator.sample(1000, { seed: 0 }));
  console.log(
    `${way}, ${count} digits, ${step} steps: FID ${fid.toFixed(1)}, KID ${kid.toFixed(1)}, coverage ${coverage.toFixed(3)};`,
    `D of its digits ${known}, of others ${strange}, of fakes ${fakes}; p ${(health?.augmentProbability ?? 0).toFixed(2)}`,
  );
}
await (await generator.sample(50, { seed: 0 })).save(`few-images-${way}.png`, { columns: 10 });
