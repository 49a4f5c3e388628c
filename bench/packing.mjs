// What packing a folder of small JPEG files costs, in time and memory, and reading it from the cache.
import { linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { datasets } from "sparring";
import { run } from "../scripts/setup/command.mjs";

const script = fileURLToPath(import.meta.url);
const size = 64;
/** Files that differ; the others are the same again, by hard links. */
const distinct = 500;
const classes = 10;

/**
 * In a process of its own, as the peak of memory is one of a process.
 *
 * @param {{ quick: boolean }} options
 */
export async function packing({ quick }) {
  const { code, output, stdout } = await run(process.execPath, [script, quick ? "2000" : "20000"]);
  if (code !== 0) throw new Error(`packing failed: ${output.trim().split("\n").at(-1)}`);
  return JSON.parse(stdout);
}

/** @param {number} count images */
async function measure(count) {
  const folder = mkdtempSync(join(tmpdir(), "sparring-packing-"));
  try {
    const images = join(folder, "images");
    await writeImages(images, count);
    const options = { size, cache: join(folder, "images.packed") };
    (await datasets.folder(images, { ...options, limit: classes })).dispose(); // loads sharp and libtorch
    const before = process.resourceUsage().maxRSS;
    const packed = await timed(() => datasets.folder(images, { ...options, onNote: () => {} }));
    const peak = process.resourceUsage().maxRSS;
    const cached = await timed(() => datasets.folder(images, options));
    return {
      images: count,
      imagesPerSecond: count / packed.seconds,
      imagesPerCoreSecond: count / packed.coreSeconds,
      cachedSeconds: cached.seconds,
      packedMb: (count * 3 * size ** 2) / 1e6,
      beforeMb: before / 1e3,
      peakMb: peak / 1e3,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function timed(load) {
  const usage = process.cpuUsage();
  const begin = performance.now();
  const dataset = await load();
  const seconds = (performance.now() - begin) / 1000;
  const { user, system } = process.cpuUsage(usage);
  dataset.dispose();
  return { seconds, coreSeconds: (user + system) / 1e6 };
}

/** Waves and grain, as hard to decode as small photographs. */
async function writeImages(folder, count) {
  for (let label = 0; label < classes; label++)
    mkdirSync(join(folder, String(label)), { recursive: true });
  const path = (i) => join(folder, String(i % classes), `${i}.jpg`);
  const raw = { width: size, height: size, channels: 3 };
  for (let i = 0; i < Math.min(count, distinct); i++) {
    const wave = (place) => 128 + 90 * Math.sin(place * (1 + i) * 1e-3) + 20 * Math.random();
    const pixels = Uint8Array.from({ length: 3 * size ** 2 }, (_, place) => wave(place));
    writeFileSync(path(i), await sharp(pixels, { raw }).jpeg({ quality: 90 }).toBuffer());
  }
  for (let i = distinct; i < count; i++) linkSync(path(i % distinct), path(i));
}

if (process.argv[1] === script)
  console.log(JSON.stringify(await measure(Number(process.argv[2] ?? 20_000))));
