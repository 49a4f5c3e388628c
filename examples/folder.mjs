// Trains on pictures of your own, from a folder and its subfolders (which would be classes, but this pair takes no labels):
//   node examples/folder.mjs pictures
import { architectures, Discriminator, datasets, Generator } from "sparring";
import { objectives, optimizers, Trainer } from "sparring";

const [path = "pictures"] = process.argv.slice(2);
const pictures = await datasets.folder(path, {
  size: 64,
  onBroken: "skip",
  onProgress: ({ done, total }) => {
    if (done % 1000 === 0 || done === total) console.log(`packed ${done} of ${total}`);
  },
});
for (const { path, reason } of pictures.skipped) console.log(`left out ${path}: ${reason}`);

const { image } = pictures;
const generator = new Generator(architectures.dcgan({ latent: { noise: 100 }, image }));
const discriminator = new Discriminator(architectures.dcgan({ image }));
const adam = optimizers.adam({ lr: 2e-4, betas: [0.5, 0.999] });
const trainer = new Trainer({
  generator,
  discriminator,
  objective: objectives.nonSaturating(),
  optimizer: { generator: adam, discriminator: adam },
  order: "discriminatorFirst",
  diffAugment: ["color", "translation", "cutout"],
});

for await (const tick of trainer.run(pictures, { steps: 5000, batchSize: 64, tickEvery: 100 })) {
  const { step, discriminatorLoss, generatorLoss } = tick;
  console.log(`${step}: D ${discriminatorLoss.toFixed(3)}, G ${generatorLoss.toFixed(3)}`);
}
const samples = await generator.sample(64, { seed: 0 });
await samples.save("pictures.png", { columns: 8 });
