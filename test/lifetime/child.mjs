// A process that ends in the middle of a step, in the way its argument says.
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import {
  architectures,
  Discriminator,
  datasets,
  Generator,
  objectives,
  optimizers,
  Trainer,
} from "../../dist/index.js";

const how = isMainThread ? process.argv[2] : workerData;

/** Trains a pair whose steps take long enough to end in the middle of one; resolves once it is under way. */
async function startTraining() {
  const size = 32;
  const image = [1, size, size];
  const generator = new Generator(architectures.upsampling({ latent: { noise: 8 }, image }), {
    seed: 0,
  });
  const discriminator = new Discriminator(architectures.mlp({ image }));
  const adam = optimizers.adam();
  const trainer = new Trainer({
    generator,
    discriminator,
    objective: objectives.nonSaturating(),
    optimizer: { generator: adam, discriminator: adam },
  });
  const data = await datasets.fromBytes(new Uint8Array(64 * size * size), {
    shape: [64, 1, size, size],
  });
  const ticks = trainer.run(data, { steps: 1e6, batchSize: 32, tickEvery: 2 });
  await ticks.next();
  return { trainer, generator, rest: ticks.next() };
}

async function inWorker(then) {
  const worker = new Worker(new URL(import.meta.url), { workerData: "train" });
  await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
  await then(worker);
}

const ways = {
  exit: async () => {
    await startTraining();
    process.exit(7);
  },
  throw: async () => {
    await startTraining();
    setImmediate(() => {
      throw new Error("uncaught");
    });
  },
  // Nothing is disposed, nothing awaited: the process ends because its work does.
  end: async () => {
    const { trainer, rest } = await startTraining();
    trainer.dispose();
    await rest.catch(() => {});
  },
  terminate: () => inWorker((worker) => worker.terminate()),
  "exit-with-worker": () => inWorker(() => process.exit(7)),
  "two-workers": async () => {
    await Promise.all([
      inWorker((worker) => worker.terminate()),
      inWorker((worker) => worker.terminate()),
    ]);
    const { generator } = await startTraining();
    process.exit((await generator.sample(1)).count === 1 ? 7 : 1);
  },
  // Asked for work by an exit handler, when the engine has stopped: no crash, no hang.
  late: async () => {
    const { generator } = await startTraining();
    process.on("exit", () => {
      generator.sample(1).catch(() => {});
    });
    process.exit(7);
  },
  train: async () => {
    await startTraining();
    parentPort.postMessage("training");
  },
};

await ways[how]();
