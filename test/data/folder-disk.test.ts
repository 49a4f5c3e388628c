// A folder whose packed images stay on the disk: the same images, training and checkpoints as from memory.
import { readdir, readlink, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { FolderOptions } from "../../lib/datasets.js";
import { type Dataset, datasets, memoryStats, Trainer } from "../../lib/index.js";
import { makeFolder } from "../helpers/folder.js";
import { writeTree } from "../helpers/image-folder.js";
import { levelsOf } from "../helpers/levels.js";
import { fingerprintOf, trainFor } from "../helpers/presets.js";
import { collect, tinyTrainer } from "../helpers/training.js";

let temporary: { readonly path: string; remove(): Promise<void> };
let root: string;
let cache: string;
beforeEach(async () => {
  temporary = await makeFolder();
  root = join(temporary.path, "images");
  cache = join(temporary.path, "images.packed");
  const files = Array.from({ length: 40 }, (_, i) => [`${i % 2}/${i}.png`, i * 5]);
  await writeTree(root, Object.fromEntries(files));
});
afterEach(() => temporary.remove());

const open = (options: Partial<FolderOptions> = {}) =>
  datasets.folder(root, { size: 8, channels: 1, cache, resident: false, ...options });

describe("a folder with resident: false", () => {
  it("holds the images of one in memory, with labels and names, and no bytes of them", async () => {
    using memory = await open({ resident: true, cache: false });
    const before = memoryStats();
    using disk = await open();
    expect(memoryStats().bytes - before.bytes).toBeLessThan(40 * 64);
    expect([disk.resident, memory.resident]).toEqual([false, true]);
    expect(await levelsOf(disk)).toEqual(await levelsOf(memory));
    expect([disk.size, disk.image, disk.labels, disk.classes, disk.classNames]).toEqual([
      ...[memory.size, memory.image, memory.labels, memory.classes, memory.classNames],
    ]);
    expect(await disk.native.fingerprint()).toBe(await memory.native.fingerprint());
  });

  it("trains to the bits of one in memory", async () => {
    const [one, other] = [tinyTrainer(), tinyTrainer()];
    using memory = await open({ resident: true });
    using disk = await open();
    expect(await trainFor(one, disk, 7)).toEqual(await trainFor(other, memory, 7));
    expect(await fingerprintOf(one)).toBe(await fingerprintOf(other));
  });

  it("resumes to the same bytes, whether it began in memory or on the disk", async () => {
    using memory = await open({ resident: true });
    using disk = await open();
    const whole = tinyTrainer();
    await trainFor(whole, memory, 9);
    for (const [before, after] of [
      [disk, disk],
      [memory, disk],
      [disk, memory],
    ] as const) {
      const stopped = tinyTrainer();
      await trainFor(stopped, before, 4);
      const path = join(temporary.path, "checkpoint");
      await stopped.save(path);
      const resumed = await Trainer.load(path);
      await rm(path, { recursive: true });
      await trainFor(resumed, after, 5);
      expect(await fingerprintOf(resumed)).toBe(await fingerprintOf(whole));
    }
  });

  it("reads a cache that one in memory has made, and the other way round", async () => {
    const decoded = async (options: Partial<FolderOptions>) => {
      let count = 0;
      const onProgress = ({ done }: { done: number }) => {
        count = done;
      };
      (await open({ ...options, onProgress })).dispose();
      return count;
    };
    expect([await decoded({ resident: true }), await decoded({})]).toEqual([40, 0]);
    await rm(cache);
    expect([await decoded({}), await decoded({ resident: true })]).toEqual([40, 0]);
  });

  it("goes on when the cache is removed or replaced meanwhile", async () => {
    using disk = await open();
    const levels = await levelsOf(disk);
    await rm(cache);
    (await open({ size: 4 })).dispose();
    expect(await levelsOf(disk)).toEqual(levels);
  });

  it("packs again a cache that is damaged, and says so", async () => {
    (await open()).dispose();
    const bytes = await readFile(cache);
    const at = bytes.length - 100;
    bytes[at] = 255 - (bytes[at] as number);
    await writeFile(cache, bytes);
    const notes: string[] = [];
    (await open({ onNote: (note) => notes.push(note) })).dispose();
    expect(notes).toEqual([
      `Expected packed images for cache but received ${JSON.stringify(cache)}: its checksum is wrong; packing again`,
    ]);
  });

  it("ends a run with a sentence if the file becomes shorter, and leaves the trainer usable", async () => {
    using disk = await open();
    using memory = await open({ resident: true });
    await truncate(cache, 100);
    const trainer = tinyTrainer();
    await expect(trainFor(trainer, disk, 3)).rejects.toMatchObject({
      code: "ERR_DATA",
      message:
        "Expected packed images that can be read for the dataset but received a file that became shorter",
    });
    await trainFor(trainer, memory, 1);
  });

  it("has the steps of a run that failed in the middle of a tick not counted as those of the next", async () => {
    using disk = await open();
    using memory = await open({ resident: true });
    // All but some of the images stay readable.
    await truncate(cache, (await stat(cache)).size - 200);
    const trainer = tinyTrainer();
    const run = (data: Dataset, steps: number, tickEvery: number) =>
      collect(trainer.run(data, { steps, batchSize: 1, tickEvery }));
    await expect(run(disk, 40, 40)).rejects.toMatchObject({ code: "ERR_DATA" });
    const steps = (await run(memory, 10, 4)).map(({ step }) => step);
    const [first = 0] = steps;
    expect(first).toBeGreaterThan(4);
    expect(steps).toEqual([first, first + 4, first + 6]);
  });

  it("leaves broken files out: a few, and so many that their list moves the images", async () => {
    for (const count of [3, 400]) {
      const broken = Array.from(
        { length: count },
        (_, i) => `${i % 2}/${i}-${"x".repeat(200)}.png`,
      );
      await writeTree(root, Object.fromEntries(broken.map((name) => [name, Buffer.from("text")])));
      await expect(open()).rejects.toMatchObject({ code: "ERR_DATA" });
      using disk = await open({ onBroken: "skip" });
      using memory = await open({ onBroken: "skip", resident: true, cache: false });
      expect(disk.size).toBe(40);
      expect(disk.skipped).toEqual(memory.skipped);
      expect(disk.skipped).toHaveLength(count);
      expect(await levelsOf(disk)).toEqual(await levelsOf(memory));
    }
  });

  it("moves more than it moves at a time, to a place that overlaps the first", async () => {
    const broken = Array.from({ length: 400 }, (_, i) => `${i % 2}/${i}-${"x".repeat(200)}.png`);
    await writeTree(root, Object.fromEntries(broken.map((name) => [name, Buffer.from("text")])));
    // 40 images of 1 MiB; 16 MiB are moved at a time, and the 17th image is not like the 16th.
    const options = { size: 1024, onBroken: "skip" } as const;
    using disk = await open(options);
    using memory = await open({ ...options, resident: true, cache: false });
    expect(await disk.native.fingerprint()).toBe(await memory.native.fingerprint());
  });

  it("keeps the cache where a broken file is refused, and lets go of it", async () => {
    await writeTree(root, { "0/broken.png": Buffer.from("text") });
    // Those of this test alone: others come and go with what is collected.
    const held = async () => {
      const files = (await readdir("/proc/self/fd")).map((one) => `/proc/self/fd/${one}`);
      const paths = await Promise.all(files.map((one) => readlink(one).catch(() => "")));
      return paths.filter((path) => path.startsWith(temporary.path));
    };
    await expect(open()).rejects.toThrow("1 of its files are broken");
    expect(await held()).toEqual([]);
    using whole = await open({ onBroken: "skip" });
    expect([whole.size, await held()]).toEqual([40, [expect.stringContaining("packed")]]);
    const onProgress = vi.fn();
    using disk = await open({ onBroken: "skip", onProgress });
    expect([disk.size, onProgress.mock.calls]).toEqual([40, []]);
  });

  it("leaves nothing behind where all files are broken, or a signal ends the packing", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const onProgress = () => controller.abort(reason);
    await expect(open({ signal: controller.signal, onProgress })).rejects.toBe(reason);
    await rm(root, { recursive: true });
    await writeTree(root, { "1.png": Buffer.from("text") });
    await expect(open({ onBroken: "skip" })).rejects.toThrow("all its images are broken");
    expect(await readdir(temporary.path)).toEqual(["images"]);
  });

  it("needs a file that it can write", async () => {
    await writeTree(cache, {});
    await expect(open({ onNote: () => {} })).rejects.toMatchObject({ code: "ERR_OUTPUT" });
  });
});
