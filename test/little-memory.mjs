// A batch that is too large for this process's address space, then one that is not.
import {
  Discriminator,
  datasets,
  Generator,
  layers as l,
  objectives,
  optimizers,
  Trainer,
} from "sparring";
import { addon } from "../dist/addon.js";

// A machine with less free memory than the large batch holds would refuse it before the step.
addon().availableMemory = () => 64e9;
const image = [1, 8, 8];
const sgd = optimizers.sgd({ lr: 0.01 });
const data = await datasets.fromBytes(new Uint8Array(20_000 * 64), { shape: [20_000, ...image] });
const wide = [l.conv2d(512, 3, { padding: 1 }), l.relu()];
const trainer = new Trainer({
  generator: new Generator({ latent: { noise: 2 }, layers: [l.linear(64), l.unflatten(image)] }),
  discriminator: new Discriminator({ image, layers: [...wide, l.flatten(), l.linear(1)] }),
  objective: objectives.hinge(),
  optimizer: { generator: sgd, discriminator: sgd },
});

async function train(batchSize) {
  try {
    for await (const { step } of trainer.run(data, { steps: 1, batchSize }))
      console.log(JSON.stringify({ step }));
  } catch ({ code, message }) {
    console.log(JSON.stringify({ code, message }));
  }
}

await train(20_000);
await train(16);
