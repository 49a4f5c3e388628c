// A process that ends in the middle of a step, in the way its argument says.
import { createRequire } from "node:module";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import {
  architectures,
  Discriminator,
  datasets,
  Generator,
  layers as l,
  objectives,
  optimizers,
  threads,
  Trainer,
} from "../../dist/index.js";

const how = isMainThread ? process.argv[2] : workerData;

/** The addon loaded anew: an engine of its own on the same thread. */
async function anotherCopy(number) {
  const require = createRequire(import.meta.url);
  delete require.cache[require.resolve("../../build/Release/sparring.node")];
  const copy = await import(`../../dist/addon.js?${number}`);
  return copy.addon();
}

/** Trains a pair whose steps take long enough to end in the middle of one; resolves once it is under way. */
async function startTraining(source, leave = false) {
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
  const images = source ? datasets.stream(source, { image }) : data;
  const ticks = trainer.run(images, { steps: 1e6, batchSize: 32, tickEvery: 2 });
  await ticks.next();
  return { trainer, generator, ticks, rest: leave ? undefined : ticks.next() };
}

/** Images for two steps, and then nothing, ever. */
async function* starving() {
  yield new Uint8Array(64 * 32 * 32);
  await new Promise(() => {});
}

/** Weights of megabytes go in and out on and on, without a copy; resolves once they do. */
async function handOver() {
  const wide = [l.linear(1000), l.linear(1000), l.linear(64), l.unflatten([1, 8, 8])];
  const generator = new Generator({ latent: { noise: 8 }, layers: wide }, { seed: 0 });
  let bytes = await generator.toSafetensors();
  const goOn = async () => {
    for (;;) {
      const loading = generator.loadWeights(bytes);
      bytes = await generator.toSafetensors();
      await loading;
    }
  };
  goOn();
}

async function askOnAndOn(onAnswer) {
  for (let count = 1; ; ++count) {
    await threads();
    onAnswer(count);
    if (count === 50) parentPort.postMessage("answered");
  }
}

async function inWorker(then, workerData = "train") {
  const worker = new Worker(new URL(import.meta.url), { workerData });
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
  // Listeners of "exit" that leave none of those after them a turn, or that are not asked at all.
  "listener-exits": async () => {
    process.on("exit", (code) => process.exit(code));
    await startTraining();
    setTimeout(() => process.exit(7), 30);
  },
  "listener-throws": async () => {
    process.on("exit", () => {
      throw new Error("thrown by a listener");
    });
    await startTraining();
    setTimeout(() => process.exit(), 30);
  },
  "no-listeners": async () => {
    await startTraining();
    process.removeAllListeners("exit");
    setTimeout(() => process.exit(7), 30);
  },
  really: async () => {
    await startTraining();
    setTimeout(() => process.reallyExit(7), 30);
  },
  "really-with-worker": () => inWorker(() => process.reallyExit(7)),
  "really-with-two": async () => {
    const other = await anotherCopy(0);
    await startTraining();
    other.ceiling("cpu", "float32");
    setTimeout(() => process.reallyExit(7), 30);
  },
  // A test runner that loads its modules anew for each file: no warning of many listeners.
  "loaded-often": async () => {
    for (let i = 0; i < 12; ++i) (await anotherCopy(i)).memoryStats();
  },
  // Others may emit it while the process lives on.
  emitted: async () => {
    const { rest } = await startTraining();
    process.emit("exit", 0);
    process.exit((await rest).done ? 1 : 7);
  },
  "two-workers": async () => {
    await Promise.all([
      inWorker((worker) => worker.terminate()),
      inWorker((worker) => worker.terminate()),
    ]);
    const { generator } = await startTraining();
    process.exit((await generator.sample(1)).count === 1 ? 7 : 1);
  },
  // Asked for work by an exit handler, just before the engine is stopped: no crash, no hang.
  late: async () => {
    const { generator } = await startTraining();
    process.on("exit", () => {
      generator.sample(1).catch(() => {});
    });
    process.exit(7);
  },
  // The engine waits for images, which do not come.
  "starved-exit": async () => {
    await startTraining(starving);
    process.exit(7);
  },
  "starved-end": async () => {
    const { trainer, rest } = await startTraining(starving);
    trainer.dispose();
    await rest.catch(() => {});
  },
  "starved-terminate": () => inWorker((worker) => worker.terminate(), "starve"),
  // A run that was left: what it asked its source for is no reason to live on.
  "starved-left": async () => {
    const { ticks } = await startTraining(async function* () {
      for (;;) yield new Uint8Array(64 * 32 * 32);
    }, true);
    await ticks.return();
  },
  // Workers whose calls come back at the moment at which they end, by themselves or by another's hand.
  "terminate-answered": async () => {
    for (let i = 0; i < 20; ++i) await inWorker((worker) => worker.terminate(), "answered");
  },
  "exit-answered": async () => {
    for (let i = 0; i < 20; ++i) {
      const worker = new Worker(new URL(import.meta.url), { workerData: "leave" });
      await new Promise((resolve) => worker.once("exit", resolve));
    }
  },
  "handing-exit": async () => {
    await handOver();
    setTimeout(() => process.exit(7), 30 + 100 * Math.random());
  },
  "handing-terminate": async () => {
    for (let i = 0; i < 10; ++i) await inWorker((worker) => worker.terminate(), "hand");
  },
  hand: async () => {
    await handOver();
    setTimeout(() => parentPort.postMessage("handing over"), 100 * Math.random());
  },
  answered: () => askOnAndOn(() => {}),
  leave: () => askOnAndOn((count) => count === 100 && process.exit(0)),
  starve: async () => {
    await startTraining(starving);
    parentPort.postMessage("training");
  },
  train: async () => {
    await startTraining();
    parentPort.postMessage("training");
  },
};

await ways[how]();
