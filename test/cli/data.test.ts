// What `sparring train --data` takes: folders and files, recognised by what is in them.
import { mkdir, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Ended, runCli, withOptions } from "../helpers/cli.js";
import { makeFolder } from "../helpers/folder.js";
import { idx } from "../helpers/idx.js";
import { writeTree } from "../helpers/image-folder.js";
import { npyFile } from "../helpers/npy.js";

let folder: { readonly path: string; remove(): Promise<void> };
const at = (...parts: string[]) => join(folder.path, ...parts);
beforeAll(async () => {
  folder = await makeFolder();
});
afterAll(() => folder.remove());

function train(preset: string, data: string, rest: string): Promise<Ended> {
  const line = `train --preset ${preset} --data ${data} --size 8 --batch 4 --threads 1 --steps 2`;
  const env = { XDG_CACHE_HOME: at("xdg") };
  return runCli(withOptions(line, rest).split(" "), folder.path, env);
}

/** What the run wrote down of its data, and the columns of its samples. */
async function resultOf(out: string) {
  const text = await readFile(at(out, "config.json"), "utf8");
  const { data, images, channels, classes } = JSON.parse(text);
  const { width = 0 } = await sharp(at(out, "samples/2.png")).metadata();
  return { data, images, channels, classes, columns: (width - 2) / (8 + 2) };
}

describe("a folder of images", () => {
  const flowers = Object.fromEntries(
    ["aster", "rose", "tulip"].flatMap((name, label) =>
      Array.from({ length: 4 }, (_, i) => [`${name}/${i}.png`, 20 * label + i]),
    ),
  );

  it("is packed once, in colour; its classes make a conditional pair, and columns", async () => {
    await writeTree(at("flowers"), flowers);
    const { code, stderr, stdout } = await train("cgan", "flowers", "--out a");
    expect([code, stderr.split("\n").slice(0, 3)]).toEqual([
      0,
      [
        `Packing 12 images of ${at("flowers")}`,
        "Packed 12 images in 0:00",
        `Training cgan on ${at("flowers")}: 12 images of 8×8`,
      ],
    ]);
    expect(stdout).toMatch(/^\[Epoch 0\/1\] \[Batch 1\/3\]/);
    const about = { data: at("flowers"), images: 12, channels: 3, classes: 3, columns: 3 };
    expect(await resultOf("a")).toEqual(about);
    const again = await train("acgan", "flowers", "--out b");
    expect([again.code, again.stderr.split("\n")[0]]).toEqual([
      0,
      `Training acgan on ${at("flowers")}: 12 images of 8×8`,
    ]);
    expect(await resultOf("b")).toEqual(about);
  });

  it("is packed again where its cache is not intact: the note calls it as the user knows it", async () => {
    await writeTree(at("flowers"), flowers);
    const torn = () => rm(at("xdg/sparring"), { recursive: true, force: true });
    await torn();
    await train("mlp", "flowers", "--out packed");
    const [cache] = await readdir(at("xdg/sparring/packed"));
    const path = at("xdg/sparring/packed", cache as string);
    const data = { preset: "mlp", data: at("flowers"), size: 8, batch: 4, threads: 1, steps: 2 };
    await writeFile(at("run.json"), JSON.stringify(data));
    for (const [line, name] of [
      ["--out flag", "--data"],
      ["--no-resident --out disk-flag", "--data"],
    ] as const) {
      await truncate(path, 100);
      const { code, stderr } = await train("mlp", "flowers", line);
      expect([code, stderr.split("\n")[0]]).toEqual([
        0,
        expect.stringMatching(
          `^Expected packed images for the cache of ${name} but received ${JSON.stringify(path)}: .*; packing again$`,
        ),
      ]);
    }
    await truncate(path, 100);
    const env = { XDG_CACHE_HOME: at("xdg") };
    const { stderr } = await runCli(["train", "run.json", "--out", "file"], folder.path, env);
    expect(stderr).toContain("for the cache of data of run.json but");
    await torn();
    await writeFile(at("xdg/sparring"), "");
    const unwritten = await train("mlp", "flowers", "--out unwritten");
    await rm(at("xdg/sparring"));
    expect(unwritten.stderr).toMatch(
      /\nExpected a writable file for the cache of --data but received ".*\.packed" \(.*\); the next call packs again\n/,
    );
  });

  it("can stay on the disk: the same run to the bit, resumed and repeated, too", async () => {
    await writeTree(at("flowers"), flowers);
    const more = (line: string) =>
      runCli(line.split(" "), folder.path, { XDG_CACHE_HOME: at("xdg") });
    const bytes = async (out: string) => readFile(at(out, "weights/generator.safetensors"));
    const resident = async (out: string) =>
      JSON.parse(await readFile(at(out, "config.json"), "utf8")).resident;
    const runs = [
      await train("mlp", "flowers", "--seed 3 --steps 5 --out memory"),
      await train("mlp", "flowers", "--seed 3 --no-resident --out disk"),
      await more("train --resume --out disk --steps 5"),
      await more("train disk/config.json --out again"),
    ];
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(await bytes("disk")).toEqual(await bytes("memory"));
    expect(await bytes("again")).toEqual(await bytes("memory"));
    expect([await resident("memory"), await resident("again")]).toEqual([true, false]);
  });

  it("is grey if it is asked to be", async () => {
    await writeTree(at("flowers"), flowers);
    const { code, stderr } = await train("mlp", "flowers", "--channels 1 --out grey");
    expect([code, stderr]).toEqual([0, expect.stringContaining("Packed 12 images")]);
    expect(await resultOf("grey")).toMatchObject({ channels: 1, classes: 3, columns: 5 });
  });

  it("goes on without broken files, and says which", async () => {
    await writeTree(at("some"), { "1.png": 1, "2.png": 2, "3.png": 3, "4.png": 4 });
    await writeTree(at("some"), { "5.png": Buffer.alloc(0), "6.jpg": Buffer.from("text") });
    const { code, stderr } = await train("mlp", "some", "--out some-run");
    expect(code).toBe(0);
    expect(stderr).toContain(
      '\nLeft out 2 of the files as broken: "5.png" (it is empty), "6.jpg" (it is not a PNG, JPEG or WebP)\n',
    );
    expect(await resultOf("some-run")).toMatchObject({ images: 4, classes: 0 });
  });
});

describe("a file", () => {
  it("cannot stay on the disk", async () => {
    await writeFile(at("some.idx"), idx([6, 8, 8]));
    const { code, stderr } = await train("mlp", "some.idx", "--no-resident --out never");
    expect([code, stderr]).toEqual([
      2,
      `Expected a folder of images, which alone can stay on the disk, for --data but received "${at("some.idx")}"\n`,
    ]);
  });

  it("of floats is told by a program what black and white are", async () => {
    const path = at("floats.npy");
    await writeFile(path, npyFile("1, 2, 2,", 16, "'<f4'"));
    const { code, stderr } = await train("mlp", "floats.npy", "--out never");
    expect([code, stderr]).toEqual([
      2,
      `Expected a .npy file of uint8 whose shape tells its layout for --data but received "${path}" (datasets.npy() in a program can be told the range of floats, and a layout)\n`,
    ]);
  });

  it("of rows is for a program", async () => {
    const path = at("points.npy");
    await writeFile(path, npyFile("64, 2", 512, "'<f4'"));
    const { code, stderr } = await train("mlp", "points.npy", "--out never");
    expect([code, stderr]).toEqual([
      2,
      `Expected images for --data but received "${path}" (rows of numbers: datasets.npy() and a Trainer in a program train on them)\n`,
    ]);
  });

  const record = (label: number) => Buffer.concat([Buffer.of(label), Buffer.alloc(3072, label)]);
  const records = [3, 1, 4, 1].map(record);

  it.each<[string, string, () => Uint8Array, object]>([
    [
      "of CIFAR-10",
      "cgan",
      () => Buffer.concat(records),
      { channels: 3, classes: 10, columns: 10 },
    ],
    ["of IDX", "mlp", () => idx([4, 6, 6]), { channels: 1, classes: 0, columns: 5 }],
    [
      "of NumPy",
      "mlp",
      () => {
        const text = "{'descr': '|u1', 'fortran_order': False, 'shape': (4, 5, 7, 3), }\n";
        const start = Buffer.from(
          `\x93NUMPY\x01\x00${String.fromCharCode(text.length)}\x00`,
          "latin1",
        );
        return Buffer.concat([start, Buffer.from(text), Buffer.alloc(4 * 5 * 7 * 3, 9)]);
      },
      { channels: 3, classes: 0, columns: 5 },
    ],
  ])("%s is recognised under any name", async (kind, preset, make, about) => {
    const name = kind.replace("of ", "").toLowerCase();
    await writeFile(at(name), make());
    const { code, stderr } = await train(preset, name, `--out ${name}-run`);
    expect([code, stderr]).toEqual([0, expect.stringContaining(`${at(name)}: 4 images of 8×8`)]);
    expect(await resultOf(`${name}-run`)).toEqual({ data: at(name), images: 4, ...about });
  });

  it("of IDX may be a .gz, and a folder of it have the names that some give it", async () => {
    await writeFile(at("zipped"), gzipSync(idx([4, 6, 6])));
    expect(await train("mlp", "zipped", "--out zipped-run")).toMatchObject({ code: 0 });
    expect(await resultOf("zipped-run")).toMatchObject({ images: 4, channels: 1, classes: 0 });
    await mkdir(at("dotted"));
    await writeFile(at("dotted/train-images.idx3-ubyte"), idx([4, 6, 6]));
    await writeFile(at("dotted/train-labels.idx1-ubyte"), idx([4], 10));
    expect(await train("mlp", "dotted", "--out dotted-run")).toMatchObject({ code: 0 });
    expect(await resultOf("dotted-run")).toMatchObject({ images: 4, classes: 10 });
  });

  it("that is a pipe is not waited for", async () => {
    execFileSync("mkfifo", [at("pipe")]);
    const { code, stderr } = await train("mlp", "pipe", "--out never");
    expect([code, stderr]).toEqual([
      2,
      `Expected a folder of images, MNIST's or CIFAR-10's files, an IDX or a .npy file for --data but received "${at("pipe")}" (it is none of them)\n`,
    ]);
  });

  it("of CIFAR-10 has no images to test on, and one that is as long is none of it", async () => {
    await writeFile(at("batch.bin"), Buffer.concat(records));
    expect(await train("mlp", "batch.bin", "--out batch")).toMatchObject({ code: 0 });
    const line = "evaluate batch --metrics parzen --samples 10";
    expect(await runCli(line.split(" "), folder.path)).toMatchObject({
      code: 2,
      stderr: `Expected a folder of MNIST's or CIFAR-10's files, which have images to test on, for --data but received "${at("batch.bin")}"\n`,
    });
    await writeFile(at("tens.bin"), record(10));
    const { stderr } = await train("mlp", "tens.bin", "--out never");
    expect(stderr).toContain("(it is none of them)");
  });

  it("of CIFAR-10 may be five, in a folder with their names", async () => {
    await mkdir(at("cifar"));
    for (const batch of [1, 2, 3, 4, 5])
      await writeFile(
        at(`cifar/data_batch_${batch}.bin`),
        Buffer.concat([record(batch), record(9)]),
      );
    const names = Array.from({ length: 10 }, (_, i) => `class ${i}`).join("\n");
    await writeFile(at("cifar/batches.meta.txt"), names);
    const { code } = await train("cgan", "cifar", "--out cifar-run");
    expect(code).toBe(0);
    expect(await resultOf("cifar-run")).toMatchObject({ images: 10, classes: 10, columns: 10 });
  });
});
