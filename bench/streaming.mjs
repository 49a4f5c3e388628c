// Training on a folder that stays on the disk, and on a stream, against the same images in memory:
// speed, and what the process holds.
import { mkdtempSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  architectures,
  Discriminator,
  datasets,
  Generator,
  objectives,
  optimizers,
  setThreads,
  Trainer,
} from "sparring";
import { writeImages } from "./packing.mjs";
import { answerOf } from "./process.mjs";
import { digits, table } from "./text.mjs";

const script = fileURLToPath(import.meta.url);
const size = 64;
const image = [3, size, size];
const bytes = 3 * size ** 2;
const batchSize = 64;
/** The disk first: it makes the cache that the others read. */
const kinds = ["disk", "stream", "memory"];

/** Measures each kind in a process of its own, as memory is one of a process. */
function run(_arena, { quick }) {
  return measureAll(quick ? 2000 : 20_000, quick ? 2 : 10);
}

/**
 * @param {number} images
 * @param {number} seconds that each trains for
 */
async function measureAll(images, seconds) {
  const folder = mkdtempSync(join(tmpdir(), "sparring-streaming-"));
  try {
    await writeImages(join(folder, "images"), images);
    const found = {};
    for (const kind of kinds) {
      const command = [process.execPath, script, kind, folder, String(seconds)];
      found[kind] = await answerOf("streaming", command);
    }
    return { images, packedMb: (images * bytes) / 1e6, ...found };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The packed images as they lie in the file, a batch at a time. */
async function* rowsOf(cache) {
  const file = await open(cache);
  try {
    const length = Buffer.alloc(8);
    await file.read(length, 0, 8, 0);
    const header = Buffer.alloc(Number(length.readBigUInt64LE()));
    await file.read(header, 0, header.length, 8);
    const [, total] = JSON.parse(header.toString()).images.data_offsets;
    const part = new Uint8Array(batchSize * bytes);
    for (let at = 0; at < total; at += part.length) {
      const want = Math.min(part.length, total - at);
      await file.read(part, 0, want, 8 + header.length + at);
      yield part.subarray(0, want);
    }
  } finally {
    await file.close();
  }
}

function load(kind, folder) {
  const cache = join(folder, "images.packed");
  if (kind === "stream") {
    return datasets.stream(() => rowsOf(cache), { image, shuffle: 4096 });
  }
  return datasets.folder(join(folder, "images"), { size, cache, resident: kind === "memory" });
}

/** A pair that does little beside taking images: what the data cost shows. */
function makeTrainer() {
  const adam = optimizers.adam({ lr: 2e-4, betas: [0.5, 0.999] });
  return new Trainer({
    generator: new Generator(architectures.mlp({ latent: { noise: 64 }, image }), { seed: 1 }),
    discriminator: new Discriminator(architectures.mlp({ image })),
    objective: objectives.nonSaturating(),
    optimizer: { generator: adam, discriminator: adam },
  });
}

async function measure(kind, folder, seconds) {
  await setThreads(1);
  const trainer = makeTrainer();
  const mb = () => process.memoryUsage.rss() / 1e6;
  const began = performance.now();
  const data = await load(kind, folder);
  const loadSeconds = (performance.now() - began) / 1000;
  const loadPeakMb = process.resourceUsage().maxRSS / 1e3;
  const end = performance.now() + 1000 * seconds;
  const rss = [];
  let start;
  let last;
  for await (const { step } of trainer.run(data, { steps: 1e6, batchSize, tickEvery: 10 })) {
    last = { step, time: performance.now() };
    start ??= last;
    rss.push(mb());
    if (last.time > end && step > start.step) break;
  }
  const stepsPerSecond = (1000 * (last.step - start.step)) / (last.time - start.time);
  const each = (part) => rss[Math.floor(part * (rss.length - 1))];
  const rssMb = [0, 0.25, 0.5, 0.75, 1].map(each);
  trainer.dispose();
  return { loadSeconds, loadPeakMb, stepsPerSecond, steps: last.step, rssMb };
}

function describe({ images, packedMb, ...kinds }) {
  const rows = Object.entries(kinds).map(([kind, found]) => [
    kind,
    ...[found.loadSeconds, found.stepsPerSecond].map((value) => digits(value)),
    ...[found.loadPeakMb, Math.max(...found.rssMb)].map((value) => digits(value)),
  ]);
  const head = `${images} images, ${digits(packedMb)} MB packed`;
  const header = [head, "seconds to load", "steps a second", "MB at most, loading", "training"];
  return table(header, rows);
}

/** @type {import("./questions.mjs").Question} */
export const streaming = { name: "streaming", run, describe };

if (process.argv[1] === script) {
  const [first, folder, seconds] = process.argv.slice(2);
  const result = kinds.includes(first)
    ? await measure(first, folder, Number(seconds))
    : await measureAll(Number(first ?? 20_000), Number(folder ?? 10));
  console.log(JSON.stringify(result));
}
