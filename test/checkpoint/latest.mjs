// A script that keeps one checkpoint, and is started again where it was killed: `latest.mjs PATH STEPS` saves after
// each step, and then says which it was.
import { existsSync } from "node:fs";
import {
  Discriminator,
  datasets,
  Generator,
  layers as l,
  objectives,
  optimizers,
  setThreads,
  Trainer,
} from "sparring";

const [path, steps] = process.argv.slice(2);
await setThreads(1);
const image = [1, 8, 8];
const pixels = Uint8Array.from({ length: 32 * 64 }, (_, i) => (i * i * 7) >> 2);
const data = await datasets.fromBytes(pixels, { shape: [32, ...image] });

function make() {
  const adam = optimizers.adam();
  const body = [l.linear(64), l.tanh(), l.unflatten(image)];
  return new Trainer({
    generator: new Generator({ latent: { noise: 4 }, layers: body }, { seed: 1 }),
    discriminator: new Discriminator({ image, layers: [l.flatten(), l.linear(1)] }),
    objective: objectives.nonSaturating(),
    optimizer: { generator: adam, discriminator: adam },
  });
}

const trainer = existsSync(path) ? await Trainer.load(path) : make();
const how = { untilStep: Number(steps), batchSize: 8, tickEvery: 1 };
for await (const { step } of trainer.run(data, how)) {
  await trainer.save(path, { replace: true });
  console.log(step);
}
