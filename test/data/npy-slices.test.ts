// .npy files of more values than are worked on at once.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { datasets } from "../../lib/index.js";
import { withFolder } from "../helpers/networks.js";
import { npyFile } from "../helpers/npy.js";

it.each<[string, string, (levels: Uint8Array) => ArrayBufferView]>([
  ["bytes", "'|u1'", (levels) => levels],
  ["float32", "'<f4'", (levels) => Float32Array.from(levels)],
  ["float64", "'<f8'", (levels) => Float64Array.from(levels)],
])("reads %s a slice at a time, to the same images and rows", async (_, descr, valuesOf) => {
  // A slice has 2²¹ values, and ends within an image.
  const count = 350_000;
  const levels = Uint8Array.from({ length: 6 * count }, (_, i) => (7 * i + (i >> 8)) % 256);
  const { buffer, byteOffset, byteLength } = valuesOf(levels);
  const data = Buffer.from(buffer, byteOffset, byteLength);
  await withFolder(async (folder) => {
    const path = join(folder, "large.npy");
    const write = (shape: string) =>
      writeFile(path, Buffer.concat([npyFile(shape, 0, descr), data]));
    await write(`${count}, 2, 1, 3`);
    const range = [0, 255] as const;
    using images = await datasets.npy(path, descr === "'|u1'" ? {} : { range });
    for (const start of [0, 349_524, count - 2]) {
      const seen = await images.read(start, 2, { range });
      // Colours before pixels.
      const wanted = [0, 1].flatMap((image) =>
        [0, 3, 1, 4, 2, 5].map((place) => levels[6 * (start + image) + place]),
      );
      expect([...seen.data]).toEqual(wanted);
    }
    if (descr === "'|u1'") return;
    await write(`${count}, 6`);
    using rows = await datasets.npy(path);
    for (const start of [0, 349_524, count - 2]) {
      const seen = await rows.read(start, 2);
      expect([...seen.data]).toEqual([...levels.subarray(6 * start, 6 * (start + 2))]);
    }
  });
});
