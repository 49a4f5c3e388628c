// The packed cache of a folder: when it holds, when it does not, and that other programs can read it.
import { existsSync, promises, renameSync } from "node:fs";
import { readdir, readFile, rename, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { defaultCachePath, readCache, writeCache } from "../../lib/data/folder/cache.js";
import { datasets } from "../../lib/index.js";
import type { FolderOptions } from "../../lib/datasets.js";
import { readSafetensors } from "../../lib/safetensors.js";
import { makeFolder } from "../helpers/folder.js";
import { flatPng, writeTree } from "../helpers/image-folder.js";
import { levelsOf } from "../helpers/levels.js";
import { referee } from "../helpers/referee.js";

const form = { size: 4, channels: 1, crop: "center" } as const;

let temporary: { readonly path: string; remove(): Promise<void> };
let root: string;
let cache: string;
beforeEach(async () => {
  temporary = await makeFolder();
  root = join(temporary.path, "images");
  cache = join(temporary.path, "images.packed");
  await writeTree(root, { "a/1.png": 10, "a/2.png": 20, "b/1.png": 30 });
});
afterEach(() => temporary.remove());

/** The first level of each image, how many files were decoded, and what was said. */
async function read(options: Partial<FolderOptions> = {}) {
  const notes: string[] = [];
  let decoded = 0;
  using dataset = await datasets.folder(root, {
    ...{ size: 4, channels: 1, cache },
    onProgress: ({ done }) => {
      decoded = done;
    },
    onNote: (sentence) => notes.push(sentence),
    ...options,
  });
  const levels = await levelsOf(dataset);
  const each = levels.length / dataset.size;
  const first = Array.from({ length: dataset.size }, (_, i) => levels[i * each]);
  const { classNames, skipped, image } = dataset;
  return { first, decoded, notes, labels: [...(dataset.labels ?? [])], classNames, skipped, image };
}

const made = { first: [10, 20, 30], labels: [0, 0, 1], classNames: ["a", "b"], skipped: [] };
const fresh = { ...made, decoded: 3, notes: [] };
const cached = { ...made, decoded: 0, notes: [] };
const damaged = (why: string) =>
  `Expected packed images for cache but received ${JSON.stringify(cache)}: ${why}; packing again`;
const stale = () => damaged("it was made of other files or with other options");

describe("the cache", () => {
  it("is made by the first call and read by the second", async () => {
    expect(await read()).toMatchObject(fresh);
    const { mtimeMs } = await stat(cache);
    expect(await read()).toMatchObject(cached);
    expect((await stat(cache)).mtimeMs).toBe(mtimeMs);
    expect((await readdir(temporary.path)).sort()).toEqual(["images", "images.packed"]);
  });

  it("does not hold where a file has another size, though its time was put back", async () => {
    const path = join(root, "a/1.png");
    await utimes(path, 1, 1);
    expect(await read()).toMatchObject(fresh);
    expect(await read()).toMatchObject(cached);
    await writeFile(path, await flatPng(11, 64));
    await utimes(path, 1, 1);
    expect(await read()).toMatchObject({ first: [11, 20, 30], decoded: 3 });
  });

  it("is refused without images, or with a label that no class has, though its checksum is right", async () => {
    const key = { source: "somebody's", form, classes: 2 };
    const packed = (label: number) => ({
      ...{ images: new Uint8Array(2 * 16), labels: Uint8Array.of(0, label), skipped: [] },
    });
    await writeCache(cache, packed(2), key);
    await expect(readCache(cache, key)).rejects.toThrow("its label 1 is 2, of 2 classes");
    await writeCache(cache, packed(1), key);
    expect(await readCache(cache, key)).toEqual(packed(1));
    const nothing = { images: new Uint8Array(), labels: new Uint8Array(), skipped: [] };
    await writeCache(cache, nothing, key);
    await expect(readCache(cache, key)).rejects.toThrow("its header does not fit its size");
  });

  it("is where the specification has it: an XDG_CACHE_HOME that is relative does not count", async () => {
    const place = async (chosen: string | undefined) => {
      vi.stubEnv("XDG_CACHE_HOME", chosen);
      return dirname(await defaultCachePath(temporary.path, form, Infinity));
    };
    try {
      vi.stubEnv("HOME", "/house");
      const usual = "/house/.cache/sparring/packed";
      expect([await place("/var/cache"), await place("cache"), await place(undefined)]).toEqual([
        ...["/var/cache/sparring/packed", usual, usual],
      ]);
      for (const home of ["", "house"]) {
        vi.stubEnv("HOME", home);
        expect(await place(undefined)).toBe(join(userInfo().homedir, ".cache/sparring/packed"));
      }
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it("is by default a file for the folder and the options in the user's cache folder", async () => {
    const { XDG_CACHE_HOME: before } = process.env;
    process.env.XDG_CACHE_HOME = join(temporary.path, "xdg");
    const packed = join(temporary.path, "xdg", "sparring", "packed");
    try {
      expect(await read({ cache: undefined })).toMatchObject(fresh);
      expect(await read({ cache: undefined })).toMatchObject(cached);
      expect(await read({ cache: undefined, size: 2 })).toMatchObject(fresh);
      expect(await read({ cache: undefined, limit: 2 })).toMatchObject({ first: [10, 30] });
      expect(await read({ cache: undefined, channels: 3 })).toMatchObject(fresh);
      expect(await read({ cache: undefined, crop: "none" })).toMatchObject(fresh);
      // None of them took another's place.
      expect(await read({ cache: undefined })).toMatchObject(cached);
      const names = await readdir(packed);
      expect(names).toHaveLength(5);
      for (const name of names) expect(name).toMatch(/^images-[24]-[0-9a-f]{12}\.packed$/);
      expect(await read({ cache: undefined, size: [2, 3] })).toMatchObject(fresh);
      const oblong = (await readdir(packed)).filter((name) => !names.includes(name));
      expect(oblong).toEqual([expect.stringMatching(/^images-2x3-[0-9a-f]{12}\.packed$/)]);
      expect(await read({ cache: false })).toMatchObject(fresh);
      expect(await readdir(packed)).toHaveLength(6);
    } finally {
      if (before === undefined) delete process.env.XDG_CACHE_HOME;
      else process.env.XDG_CACHE_HOME = before;
    }
  });

  it("is one for the side of a square and for two equal sides", async () => {
    for (const place of [cache, undefined]) {
      const { XDG_CACHE_HOME: before } = process.env;
      process.env.XDG_CACHE_HOME = join(temporary.path, "xdg");
      expect(await read({ cache: place })).toMatchObject({ ...fresh, image: [1, 4, 4] });
      expect(await read({ cache: place, size: [4, 4] })).toMatchObject(cached);
      process.env.XDG_CACHE_HOME = before;
    }
  });

  it.each<[string, () => Promise<unknown>, Partial<FolderOptions>, object]>([
    ["a file is new", () => writeTree(root, { "b/2.png": 40 }), {}, { first: [10, 20, 30, 40] }],
    [
      "a file has other bytes",
      () => writeTree(root, { "a/1.png": 11 }),
      {},
      { first: [11, 20, 30] },
    ],
    ["a file has another time", () => utimes(join(root, "a/1.png"), 1, 1), {}, made],
    [
      "a file has another name",
      () => rename(join(root, "a/2.png"), join(root, "a/0.png")),
      {},
      { first: [20, 10, 30] },
    ],
    [
      "a class has another name",
      () => rename(join(root, "a"), join(root, "c")),
      {},
      { first: [30, 10, 20] },
    ],
    ["the size is another", async () => {}, { size: 2 }, { image: [1, 2, 2] }],
    ["the size is oblong", async () => {}, { size: [2, 8] }, { image: [1, 2, 8] }],
    ["height and width are the others'", async () => {}, { size: [8, 2] }, { image: [1, 8, 2] }],
    ["the channels are others", async () => {}, { channels: 3 }, { image: [3, 4, 4] }],
    ["the crop is another", async () => {}, { crop: "none" }, made],
    ["the limit is another", async () => {}, { limit: 2 }, { first: [10, 30] }],
  ])("is made again if %s", async (_, change, options, then) => {
    await read();
    await change();
    const again = await read(options);
    expect(again).toMatchObject({ ...then, notes: [stale()] });
    expect(again.decoded).toBe(again.first.length);
    expect(await read(options)).toMatchObject({ ...then, notes: [], decoded: 0 });
  });

  const flip = (place: number) => (bytes: Buffer) => {
    const at = place < 0 ? bytes.length + place : place;
    bytes[at] = (bytes[at] as number) ^ 1;
    return bytes;
  };
  const replace = (from: string, to: string) => (bytes: Buffer) =>
    Buffer.from(bytes.toString("latin1").replace(from, to), "latin1");
  it.each<[string, (bytes: Buffer) => Uint8Array, string]>([
    ["is empty", () => Buffer.alloc(0), "it has 0 bytes"],
    [
      "is something else",
      () => Buffer.alloc(16, 255),
      "its header would be 18446744073709551615 bytes",
    ],
    ["has a header that is none", flip(8), "its header is not a JSON object"],
    ["is cut", (bytes) => bytes.subarray(0, -1), "its header does not fit its size"],
    [
      "has too much",
      (bytes) => Buffer.concat([bytes, Buffer.of(0)]),
      "its header does not fit its size",
    ],
    [
      "promises more images than there are",
      replace('"labels":{"dtype":"U8","shape":[3]', '"labels":{"dtype":"U8","shape":[9]'),
      "its header does not fit its size",
    ],
    [
      "promises them by the billion",
      replace('"shape":[3,1,4,4]', '"shape":[9e9,4,4]'),
      "its header does not fit its size",
    ],
    ["has an image with a wrong bit", flip(-20), "its checksum is wrong"],
    ["has a label with a wrong bit", flip(-1), "its checksum is wrong"],
    [
      "has another list of broken files",
      replace('"skipped":"[]"', '"skipped":"{}"'),
      "its checksum is wrong",
    ],
  ])("that %s is made again", async (_, damage, why) => {
    await read();
    const bytes = await readFile(cache);
    await writeFile(cache, damage(Buffer.from(bytes)));
    const again = await read();
    expect(again).toMatchObject({ ...made, decoded: 3 });
    expect(again.notes).toEqual([damaged(why)]);
    expect(await readFile(cache)).toEqual(bytes);
  });

  it("keeps which files were broken: refused the second time too, and skipped at once", async () => {
    await writeTree(root, { "a/3.png": Buffer.alloc(0) });
    const broken = [{ path: "a/3.png", reason: "it is empty" }];
    await expect(read()).rejects.toMatchObject({ code: "ERR_DATA", cause: broken });
    await expect(read()).rejects.toMatchObject({ code: "ERR_DATA", cause: broken });
    expect(await read({ onBroken: "skip" })).toMatchObject({ ...cached, skipped: broken });
  });

  it.each([true, false])(
    "does not keep that a file could not be read (resident: %s)",
    async (resident) => {
      const late = "b/9.png";
      const names = Array.from({ length: 12 }, (_, i) => `a/more-${i + 10}.png`);
      await writeTree(root, { ...Object.fromEntries(names.map((name) => [name, 20])), [late]: 40 });
      const aside = join(temporary.path, "aside.png");
      // Away between the listing and the reading: that it is back changes neither its size nor its time.
      const takeAway = () => {
        if (existsSync(join(root, late))) renameSync(join(root, late), aside);
      };
      const skipping = { resident, onBroken: "skip", onNote: () => {} } as const;
      for (const onBroken of ["refuse", "skip"] as const) {
        const away = read({ ...skipping, onBroken, onProgress: takeAway });
        if (onBroken === "skip") expect((await away).skipped).toHaveLength(1);
        else await expect(away).rejects.toThrow(`"${late}" (no such file or folder)`);
        await rename(aside, join(root, late));
      }
      expect(await read(skipping)).toMatchObject({ decoded: 16, skipped: [] });
      expect(await read({ resident })).toMatchObject({ decoded: 0, skipped: [] });
    },
  );

  it("has a name however long that of the folder is", async () => {
    const long = join(temporary.path, "n".repeat(250));
    await rename(root, long);
    root = long;
    const { XDG_CACHE_HOME: before } = process.env;
    process.env.XDG_CACHE_HOME = join(temporary.path, "xdg");
    try {
      expect(await read({ cache: undefined })).toMatchObject(fresh);
      expect(await read({ cache: undefined })).toMatchObject(cached);
    } finally {
      if (before === undefined) delete process.env.XDG_CACHE_HOME;
      else process.env.XDG_CACHE_HOME = before;
    }
  });

  it.each([true, false])(
    "that holds needs no disk to write to (resident: %s)",
    async (resident) => {
      await read();
      // Root may write wherever there is a disk that can be written.
      const { access } = promises;
      const replace = (other: typeof access) => {
        promises.access = other;
        syncBuiltinESMExports();
      };
      replace(() => Promise.reject(Object.assign(new Error(), { code: "EROFS" })));
      try {
        expect(await read({ resident })).toMatchObject(cached);
        await truncate(cache, 100);
        const options = { resident, onNote: () => {} };
        await expect(read(options)).rejects.toThrow("(the file system is read-only)");
      } finally {
        replace(access);
      }
    },
  );

  it("is made where a packing that was killed had left its file, which goes once it is old", async () => {
    // No process has the first number: it is more than Linux gives. Ours was that of another one in
    // the container before.
    const pids = [99999999, process.pid, process.ppid];
    const left = pids.map((pid) => join(temporary.path, `.sparring-${pid}-00000000.tmp`));
    for (const path of left) await writeFile(path, "half");
    await read();
    expect(left.map((path) => existsSync(path))).toEqual([true, true, true]);
    const anHourAgo = Date.now() / 1000 - 3600;
    for (const path of left) await utimes(path, anHourAgo, anHourAgo);
    await read({ size: 2 });
    expect(left.map((path) => existsSync(path))).toEqual([false, false, true]);
  });

  it("that cannot be written costs a sentence, and not the work", async () => {
    await writeTree(cache, {});
    const { notes, ...rest } = await read();
    expect(rest).toMatchObject({ ...made, decoded: 3 });
    const path = JSON.stringify(cache);
    expect(notes).toEqual([
      `Expected packed images for cache but received ${path} (it is a folder); packing again`,
      `Expected a writable file for cache but received ${path} (it is a folder); the next call packs again`,
    ]);
  });

  it("says why, where its folder cannot be made", async () => {
    const { XDG_CACHE_HOME: before } = process.env;
    // A file system in which nobody makes folders.
    process.env.XDG_CACHE_HOME = "/sys";
    try {
      const { notes, ...rest } = await read({ cache: undefined });
      expect(rest).toMatchObject(made);
      const why =
        /^Expected a writable file for cache but received "\/sys\/sparring\/.+ \((permission denied|not permitted|the file system is read-only)\); the next/;
      expect(notes).toEqual([expect.stringMatching(why)]);
    } finally {
      if (before === undefined) delete process.env.XDG_CACHE_HOME;
      else process.env.XDG_CACHE_HOME = before;
    }
  });

  it("says what it has to say as a warning of the process, unless told otherwise", async () => {
    await read();
    await truncate(cache, 100);
    const warned = new Promise<Error>((resolve) => process.once("warning", resolve));
    await read({ onNote: undefined });
    const { name, message } = await warned;
    expect([name, message.slice(0, 24)]).toEqual(["SparringWarning", "Expected packed images f"]);
  });

  it("is a safetensors file: the safetensors library finds the images and labels", async () => {
    await writeTree(root, { "b/2.png": await flatPng(77) });
    await read();
    type Found = { shape: number[]; images: string; labels: number[] };
    const { value } = await referee<Found>("packed", "datasets.py", ["packed", cache]);
    expect([value.shape, value.labels]).toEqual([
      [4, 1, 4, 4],
      [0, 0, 1, 1],
    ]);
    const levels = [10, 20, 30, 77].flatMap((level) => Array(16).fill(level));
    expect(value.images).toBe(Buffer.from(levels).toString("hex"));
    const [images] = await readSafetensors(cache);
    expect(images).toMatchObject({ name: "images", dtype: "U8", shape: [4, 1, 4, 4] });
  });
});
