// The networks of the first GAN, trained with Adam and a long average of the generator in place of the SGD of their
// time (sparring train --preset goodfellow2014); every 7500 steps the Parzen row of the 2014 paper. See docs/parzen.md.
//   node examples/parzen.mjs 90000
import { architectures, Discriminator, datasets, Generator, metrics } from "sparring";
import { objectives, optimizers, Trainer } from "sparring";

const image = [1, 28, 28];
const original = true;
const generator = new Generator(
  architectures.goodfellow2014({
    latent: { noise: 100, distribution: "uniform" },
    image,
    original,
  }),
  { seed: 1 },
);
const discriminator = new Discriminator(architectures.goodfellow2014({ image, original }));

const adam = optimizers.adam({ lr: 3e-4, betas: [0.5, 0.999] });
const trainer = new Trainer({
  generator,
  discriminator,
  objective: objectives.nonSaturating(),
  optimizer: { generator: adam, discriminator: adam },
  ema: { decay: 0.9999 },
});

const digits = await datasets.mnist();
const unseen = await datasets.mnist({ split: "test" });
const protocol = {
  test: await unseen.read(0, 10_000),
  validation: await digits.read(50_000, 1000),
  range: generator.range,
};

for await (const { step } of trainer.run(digits, {
  steps: Number(process.argv[2] ?? 90_000),
  batchSize: 100,
  tickEvery: 7500,
})) {
  for (const [weights, player] of Object.entries({
    raw: generator,
    ema: trainer.ema ?? generator,
  })) {
    const samples = await player.sample(10_000, { seed: 0 });
    const { logLikelihood, standardError, sigma } = await metrics.parzen(samples, protocol);
    console.log(JSON.stringify({ step, weights, logLikelihood, standardError, sigma }));
    await samples.slice(0, 64).save(`parzen-${weights}.png`);
  }
}
