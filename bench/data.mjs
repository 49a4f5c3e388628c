// The real data as raw bytes in a file, which both sides read.
import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { datasets } from "sparring";

/** The files of one benchmark, written on first use into its temporary folder. */
export class DataFiles {
  #folder;
  /** @type {Map<string, Promise<string>>} */
  #files = new Map();

  constructor(folder) {
    this.#folder = folder;
  }

  /**
   * @param {import("./cases.mjs").Case} one
   * @returns {Promise<string>} the path of a file of uint8 [count, ...image]
   */
  for({ data }) {
    const key = data.kind === "mnist" ? `mnist-${data.size}` : "gaussian";
    const path = join(this.#folder, `${key}.bytes`);
    if (!this.#files.has(key))
      this.#files.set(
        key,
        data.kind === "mnist" ? writeMnist(path, data) : writeGaussian(path, data),
      );
    return this.#files.get(key);
  }
}

/** In slices: as numbers the 60,000 images of 64×64 would take a gigabyte. */
async function writeMnist(path, { size }) {
  const images = await datasets.mnist({ size });
  const file = openSync(path, "w");
  try {
    for (let start = 0; start < images.size; start += 2000) {
      const { data } = await images.read(start, Math.min(2000, images.size - start));
      const bytes = new Uint8Array(data.length);
      for (let i = 0; i < data.length; i++) bytes[i] = Math.round(data[i] * 255);
      writeSync(file, bytes);
    }
  } finally {
    closeSync(file);
    images.dispose();
  }
  return path;
}

/** Numbers around the mean as bytes: black is 0, white twice the mean. */
async function writeGaussian(path, { mean, deviation, count }) {
  const random = uniform(1);
  const values = Uint8ClampedArray.from({ length: count }, () => {
    // Box and Muller 1958.
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return (255 * (mean + deviation * normal)) / (2 * mean);
  });
  writeFileSync(path, values);
  return path;
}

/** Numbers in [0, 1), the same each time: Lehmer's generator. */
function uniform(seed) {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return (state - 1) / 2147483646;
  };
}
