// node examples/mnist.mjs
import { architectures, Discriminator, datasets, Generator } from "sparring";
import { objectives, optimizers, Trainer } from "sparring";

const image = [1, 32, 32];
const latent = { noise: 100 };
const generator = new Generator(architectures.upsampling({ latent, image }), { seed: 7 });
const discriminator = new Discriminator(architectures.mlp({ image }));

const adam = optimizers.adam({ lr: 5e-4, betas: [0.5, 0.999] });
const optimizer = { generator: adam, discriminator: adam };
const objective = objectives.nonSaturating();
const trainer = new Trainer({ generator, discriminator, objective, optimizer });

const digits = await datasets.mnist({ size: 32 });
for await (const tick of trainer.run(digits, { steps: 1800, batchSize: 64, tickEvery: 100 })) {
  const { step, discriminatorLoss, generatorLoss } = tick;
  console.log(`${step}: D ${discriminatorLoss.toFixed(3)}, G ${generatorLoss.toFixed(3)}`);
}

const samples = await generator.sample(25, { seed: 0 });
await samples.save("digits.png", { columns: 5 });
await generator.saveWeights("generator.safetensors");
