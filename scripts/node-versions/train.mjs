// Started by ../node-versions.mjs under one Node after another: trains a tiny pair, and prints a
// digest of its losses and samples, of the weights, from files that it writes to the folder in its
// parameter, and of a picture, which another addon makes.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Discriminator, datasets, Generator, layers as l, setThreads } from "../../dist/index.js";
import { objectives, optimizers, Trainer } from "../../dist/index.js";

const image = [1, 8, 8];
const [count, batchSize, steps] = [32, 8, 8];

await setThreads(1); // others would round otherwise
const generator = new Generator(
  {
    latent: { noise: 4 },
    layers: [
      l.linear(64),
      l.relu(),
      l.unflatten([4, 4, 4]),
      l.upsample(2),
      l.conv2d(1, 3, { padding: 1 }),
      l.tanh(),
    ],
  },
  { seed: 7 },
);
const discriminator = new Discriminator({
  image,
  layers: [l.conv2d(4, 3, { stride: 2 }), l.leakyRelu(0.2), l.flatten(), l.linear(1)],
});
const adam = optimizers.adam();
const objective = objectives.nonSaturating();
const optimizer = { generator: adam, discriminator: adam };
const trainer = new Trainer({ generator, discriminator, objective, optimizer });

const bytes = Uint8Array.from({ length: count * 64 }, (_, i) => (i * i * 7) >> 2);
const data = await datasets.fromBytes(bytes, { shape: [count, ...image] });
const digest = createHash("sha256");
let losses = [];
for await (const tick of trainer.run(data, { steps, batchSize, tickEvery: 1 })) {
  losses = [tick.discriminatorLoss, tick.generatorLoss];
  digest.update(Float64Array.from(losses));
}
const samples = await generator.sample(4, { seed: 0 });
for (const network of [generator, discriminator]) {
  const file = join(process.argv[2], "weights.safetensors");
  await network.saveWeights(file);
  digest.update(readFileSync(file));
}
digest.update(samples.data).update(await samples.toPng());

const bits = digest.digest("hex").slice(0, 16);
console.log(JSON.stringify({ node: process.versions.node, steps, losses, bits }));
