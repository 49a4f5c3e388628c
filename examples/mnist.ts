import {
  architectures,
  Discriminator,
  datasets,
  Generator,
  objectives,
  optimizers,
  Trainer,
} from "sparring";

const image = [1, 32, 32];
const generator = new Generator(architectures.upsampling({ latent: { noise: 100 }, image }), {
  seed: 7,
});
const discriminator = new Discriminator(architectures.mlp({ image }));
const adam = optimizers.adam({ lr: 2e-4, betas: [0.5, 0.999] });

const trainer = new Trainer({
  generator,
  discriminator,
  objective: objectives.nonSaturating(),
  optimizer: { generator: adam, discriminator: adam },
});

const digits = await datasets.mnist({ size: 32 });
for await (const tick of trainer.run(digits, { steps: 2000, batchSize: 64, tickEvery: 100 })) {
  const { step, discriminatorLoss, generatorLoss, imagesPerSecond } = tick;
  console.log(
    step,
    discriminatorLoss.toFixed(3),
    generatorLoss.toFixed(3),
    Math.round(imagesPerSecond),
  );
}

const samples = await generator.sample(25, { seed: 0 });
await samples.save("digits.png", { columns: 5 });
await generator.saveWeights("generator.safetensors");
