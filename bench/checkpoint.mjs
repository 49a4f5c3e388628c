// A checkpoint of the article's pair: how long it takes to save and to load, and how long the step
// after it waits. And of a pair of fifty million weights: how long the event loop waits.
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { Discriminator, datasets, Generator, layers as l, setThreads, Trainer } from "sparring";
import { caseNamed, imageOf } from "./cases.mjs";
import { median } from "./stats.mjs";
import { digits } from "./text.mjs";

const batchSize = 64;
/** As many as MNIST has: the first checkpoint reads all of them for their fingerprint. */
const images = 60_000;

async function run(_arena, { threads, quick }) {
  await setThreads(threads);
  const folder = mkdtempSync(join(tmpdir(), "sparring-checkpoint-"));
  const trainer = makeTrainer();
  try {
    const data = await makeData();
    const count = quick ? 3 : 9;
    const saves = await saveWhileItTrains(trainer, data, folder, count);
    const paths = readdirSync(folder).map((name) => join(folder, name));
    const [idle, copies] = [[], []];
    for (let i = 0; i < count; ++i) {
      idle.push(await timed(trainer.save(join(folder, `idle-${i}`))));
      copies.push(await timed(trainer.snapshot()));
    }
    const alone = { idleSaveMs: median(idle), copyMs: median(copies) };
    const own = {
      megabytes: sizeOf(paths[0]) / 1e6,
      ...saves,
      ...alone,
      loadMs: await load(paths),
    };
    return { ...own, large: await delays(join(folder, "large"), quick ? 1000 : 5000) };
  } finally {
    trainer.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

function makeTrainer() {
  const { pair, training } = caseNamed("article");
  return new Trainer({
    ...training,
    generator: new Generator(pair.generator, { seed: 1 }),
    discriminator: new Discriminator(pair.discriminator),
  });
}

/** Bytes of no meaning: nothing here depends on it. */
function makeData() {
  const image = imageOf(caseNamed("article"));
  const bytes = new Uint8Array(images * image.reduce((product, side) => product * side));
  for (let i = 0; i < bytes.length; ++i) bytes[i] = (i * 97) % 251;
  return datasets.fromBytes(bytes, { shape: [images, ...image] });
}

/**
 * Saves a trainer that goes on: the copy is what the next step waits for, and writing shares the
 * processor with it.
 */
async function saveWhileItTrains(trainer, data, folder, count) {
  const every = 8;
  const steps = every * (count + 2);
  const [saves, pending, durations] = [[], [], []];
  let before = performance.now();
  for await (const { step } of trainer.run(data, { steps, batchSize, tickEvery: 1 })) {
    const now = performance.now();
    durations.push(now - before);
    if (step % every === 0 && step <= every * (count + 1)) {
      await Promise.all(pending);
      pending.push(timed(trainer.save(join(folder, String(step)))).then((ms) => saves.push(ms)));
    }
    before = performance.now();
  }
  await Promise.all(pending);
  const after = durations.filter(
    (_, i) => i > every && i % every === 0 && i <= every * (count + 1),
  );
  const others = durations.filter((_, i) => i % every > every / 2);
  return {
    firstSaveMs: saves[0],
    saveMs: median(saves.slice(1)),
    stepMs: median(others),
    nextStepMs: median(after),
  };
}

async function load(paths) {
  const all = [];
  for (const path of paths) {
    let trainer;
    all.push(
      await timed(
        Trainer.load(path).then((loaded) => {
          trainer = loaded;
        }),
      ),
    );
    trainer.dispose();
  }
  return median(all);
}

/** Saves and loads a pair of layers so wide, while a timer of a millisecond runs. */
async function delays(path, width) {
  const trainer = makeWide(width);
  const saving = await watched(() => trainer.save(path));
  trainer.dispose();
  const loading = await watched(async () => {
    const loaded = await Trainer.load(path);
    loaded.dispose();
  });
  return { megabytes: sizeOf(path) / 1e6, saving, loading };
}

function makeWide(width) {
  const { training } = caseNamed("article");
  const hidden = () => [l.linear(width), l.leakyRelu(0.2), l.linear(width), l.leakyRelu(0.2)];
  const latent = { noise: 64 };
  return new Trainer({
    ...training,
    generator: new Generator({ latent, layers: [...hidden(), l.linear(64)] }, { seed: 1 }),
    discriminator: new Discriminator({ image: [64], layers: [...hidden(), l.linear(1)] }),
  });
}

/** How long work takes, and how late the timer comes meanwhile at most. */
async function watched(work) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const ms = await timed(work());
  delay.disable();
  return { ms, latestTimerMs: delay.max / 1e6 };
}

async function timed(work) {
  const start = performance.now();
  await work;
  return performance.now() - start;
}

function sizeOf(folder) {
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

function describe({ megabytes, loadMs, copyMs, stepMs, nextStepMs, large, ...saves }) {
  const [idle, training, first] = [saves.idleSaveMs, saves.saveMs, saves.firstSaveMs].map((ms) =>
    digits(ms),
  );
  return (
    `A checkpoint of the article's pair, ${digits(megabytes)} MB: saved in ${idle} ms, in ${training} ms beside its training (the ` +
    `first in ${first}), loaded in ${digits(loadMs)}; the step after it takes ${digits(nextStepMs)} ms, another ${digits(stepMs)}, ` +
    `and waits for the copy, ${digits(copyMs)} ms by itself\n` +
    `One of ${digits(large.megabytes)} MB: saved in ${digits(large.saving.ms)} ms, loaded in ${digits(large.loading.ms)}; a timer ` +
    `comes ${digits(large.saving.latestTimerMs)} and ${digits(large.loading.latestTimerMs)} ms late at most`
  );
}

/** @type {import("./questions.mjs").Question} */
export const checkpoint = { name: "checkpoint", run, describe };
