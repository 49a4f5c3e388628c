// One contestant of ours: reads a case from stdin, then trains as many steps as each line asks for.
// In between it waits for the next line, and nothing computes.
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { datasets, Discriminator, distributed, Generator, setThreads, Trainer } from "sparring";
import { caseNamed, imageOf } from "../cases.mjs";

// Ctrl+C reaches the whole group; the benchmark ends its contestants itself.
process.on("SIGINT", () => {});

const status = () => readFileSync("/proc/self/status", "utf8");
const peakMb = () => Number(/VmHWM:\s*(\d+) kB/.exec(status())[1]) / 1024;

/** Forgets the peak so far, so that it tells of training and not of reading files. */
function resetPeak() {
  globalThis.gc();
  try {
    writeFileSync("/proc/self/clear_refs", "5");
  } catch {
    // A container that forbids it: the peak is then that of the whole process.
  }
}

async function prepare({ name, batch, threads, images, seed, ...options }) {
  await setThreads(threads);
  const { pair, training } = caseNamed(name);
  const generator = new Generator(pair.generator, { seed });
  const discriminator = new Discriminator(pair.discriminator);
  // Under the variables of a launcher it is one of several ranks.
  const group = distributed.isLaunched() ? await distributed.join() : undefined;
  const pairing = { generator, discriminator, distributed: group };
  const trainer = new Trainer({ ...training, ...pairing, ...options });
  const classes = pair.generator.latent.classes ?? 1;
  return { trainer, dataset: await load(images, imageOf(caseNamed(name)), batch, classes) };
}

/** Whole batches only, as on the other side: torch.compile would compile anew for a smaller one. */
function load(path, image, batch, classes) {
  const bytes = readFileSync(path);
  const size = image.reduce((product, side) => product * side);
  const count = Math.floor(bytes.length / size / batch) * batch;
  // Any will do: what they are changes nothing about the time.
  const labels = Uint8Array.from({ length: count }, (_, i) => i % classes);
  return datasets.fromBytes(bytes.subarray(0, count * size), { shape: [count, ...image], labels });
}

async function train({ trainer, dataset, batch }, { steps, tickEvery = steps }) {
  const begin = performance.now();
  let last;
  for await (const tick of trainer.run(dataset, { steps, batchSize: batch, tickEvery }))
    last = tick;
  const seconds = (performance.now() - begin) / 1000;
  const losses = { discriminator: last.discriminatorLoss, generator: last.generatorLoss };
  return { seconds, losses, peakMb: peakMb() };
}

let session;
for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  if (session) {
    console.log(JSON.stringify(await train(session, message)));
  } else {
    session = { ...(await prepare(message)), batch: message.batch };
    resetPeak();
    console.log(JSON.stringify({ ready: true }));
  }
}
