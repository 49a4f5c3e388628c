// Measures growth in a process of its own: node --expose-gc growth.mjs toy|mlp|dropped|workers|spare
import { createHash } from "node:crypto";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import * as sparring from "sparring";

const { architectures, Discriminator, datasets, Generator, layers: l, memoryStats } = sparring;
const adam = sparring.optimizers.adam({ lr: 1e-3, betas: [0.5, 0.999] });
const objective = sparring.objectives.nonSaturating();

function train(generator, discriminator) {
  return new sparring.Trainer({
    ...{ generator, discriminator, objective },
    optimizer: { generator: adam, discriminator: adam },
  });
}

function toy(seed = 1) {
  const hidden = () => [l.linear(32), l.tanh(), l.linear(32), l.tanh()];
  const pixel = [1, 1, 1];
  const latent = { noise: 8 };
  return train(
    new Generator({ latent, layers: [...hidden(), l.linear(1), l.unflatten(pixel)] }, { seed }),
    new Discriminator({
      image: pixel,
      layers: [l.flatten(), ...hidden(), l.linear(1), l.sigmoid()],
    }),
  );
}

function mlp() {
  const [latent, image] = [{ noise: 32 }, [1, 16, 16]];
  return train(
    new Generator(architectures.mlp({ latent, image }), { seed: 1 }),
    new Discriminator(architectures.mlp({ image })),
  );
}

function data(side) {
  const bytes = Uint8Array.from({ length: 640 * side * side }, (_, i) => (i * i * 7) >> 3);
  return datasets.fromBytes(bytes, { shape: [640, 1, side, side] });
}

/** Resident bytes once all that can be freed is: spare blocks go back after half a second. */
async function resident() {
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await sleep(300);
  }
  return process.memoryUsage.rss();
}

async function long(trainer, images, first, rest) {
  const run = { batchSize: 64, tickEvery: 50 };
  for await (const _ of trainer.run(images, { ...run, steps: first }));
  const before = await resident();
  for await (const _ of trainer.run(images, { ...run, steps: rest }));
  return { before, after: await resident() };
}

async function dropped() {
  const images = await data(16);
  const once = async () => {
    for await (const _ of mlp().run(images, { steps: 2, batchSize: 64 }));
  };
  const count = async () => {
    await resident();
    return memoryStats().tensors;
  };
  await once();
  const before = await count();
  for (let i = 0; i < 20; i++) await once();
  return { before, after: await count() };
}

async function fingerprint(seed) {
  const trainer = toy(seed);
  for await (const _ of trainer.run(await data(1), { steps: 300, batchSize: 64 }));
  const { tensors } = await trainer.snapshot();
  const hash = createHash("sha256");
  for (const { data } of tensors) hash.update(data);
  return hash.digest("hex");
}

async function inWorker(seed) {
  const worker = new Worker(new URL(import.meta.url), { workerData: seed });
  const [message] = await once(worker, "message");
  return message;
}

async function workers() {
  const alone = [await fingerprint(1), await fingerprint(2)];
  return { alone, together: await Promise.all([inWorker(1), inWorker(2)]) };
}

/** What is spare before, during and after a worker that trains. */
async function spare() {
  const { spareBytes: before } = memoryStats();
  const ended = new Worker(new URL(import.meta.url), { workerData: "mlp" });
  const [{ spareBytes: during }] = await once(ended, "message");
  await ended.terminate();
  const { spareBytes: after } = memoryStats();
  return { before, during, after };
}

async function trainInWorker() {
  for await (const _ of mlp().run(await data(16), { steps: 20, batchSize: 64 }));
  return memoryStats();
}

const questions = {
  toy: async () => long(toy(), await data(1), 2000, 18_000),
  mlp: async () => long(mlp(), await data(16), 200, 1800),
  dropped,
  workers,
  spare,
};

if (isMainThread) {
  // An engine that works would give back what others left.
  if (process.argv[2] !== "spare") await sparring.setThreads(1);
  console.log(JSON.stringify(await questions[process.argv[2]]()));
} else {
  await sparring.setThreads(1);
  const answer = workerData === "mlp" ? trainInWorker() : fingerprint(workerData);
  parentPort.postMessage(await answer);
}
