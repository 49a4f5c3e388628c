// Stacked MNIST: three digits as red, green and blue, so that there are a thousand modes to find. Trains the pair of WGAN-GP and
// says how many of them its samples have, here after 1,000 steps, of 26,000 samples. See docs/evaluation.md.
//   node examples/stacked-mnist.mjs 1000 26000
import { architectures, Discriminator, datasets, Generator, metrics } from "sparring";
import { objectives, optimizers, penalties, Trainer } from "sparring";

const [steps = 1000, count = 26_000] = process.argv.slice(2).map(Number);
const image = [3, 28, 28];
const generator = new Generator(architectures.mlp({ latent: { noise: 100 }, image }), { seed: 1 });
const adam = optimizers.adam({ lr: 2e-4, betas: [0.5, 0.999] });
const trainer = new Trainer({
  generator,
  discriminator: new Discriminator(architectures.mlp({ image, scores: "logit" })),
  objective: objectives.wasserstein({ penalties: [penalties.wganGp({ weight: 10 })] }),
  optimizer: { generator: adam, discriminator: adam },
  order: "discriminatorFirst",
  discriminatorSteps: 5,
});

const images = await datasets.stackedMnist();
const network = await metrics.classifier({ eachChannel: true });
const real = await network.features(images, { count, seed: 0 });

for await (const { step } of trainer.run(images, { steps, batchSize: 64, tickEvery: steps })) {
  const generated = await network.features(generator, { count, seed: 0 });
  const { value, modes, divergence } = await metrics.modeCoverage(real, generated);
  console.log(`${step} steps: ${value} of ${modes} modes, divergence ${divergence.toFixed(3)}`);
}
await (await generator.sample(64, { seed: 0 })).save("stacked-mnist.png");
