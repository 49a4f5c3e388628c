// The library behind pictures, where the system has no room for it or its work.
import { execFile, spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, expect, it, vi } from "vitest";
import { datasets, Images } from "../lib/index.js";
import { draw } from "../lib/sharp.js";
import { writeTree } from "./helpers/image-folder.js";
import { withFolder } from "./helpers/networks.js";

const mayLimit = spawnSync("prlimit", ["--version"]).status === 0;

it.skipIf(!mayLimit)("that finds no room says so, and loads when there is some", async () => {
  await withFolder(async (folder) => {
    await writeTree(folder, { "a.png": 1, "b.png": 2 });
    const script = fileURLToPath(new URL("no-picture.mjs", import.meta.url));
    const command = [script, folder];
    const { stdout } = await promisify(execFile)(process.execPath, command, { timeout: 60_000 });
    const [refused, later] = stdout.trim().split("\n") as [string, string];
    const refusal = {
      code: "ERR_NATIVE",
      message: expect.stringMatching(
        /^Expected the npm package sharp for pictures but received one that does not load \(libvips\S+: failed to map segment from shared object\); this process has [\d,]+ bytes of address space \(ulimit -v\), which sharp needs more of: raise that limit$/,
      ),
    };
    expect(JSON.parse(refused)).toEqual([refusal, refusal]);
    expect(JSON.parse(later)).toEqual([true, 2]);
  });
});

// That which lib/ loads, too.
const sharp = createRequire(import.meta.url)("sharp");
afterEach(() => vi.restoreAllMocks());
const failing = (message: string) =>
  vi.spyOn(sharp.prototype, "toBuffer").mockRejectedValue(new Error(message));

it.each([
  [
    "glib: Error creating thread: Resource temporarily unavailable",
    "glib: Error creating thread: Resource temporarily unavailable\n\nvips2png: unable to write to target target\n",
  ],
  ["vips_tracked: out of memory -- size == 12MB", "vips_tracked: out of memory -- size == 12MB"],
])("that gets nothing from the system says so: %s", async (line, message) => {
  const refusal = {
    code: "ERR_MEMORY",
    message: `Expected enough memory and threads for pictures but received too little (${line}); fewer processes, or higher limits (ulimit -v, ulimit -u), make room`,
  };
  await withFolder(async (folder) => {
    await writeTree(folder, { "a.png": 1 });
    failing(message);
    const images = new Images(new Float32Array(4), [1, 1, 2, 2]);
    await expect(images.toPng()).rejects.toMatchObject(refusal);
    // Left out as broken, a file would be missed and nobody would know.
    const read = datasets.folder(folder, { size: 4, cache: false, onBroken: "skip" });
    await expect(read).rejects.toMatchObject(refusal);
  });
});

it("has other errors told as they are", async () => {
  const failure = new Error("gif: something new");
  await expect(draw(() => Promise.reject(failure))).rejects.toBe(failure);
});
