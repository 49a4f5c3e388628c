// Started by trial.ts: loads the addon, trains two steps of a tiny pair, and prints what happened
// as JSON.
import { addon } from "../addon.js";
import { devices, threads } from "../device.js";
import * as datasets from "../datasets.js";
import * as l from "../layers/index.js";
import { Discriminator, Generator } from "../networks.js";
import { nonSaturating } from "../objectives/index.js";
import { adam } from "../optimizers/index.js";
import { Trainer } from "../trainer.js";
import type { NoTrial, Trial } from "./trial.js";

const image = [1, 4, 4];

/** Milliseconds of a step that is not the first. */
async function trainStep(): Promise<number> {
  using generator = new Generator(
    { latent: { noise: 2 }, layers: [l.linear(16), l.tanh(), l.unflatten(image)] },
    { seed: 0 },
  );
  using discriminator = new Discriminator({ image, layers: [l.flatten(), l.linear(1)] });
  const objective = nonSaturating();
  const optimizer = { generator: adam(), discriminator: adam() };
  using trainer = new Trainer({ generator, discriminator, objective, optimizer });
  using data = await datasets.fromBytes(new Uint8Array(4 * 16), { shape: [4, ...image] });
  let began = 0;
  for await (const tick of trainer.run(data, { steps: 2, batchSize: 4, tickEvery: 1 }))
    if (tick.step === 1) began = performance.now();
  return performance.now() - began;
}

async function trial(): Promise<Trial | NoTrial> {
  const began = performance.now();
  try {
    addon();
  } catch (error) {
    return { problem: (error as Error).message };
  }
  const loading = (performance.now() - began) / 1000;
  const { cuda, cudaOff } = devices();
  const all = ["cpu", ...Array.from({ length: cuda }, (_, i) => `cuda:${i}`)];
  const precisions = Object.fromEntries(all.map((one) => [one, addon().precisions(one)]));
  const cudaObstacle = addon().cudaObstacle();
  const off = { cudaOff, cudaObstacle, acceleratorOff: addon().acceleratorOff() };
  const found = { cuda, ...off, precisions, threads: await threads(), loading };
  try {
    return { ...found, step: await trainStep() };
  } catch (error) {
    return { ...found, failure: (error as Error).message };
  }
}

process.stdout.write(JSON.stringify(await trial()));
