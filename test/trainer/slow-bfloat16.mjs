// Trains twice in bfloat16: a child process, because what oneDNN may use is chosen when it is loaded.
import {
  Discriminator,
  datasets,
  Generator,
  layers as l,
  objectives,
  optimizers,
  Trainer,
} from "sparring";

const sgd = optimizers.sgd({ lr: 0.01 });
const data = await datasets.fromBytes(new Uint8Array(16 * 4), { shape: [16, 1, 2, 2] });
for (let i = 0; i < 2; i++) {
  const trainer = new Trainer({
    generator: new Generator({
      latent: { noise: 2 },
      layers: [l.linear(4), l.unflatten([1, 2, 2])],
    }),
    discriminator: new Discriminator({ image: [1, 2, 2], layers: [l.flatten(), l.linear(1)] }),
    objective: objectives.hinge(),
    optimizer: { generator: sgd, discriminator: sgd },
    precision: "bfloat16",
  });
  for await (const _ of trainer.run(data, { steps: 1, batchSize: 8 }));
}
