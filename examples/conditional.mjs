// Networks of your own, told which digit to make: a small pair with spectral normalisation, the hinge
// loss and a projection discriminator.
//   node examples/conditional.mjs
import { Discriminator, datasets, Generator, layers as l } from "sparring";
import { objectives, optimizers, Trainer } from "sparring";

const classes = 10;
const half = { stride: 2, padding: 1 };

const generator = new Generator({
  latent: { noise: 64, classes },
  layers: [
    l.linear(64 * 7 * 7, { bias: false }),
    l.unflatten([64, 7, 7]),
    ...[l.batchNorm2d(), l.relu(), l.upsample(2), l.conv2d(32, 3, { padding: 1, bias: false })],
    ...[l.batchNorm2d(), l.relu(), l.upsample(2), l.conv2d(1, 3, { padding: 1 })],
    l.tanh(),
  ],
});
const discriminator = new Discriminator({
  image: [1, 28, 28],
  classes,
  layers: [
    ...[l.spectralNorm(l.conv2d(32, 4, half)), l.leakyRelu(0.1)],
    ...[l.spectralNorm(l.conv2d(64, 4, half)), l.leakyRelu(0.1)],
    l.flatten(),
    l.projection(),
  ],
});

const adam = optimizers.adam({ lr: 4e-4, betas: [0, 0.99] });
const trainer = new Trainer({
  generator,
  discriminator,
  objective: objectives.hinge(),
  optimizer: { generator: adam, discriminator: adam },
  order: "discriminatorFirst",
  ema: { decay: 0.99 },
});

const digits = await datasets.mnist();
for await (const tick of trainer.run(digits, { steps: 2500, tickEvery: 250 })) {
  const { step, discriminatorLoss, generatorLoss } = tick;
  console.log(`${step}: D ${discriminatorLoss.toFixed(3)}, G ${generatorLoss.toFixed(3)}`);
}

// A column for each digit.
const labels = Array.from({ length: 50 }, (_, i) => i % classes);
const samples = await generator.sample(50, { labels, seed: 0 });
await samples.save("conditional.png", { columns: classes });
console.log(generator.toPyTorch());
