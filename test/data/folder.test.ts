// Folders of image files: what is in them, what is wrong with them, and what Pillow and torchvision see.
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, link, mkdir, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deflateSync, crc32 } from "node:zlib";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readPlain } from "../../lib/data/folder/plain.js";
import { datasets, SparringError } from "../../lib/index.js";
import type { FolderOptions } from "../../lib/datasets.js";
import { start } from "../helpers/cli.js";
import { fromHex, levelsOf } from "../helpers/levels.js";
import { makeFolder } from "../helpers/folder.js";
import { differences, type Judged } from "../helpers/judged.js";
import { flatPng, writeTree } from "../helpers/image-folder.js";
import { referee } from "../helpers/referee.js";
import { asNobody } from "../helpers/nobody.js";

let temporary: { readonly path: string; remove(): Promise<void> };
let root: string;
beforeEach(async () => {
  temporary = await makeFolder();
  root = join(temporary.path, "images");
});
afterEach(() => temporary.remove());

const read = (options: Partial<FolderOptions> = {}) =>
  datasets.folder(root, { size: 8, cache: false, ...options });

/** What it ends with, with ROOT for the path. */
async function expectRefused(sentence: string, options: Partial<FolderOptions> = {}) {
  const error = (await read(options).catch((reason) => reason)) as SparringError;
  expect(error).toBeInstanceOf(SparringError);
  expect(error.code).toBe("ERR_DATA");
  expect(error.message).toBe(sentence.replace("ROOT", JSON.stringify(root)));
  return error;
}
const refused = (why: string) => `Expected a folder of images for path but received ROOT${why}`;

/** A PNG that announces a size, and has as good as nothing. */
function pngOf(width: number, height: number): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Buffer.alloc(64))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

describe("a folder that is none", () => {
  it("is not there, or is a file", async () => {
    await expectRefused(refused(" (no such file or folder)"));
    await expectRefused(refused(" (no such file or folder)"), { cache: undefined });
    await writeFile(root, "");
    await expectRefused(refused(" (a part of the path is not a folder)"));
  });

  const none = ": it holds no images (.png, .jpg, .jpeg, .webp) and no folders of them";
  it("is empty, or has nothing but other files", async () => {
    await mkdir(root);
    await expectRefused(refused(none));
    await writeTree(root, { "list.csv": Buffer.from("a"), ".hidden.png": 1, ".cache/a.png": 1 });
    await expectRefused(refused(none));
  });

  it("has images beside classes", async () => {
    await writeTree(root, { "a.png": 1, "cats/b.png": 1 });
    await expectRefused(
      refused(': it holds both images ("a.png") and folders that would be classes ("cats")'),
    );
  });

  it("has an empty class", async () => {
    await writeTree(root, { "a/1.png": 1, "b/notes.txt": Buffer.from("x") });
    await expectRefused(refused(': the class "b" has no images (.png, .jpg, .jpeg, .webp)'));
  });

  it("has more classes than labels", async () => {
    for (let i = 0; i < 257; ++i) await mkdir(join(root, String(i)), { recursive: true });
    await expectRefused(refused(": it holds 257 folders, more than 256 classes"));
  });

  it("has links that lead in a circle, or twice to one folder", async () => {
    await writeTree(root, { "a/1.png": 1 });
    await symlink("..", join(root, "a", "up"));
    await expectRefused(refused(': the folder "a/up" is the folder "." again, by a link'));
    await symlink("self", join(root, "a", "self"));
    await expectRefused(refused(': "a/self" cannot be read (its links go round in a circle)'));
  });

  it("may not be read", async () => {
    await writeTree(root, { "a/1.png": 1, "b/1.png": 1 });
    await chmod(temporary.path, 0o755);
    await chmod(join(root, "b"), 0o000);
    try {
      await asNobody(() => expectRefused(refused(': "b" cannot be read (permission denied)')));
    } finally {
      await chmod(join(root, "b"), 0o755);
    }
  });
});

describe("broken files", () => {
  const whole = flatPng(7);

  it("are all named with what is wrong with them, and end it", async () => {
    const png = await whole;
    await writeTree(root, {
      "a.png": 3,
      "cut.png": png.subarray(0, png.length - 30),
      "empty.jpg": Buffer.alloc(0),
      "huge.png": pngOf(20_000, 20_000),
      "line\nbreak.webp": Buffer.from("RIFF"),
      "text.png": Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'/>"),
      "z.png": 4,
    });
    await mkdir(join(root, "..", "elsewhere"));
    await symlink("nowhere", join(root, "lost.png"));
    execFileSync("mkfifo", [join(root, "pipe.png")]);
    await writeFile(join(root, "vast.png"), "");
    await truncate(join(root, "vast.png"), 2 ** 40);
    const broken = [
      { path: "cut.png", reason: "it cannot be decoded: damaged or cut short" },
      { path: "empty.jpg", reason: "it is empty" },
      { path: "huge.png", reason: "it has more than 100,000,000 pixels" },
      { path: "line\nbreak.webp", reason: "it is not a PNG, JPEG or WebP" },
      { path: "lost.png", reason: "no such file or folder" },
      { path: "pipe.png", reason: "it is no regular file" },
      { path: "text.png", reason: "it is not a PNG, JPEG or WebP" },
      { path: "vast.png", reason: "it has 1099511627776 bytes, more than 536870912" },
    ];
    const error = (await read().catch((reason) => reason)) as SparringError;
    expect(error.message).toMatch(
      /^Expected a folder of images for path but received ".*": 8 of its files are broken: "cut.png" \(it cannot be decoded: .*\), "empty.jpg" \(it is empty\), .*; onBroken: "skip" leaves them out$/,
    );
    expect(error.message).toContain('"line\\nbreak.webp" (it is not a PNG, JPEG or WebP)');
    expect(error).toMatchObject({ code: "ERR_DATA", cause: broken });

    using dataset = await read({ onBroken: "skip", channels: 1 });
    expect(dataset.skipped).toEqual(broken);
    expect(dataset.size).toBe(2);
    const levels = await levelsOf(dataset);
    expect([...new Set(levels.subarray(0, 64)), ...new Set(levels.subarray(64))]).toEqual([3, 4]);
  });

  it("are named up to ten", async () => {
    const files = Array.from({ length: 12 }, (_, i) => [`${i + 10}.png`, Buffer.alloc(0)]);
    await writeTree(root, Object.fromEntries(files));
    const error = (await read().catch((reason) => reason)) as SparringError;
    expect(error.message).toContain(
      '"19.png" (it is empty) and 2 more; onBroken: "skip" leaves them out',
    );
    expect(error.cause).toHaveLength(12);
  });

  it("must leave images, of every class", async () => {
    await writeTree(root, { "a/1.png": 1, "b/1.png": Buffer.alloc(0) });
    await expectRefused(
      refused(': all its images of the class "b" are broken: "b/1.png" (it is empty)'),
      {
        onBroken: "skip",
      },
    );
    root = join(root, "b");
    await expectRefused(refused(': all its images are broken: "1.png" (it is empty)'), {
      onBroken: "skip",
    });
  });
});

describe("a folder of images", () => {
  it("has the classes of its folders, sorted, with all that is below them", async () => {
    await writeTree(root, {
      "b/2.png": 5,
      "b/1.png": 4,
      "b/1/9.PNG": 6,
      "a/x.png": 1,
      "a-b/y.png": 3,
      "a/.x.png": 99,
    });
    using dataset = await read();
    expect([dataset.size, dataset.image]).toEqual([5, [3, 8, 8]]);
    expect([dataset.classes, dataset.classNames]).toEqual([3, ["a", "a-b", "b"]]);
    expect([...(dataset.labels as Uint8Array)]).toEqual([0, 1, 2, 2, 2]);
    const levels = await levelsOf(dataset);
    const image = 3 * 8 * 8;
    expect(Array.from({ length: 5 }, (_, i) => levels[i * image])).toEqual([1, 3, 4, 5, 6]);
    expect(dataset.skipped).toEqual([]);
  });

  it("has no labels without folders", async () => {
    await writeTree(root, { "2.png": 2, "10.png": 10 });
    using dataset = await read({ channels: 1 });
    expect([dataset.labels, dataset.classNames, dataset.classes]).toEqual([
      undefined,
      undefined,
      0,
    ]);
    const levels = await levelsOf(dataset);
    expect([levels[0], levels[64]]).toEqual([10, 2]);
  });

  it("follows a link to a folder, and one to a file", async () => {
    await writeTree(join(temporary.path, "far"), { "1.png": 9 });
    await writeTree(root, { "a/1.png": 1 });
    await symlink("../far", join(root, "b"));
    await symlink("../../far/1.png", join(root, "a", "2.png"));
    using dataset = await read();
    expect([...(dataset.labels as Uint8Array)]).toEqual([0, 0, 1]);
  });

  it("takes as many of each class as there are, up to a limit", async () => {
    await writeTree(root, {
      ...{ "a/1.png": 1, "a/2.png": 2, "a/3.png": 3, "a/4.png": 4 },
      ...{ "b/1.png": 5, "c/1.png": 6, "c/2.png": 7 },
    });
    using dataset = await read({ limit: 6, channels: 1 });
    const levels = await levelsOf(dataset);
    expect(Array.from({ length: 6 }, (_, i) => levels[i * 64])).toEqual([1, 2, 3, 5, 6, 7]);
    expect([...(dataset.labels as Uint8Array)]).toEqual([0, 0, 0, 1, 2, 2]);
  });

  it("tells how far it is, and ends when a callback throws or a signal comes", async () => {
    const files = Array.from({ length: 40 }, (_, i) => [`${i}.png`, 1]);
    await writeTree(root, Object.fromEntries(files));
    const seen: string[] = [];
    using dataset = await read({ onProgress: ({ done, total }) => seen.push(`${done}/${total}`) });
    expect(seen).toEqual(Array.from({ length: dataset.size }, (_, i) => `${i + 1}/40`));

    const onProgress = () => {
      throw new Error("of the caller's");
    };
    await expect(read({ onProgress })).rejects.toThrow("of the caller's");

    const controller = new AbortController();
    let done = 0;
    const stopped = read({
      signal: controller.signal,
      onProgress: (progress) => {
        done = progress.done;
        if (done === 5) controller.abort(new Error("enough"));
      },
    });
    await expect(stopped).rejects.toThrow("enough");
    expect(done).toBeLessThan(20);
    await expect(read({ signal: AbortSignal.abort(new Error("before")) })).rejects.toThrow(
      "before",
    );
  });
});

describe("memory", () => {
  it("holds a few files and images at a time, and never all of them", async () => {
    const raw = { width: 1000, height: 1000, channels: 3 } as const;
    const large = await sharp(randomBytes(3_000_000), { raw })
      .png({ compressionLevel: 0 })
      .toBuffer();
    await writeTree(root, { "0.png": large });
    for (let i = 1; i < 150; ++i) await link(join(root, "0.png"), join(root, `${i}.png`));
    const program = `
      import { datasets } from ${JSON.stringify(new URL("../../dist/index.js", import.meta.url).href)};
      const load = (limit) => datasets.folder(${JSON.stringify(root)}, { size: 8, cache: false, limit });
      await load(1);
      const before = process.resourceUsage().maxRSS;
      const { size } = await load(150);
      console.log(JSON.stringify({ size, grown: process.resourceUsage().maxRSS - before }));`;
    const { ended } = start(process.execPath, ["--input-type=module", "-e", program], root);
    const { code, stdout, stderr } = await ended;
    expect([code, stderr]).toEqual([0, ""]);
    const { size, grown } = JSON.parse(stdout);
    expect(size).toBe(150);
    // 3 MB each, and as much decoded: all of them would be 900 MB.
    expect(grown).toBeLessThan(200_000);
  });
});

describe("decoding", () => {
  it("gives Pillow's levels: PNG, JPEG, WebP, palettes, 16 bits, alpha on white, EXIF", async () => {
    const { value } = await referee<Judged[]>("images", "datasets.py", ["images"]);
    expect(value).toHaveLength(20);
    for (const judged of value) {
      // Where colours are mixed with white, the two round apart by one.
      const allowed = judged.name.startsWith("alpha") ? 1 : 0;
      for (const channels of [3, 1] as const) {
        root = join(temporary.path, `${judged.name} ${channels}`);
        const { worst } = await differences(root, judged, { size: 16, channels });
        expect([judged.name, channels, worst <= allowed || worst]).toEqual([
          judged.name,
          channels,
          true,
        ]);
      }
    }
  });

  it("looks into a header no further than it goes, and leaves what is turned to libvips", async () => {
    const { value } = await referee<Judged[]>("images", "datasets.py", ["images"]);
    const plain = value
      .map(({ name, file }) => ({ name, file: fromHex(file) }))
      .filter(({ file }) => readPlain(file) !== undefined);
    const names = plain.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(["colour.png", "colour.jpg", "progressive.jpeg", "grey.jpg"]),
    );
    expect(names.filter((name) => name.startsWith("turned"))).toEqual([]);
    for (const { file } of plain) {
      expect(readPlain(file)).toMatchObject({ width: 16 });
      for (let length = 0; length < 300; ++length) readPlain(file.subarray(0, length));
    }
    // Segments of length zero, one after another, and one that leads out of the file.
    expect(readPlain(Buffer.from("ffd8ffe00000ffe00000ffe00000", "hex"))).toBeUndefined();
    expect(readPlain(Buffer.from("ffd8ffe0ffff".padEnd(64, "0"), "hex"))).toBeUndefined();
  });

  it("takes inks for what they are", async () => {
    const { value } = await referee<Record<string, string>>("cmyk", "datasets.py", ["cmyk"]);
    const colours: Record<string, number[]> = {};
    for (const [ink, file] of Object.entries(value)) {
      root = join(temporary.path, ink);
      await writeTree(root, { "a.jpg": fromHex(file) });
      using dataset = await read({ size: 8 });
      const levels = await levelsOf(dataset);
      colours[ink] = [0, 64, 128].map((place) => levels[place] as number);
    }
    const { white = [], cyan = [], yellow = [], black = [] } = colours;
    expect(Math.min(...white)).toBeGreaterThan(250);
    expect(Math.max(...black)).toBeLessThan(60);
    expect(cyan[0]).toBeLessThan(60);
    expect(cyan[2]).toBeGreaterThan(180);
    expect(yellow[0]).toBeGreaterThan(180);
    expect(yellow[2]).toBeLessThan(60);
  });

  it("takes the first picture of a moving one", async () => {
    const frames = [10, 200].map((level) => Buffer.alloc(8 * 8 * 3, level));
    const raw = { width: 8, height: 16, channels: 3, pageHeight: 8 } as const;
    const moving = await sharp(Buffer.concat(frames), { raw }).webp({ lossless: true }).toBuffer();
    await writeTree(root, { "a.webp": moving });
    using dataset = await read();
    expect([...new Set(await levelsOf(dataset))]).toEqual([10]);
  });
});
