// What packing a folder of small JPEG files costs, in time and memory, and reading it from the
// cache; and in processor time against sharp alone on the same files.
import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { datasets } from "sparring";
import { answerOf } from "./process.mjs";
import { roundsOf } from "./rounds.mjs";
import { median, pairedRatio } from "./stats.mjs";
import { digits, times } from "./text.mjs";

const script = fileURLToPath(import.meta.url);
const size = 64;
/** How many files differ; the others are hard links to them. */
const distinct = 500;
const classes = 10;
/**
 * Sides of the files that are compared with bare sharp: one that needs no resizing, one that does.
 */
const sides = [size, 256];

/** Measures in a process of its own, as the peak of memory is one of a process. */
function run(_arena, options) {
  const numbers = [options.quick ? 2000 : 20_000, roundsOf(options, 5)];
  return answerOf("packing", [process.execPath, script, ...numbers.map(String)]);
}

/** @param {number} count images */
async function measure(count, rounds) {
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
    const beside = [];
    for (const side of sides)
      beside.push(await besideSharp(join(folder, String(side)), side, rounds));
    return {
      images: count,
      imagesPerSecond: count / packed.seconds,
      imagesPerCoreSecond: count / packed.coreSeconds,
      cachedSeconds: cached.seconds,
      packedMb: (count * 3 * size ** 2) / 1e6,
      beforeMb: before / 1e3,
      peakMb: peak / 1e3,
      besideSharp: beside,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Files packed, and in turn brought to the same size by sharp, read before and kept nowhere.
 *
 * @param {string} folder to make
 * @param {number} side of the files, in pixels
 */
async function besideSharp(folder, side, rounds) {
  const count = side === size ? distinct : distinct / 5;
  await writeImages(folder, count, side);
  const files = Array.from({ length: count }, (_, i) => readFileSync(pathOf(folder, i)));
  const resize = { kernel: "linear", fastShrinkOnLoad: false };
  const decode = (image) => (side === size ? image : image.resize(size, size, resize));
  const bare = () => inLanes(files, (file) => decode(sharp(file)).raw().toBuffer());
  const pack = () => datasets.folder(folder, { size, cache: false });
  const times = { packed: [], bare: [] };
  for (let round = 0; round < rounds; round++) {
    times.packed.push((await timed(pack)).coreSeconds);
    times.bare.push((await timed(bare)).coreSeconds);
  }
  return {
    side,
    imagesPerCoreSecond: count / median(times.packed),
    bareImagesPerCoreSecond: count / median(times.bare),
    ratio: pairedRatio(times.bare, times.packed),
  };
}

/** As many at a time as packing has. */
async function inLanes(files, work) {
  let next = 0;
  const lane = async () => {
    while (next < files.length) await work(files[next++]);
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), 4) + 1 }, lane));
}

async function timed(work) {
  const usage = process.cpuUsage();
  const begin = performance.now();
  const dataset = await work();
  const seconds = (performance.now() - begin) / 1000;
  const { user, system } = process.cpuUsage(usage);
  dataset?.dispose();
  return { seconds, coreSeconds: (user + system) / 1e6 };
}

const pathOf = (folder, i) => join(folder, String(i % classes), `${i}.jpg`);

/** Waves and grain, as hard to decode as small photographs. */
export async function writeImages(folder, count, side = size) {
  for (let label = 0; label < classes; label++)
    mkdirSync(join(folder, String(label)), { recursive: true });
  const path = (i) => pathOf(folder, i);
  const raw = { width: side, height: side, channels: 3 };
  for (let i = 0; i < Math.min(count, distinct); i++) {
    const wave = (place) => 128 + 90 * Math.sin(place * (1 + i) * 1e-3) + 20 * Math.random();
    const pixels = Uint8Array.from({ length: 3 * side ** 2 }, (_, place) => wave(place));
    writeFileSync(path(i), await sharp(pixels, { raw }).jpeg({ quality: 90 }).toBuffer());
  }
  for (let i = distinct; i < count; i++) linkSync(path(i % distinct), path(i));
}

function describe(found) {
  const { images, imagesPerSecond, imagesPerCoreSecond, cachedSeconds, packedMb, peakMb } = found;
  const beside = found.besideSharp.map(
    (one) =>
      `from ${one.side}×${one.side} ${digits(one.imagesPerCoreSecond)} a second of one core, ` +
      `${times(one.ratio)} sharp alone (${digits(one.bareImagesPerCoreSecond)})`,
  );
  return (
    `Packing ${images} JPEGs of 64×64: ${digits(imagesPerSecond)} images a second, ${digits(imagesPerCoreSecond)} a ` +
    `second of one core; from the cache in ${digits(cachedSeconds)} s; ${digits(packedMb)} MB packed, ${digits(peakMb)} MB at most; ` +
    beside.join("; ")
  );
}

/** @type {import("./questions.mjs").Question} */
export const packing = { name: "packing", run, describe };

if (process.argv[1] === script) {
  const [count = 20_000, rounds = 5] = process.argv.slice(2).map(Number);
  console.log(JSON.stringify(await measure(count, rounds)));
}
