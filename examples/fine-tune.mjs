// Trains a small DCGAN on few of MNIST's digits 5 to 9: from first weights, from those that a training on all digits 0
// to 4 has left, and from these with the first layers of the discriminator frozen (FreezeD). Says meanwhile how far the
// samples are from the test digits 5 to 9. docs/guides/your-data.md has a table of what comes of that.
// Digits, steps before, steps on them, seed, samples and frozen layers:
//   node examples/fine-tune.mjs 100 1500 600 1 4861 3
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { architectures, Discriminator, datasets, Generator, metrics } from "sparring";
import { objectives, optimizers, Trainer } from "sparring";

const numbers = process.argv.slice(2).map(Number);
const [count = 100, before = 1500, steps = 600, seed = 1, samples = 4861, layers = 3] = numbers;

const digits = await datasets.mnist({ size: 32 });
const test = await datasets.mnist({ size: 32, split: "test" });
const known = await chosen(digits, (label) => label < 5);
const few = await chosen(digits, (label) => label > 4, count);
const unseen = await chosen(test, (label) => label > 4, samples);
const network = await metrics.classifier();
const real = await network.features(unseen);

/**
 * Images whose label fits, the first `most` of them.
 * @param {import("sparring").Dataset} all
 * @param {(label: number) => boolean} fits
 */
async function chosen(all, fits, most = all.size) {
  const fitting = [...(all.labels ?? [])].flatMap((label, i) => (fits(label) ? [i] : []));
  return all.subset(fitting.slice(0, most));
}

function newTrainer() {
  const { image } = few;
  const parts = { latent: { noise: 64 }, image, channels: 16 };
  const adam = optimizers.adam({ lr: 5e-4, betas: [0.5, 0.999] });
  return new Trainer({
    generator: new Generator(architectures.dcgan(parts), { seed }),
    discriminator: new Discriminator(architectures.dcgan({ image, channels: 16 })),
    objective: objectives.nonSaturating(),
    optimizer: { generator: adam, discriminator: adam },
    diffAugment: ["color", "translation", "cutout"],
  });
}

/** Trains on the few digits. @param {string} name @param {Trainer} trainer */
async function fineTune(name, trainer) {
  const { generator } = trainer;
  const tickEvery = Math.ceil(steps / 3);
  const first = trainer.step;
  for await (const { step } of trainer.run(few, { steps, batchSize: 64, tickEvery })) {
    const generated = await network.features(generator, { count: unseen.size, seed: 0 });
    const { value: fid } = await metrics.fid(real, generated);
    const { value: kid } = await metrics.kid(real, generated);
    const { coverage } = await metrics.densityCoverage(real, generated);
    console.log(
      `${name}, ${step - first} steps on ${few.size} digits:`,
      `FID ${fid.toFixed(1)}, KID ${kid.toFixed(1)}, coverage ${coverage.toFixed(3)}`,
    );
  }
  await (await generator.sample(50, { seed: 0 })).save(`fine-tune-${name}.png`, { columns: 10 });
}

await fineTune("drawn", newTrainer());

const trainer = newTrainer();
for await (const { step } of trainer.run(known, { steps: before, tickEvery: before }))
  console.log(`${step} steps on ${known.size} digits 0 to 4`);
const folder = await mkdtemp(join(tmpdir(), "fine-tune-"));
await trainer.save(join(folder, "learnt"));
await fineTune("learnt", trainer);
const frozen = { discriminator: layers };
await fineTune("frozen", await Trainer.load(join(folder, "learnt"), { frozen }));
await rm(folder, { recursive: true });
