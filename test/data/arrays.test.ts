// Images in arrays and in the files of other programs: numbers, .npy, IDX, CIFAR-10.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseNpyHeader } from "../../lib/data/npy-file.js";
import { refusal } from "../../lib/reason.js";
import { datasets, SparringError } from "../../lib/index.js";
import { fromHex, levelsOf } from "../helpers/levels.js";
import { withFolder } from "../helpers/networks.js";
import { npyFile } from "../helpers/npy.js";
import { referee } from "../helpers/referee.js";

/** Writes a file and expects the sentence, with PATH for where it is, that reading it ends with. */
async function expectRefused(
  bytes: Uint8Array,
  read: (path: string) => Promise<unknown>,
  sentence: string,
): Promise<void> {
  await withFolder(async (folder) => {
    const path = join(folder, "file");
    await writeFile(path, bytes);
    const error = (await read(path).catch((reason) => reason)) as SparringError;
    expect(error).toBeInstanceOf(SparringError);
    expect(error.code).toBe("ERR_DATA");
    expect(error.message).toBe(sentence.replace("PATH", JSON.stringify(path)));
  });
}

describe("datasets.fromArray", () => {
  it("rounds to the nearest level, also just outside the range", async () => {
    const values = Float64Array.of(-1.0038, -1, -0.0001, 0.0001, 0.99, 1.0038);
    const options = { shape: [1, 1, 2, 3], range: [-1, 1], labels: Uint8Array.of(3) } as const;
    using dataset = await datasets.fromArray(values, options);
    expect([...(await levelsOf(dataset))]).toEqual([0, 0, 127, 128, 254, 255]);
    expect([dataset.classes, dataset.classNames, dataset.skipped]).toEqual([4, undefined, []]);
  });

  it("lets timers run while it works on many", async () => {
    const count = 16;
    const values = new Float32Array(count << 20).fill(0.5);
    let ticks = 0;
    const timer = setInterval(() => ++ticks, 1);
    const shape = [count, 1, 1024, 1024];
    using dataset = await datasets.fromArray(values, { shape, range: [0, 1] });
    clearInterval(timer);
    expect(ticks).toBeGreaterThanOrEqual(8);
    expect((await dataset.read(count - 1, 1)).data.at(-1)).toBeCloseTo(128 / 255, 6);
  });
});

describe("datasets.npy", () => {
  const file = (why: string) =>
    `Expected a .npy file of images or rows of numbers for path but received PATH${why}`;
  const known = "|u1, <f4, <f8";
  it.each<[string, Buffer, string]>([
    ["an empty file", Buffer.alloc(0), ": it does not start with NumPy's magic number"],
    ["another file", Buffer.from("PK\x03\x04"), ": it does not start with NumPy's magic number"],
    [
      "a version of the future",
      Buffer.from("\x93NUMPY\x04\x00\x00\x00", "latin1"),
      ": its version is 4.0, not 1.0, 2.0 or 3.0",
    ],
    ["a file cut in its version", npyFile("1, 2, 2,", 4).subarray(0, 7), ": it has 7 bytes"],
    ["a file cut in its length", npyFile("1, 2, 2,", 4).subarray(0, 9), ": it has 9 bytes"],
    [
      "a file cut in its header",
      npyFile("1, 2, 2,", 4).subarray(0, 30),
      ": its header would be 64 bytes",
    ],
    [
      "records",
      npyFile("1, 2, 2,", 4, "[('x', '<f4')]"),
      ": its header does not describe an array of numbers",
    ],
    [
      "big-endian floats",
      npyFile("1, 2, 2,", 16, "'>f4'"),
      `: its dtype is ">f4", not one of ${known}`,
    ],
    ["pickled objects", npyFile("1, 2, 2,", 4, "'|O'"), `: its dtype is "|O", not one of ${known}`],
    [
      "Fortran's order",
      npyFile("1, 2, 2,", 4, "'|u1'", "True"),
      ": its values are in Fortran's order; numpy.ascontiguousarray() turns them round",
    ],
    [
      "a promise of 2^60 values",
      npyFile("1152921504606846976, 1, 1", 8),
      ": its shape [1152921504606846976, 1, 1] of uint8 needs 1152921504606846976 bytes, and 8 follow the header",
    ],
    [
      "a promise that overflows 64 bits to what is there",
      npyFile("4294967296, 4294967296, 1, 8", 0),
      ": its shape [4294967296, 4294967296, 1, 8] of uint8 needs 147573952589676412928 bytes, and 0 follow the header",
    ],
    [
      "surplus bytes",
      npyFile("1, 2, 2", 5),
      ": its shape [1, 2, 2] of uint8 needs 4 bytes, and 5 follow the header",
    ],
    ["no images", npyFile("0, 2, 2", 0), ": its shape is [0, 2, 2]"],
    ["one number", npyFile("", 1), ": its shape is [], of rank 0"],
    [
      "a table",
      npyFile("2, 4", 8),
      ": its shape is [2, 4], of rank 2; rows of numbers are float32 or float64",
    ],
    [
      "a table of whole numbers",
      npyFile("2, 4", 64, "'<i8'"),
      ": its values are int64, not float32 or float64",
    ],
    [
      "numbers in one row",
      npyFile("4,", 16, "'<f4'"),
      ": its shape is [4], of rank 1; rows of one number are of shape [4, 1]",
    ],
    ["more sides than NumPy has", npyFile(Array(65).fill(1).join(", "), 1), ": its rank is 65"],
    [
      "a version that there is not",
      Buffer.from(npyFile("1, 2, 2", 4).map((byte, at) => (at === 7 ? 1 : byte))),
      ": its version is 1.1, not 1.0, 2.0 or 3.0",
    ],
    [
      "whole numbers that are no bytes",
      npyFile("1, 2, 2", 32, "'<i8'"),
      ": its values are int64, not uint8, float32 or float64",
    ],
  ])("refuses %s", async (_, bytes, why) => {
    await expectRefused(bytes, (path) => datasets.npy(path), file(why));
  });

  it("refuses values outside of the range", async () => {
    const file = npyFile("1, 1, 2", 8, "'<f4'");
    file.writeFloatLE(2, file.length - 4);
    const read = (path: string) => datasets.npy(path, { range: [-1, 1] });
    const sentence = "Expected a .npy file of images for path but received PATH";
    await expectRefused(file, read, `${sentence}: its value 1 is 2, outside of [-1, 1]`);
  });

  it.each([
    ["1, 3, 5, 3", 45, "both would do"],
    ["1, 4, 5, 2", 40, "neither has 1 or 3 channels"],
  ])("never guesses the layout of [%s]", async (shape, bytes, which) => {
    await withFolder(async (folder) => {
      const path = join(folder, "x.npy");
      await writeFile(path, npyFile(shape, bytes));
      await expect(datasets.npy(path)).rejects.toThrow(
        new TypeError(
          `Expected NHWC or NCHW (of [${shape}] ${which}) for layout but received undefined`,
        ),
      );
      const [, a, b, c] = shape.split(", ").map(Number);
      using last = await datasets.npy(path, { layout: "NHWC" });
      using first = await datasets.npy(path, { layout: "NCHW" });
      expect([last.image, first.image]).toEqual([
        [c, a, b],
        [a, b, c],
      ]);
    });
  });

  it("never reads past a header: every prefix of one is refused", () => {
    const whole = npyFile("1, 2, 2", 4);
    for (let length = 0; length < whole.length; ++length)
      expect(() =>
        parseNpyHeader(whole.subarray(0, length), length, refusal("ERR_DATA", "x", "y")),
      ).toThrow("Expected x for path");
  });

  interface Case {
    readonly name: string;
    readonly file: string;
    readonly shape: number[];
    readonly levels: string;
  }

  it("reads what NumPy wrote: bytes and floats, either layout, labels of any kind", async () => {
    const { value: cases } = await referee<Case[]>("npy", "datasets.py", ["npy"]);
    const isLabels = ({ name }: Case) => name.startsWith("labels");
    await withFolder(async (folder) => {
      const at = (name: string) => join(folder, `${name}.npy`);
      for (const { name, file } of cases) await writeFile(at(name), fromHex(file));
      const images = cases.filter((one) => !isLabels(one));
      for (const { name, shape, levels } of images) {
        const range = name.includes("[-1, 1]")
          ? [-1, 1]
          : name.includes("[0, 1]")
            ? [0, 1]
            : undefined;
        using dataset = await datasets.npy(at(name), { range: range as never });
        expect([name, dataset.size, ...dataset.image]).toEqual([name, ...shape]);
        expect([name, (await levelsOf(dataset)).toString("hex")]).toEqual([name, levels]);
      }
      expect(images).toHaveLength(6);
      for (const { name, levels } of cases.filter(isLabels)) {
        using dataset = await datasets.npy(at("grey"), { labels: at(name) });
        expect([name, Buffer.from(dataset.labels ?? []).toString("hex")]).toEqual([name, levels]);
        expect(dataset.classes).toBe(8);
      }
    });
  });

  it.each([
    [npyFile("2,", 16, "'<f8'"), "its values are float64, not whole numbers"],
    [
      npyFile("2,", 2, "'|b1'"),
      'its dtype is "|b1", not one of |u1, |i1, <u2, <i2, <u4, <i4, <u8, <i8',
    ],
    [npyFile("3,", 3), "its shape is [3], not [2], one for each image"],
    [npyFile("2, 1", 2), "its shape is [2, 1], not [2], one for each image"],
    [Buffer.concat([npyFile("2,", 1), Buffer.of(255)]), undefined],
    [
      Buffer.concat([npyFile("2,", 0, "'<i2'"), Buffer.of(3, 0, 0, 1)]),
      "its label 1 is 256, not one from 0 to 255",
    ],
    [
      Buffer.concat([npyFile("2,", 8, "'<i8'"), Buffer.alloc(8, 255)]),
      "its label 1 is -1, not one from 0 to 255",
    ],
  ])("takes labels from 0 to 255 only (%#)", async (labels, why) => {
    await withFolder(async (folder) => {
      const path = join(folder, "x.npy");
      await writeFile(path, npyFile("2, 1, 1", 2));
      const read = (file: string) => datasets.npy(path, { labels: file });
      if (why === undefined) {
        await writeFile(join(folder, "y.npy"), labels);
        using dataset = await read(join(folder, "y.npy"));
        expect([...(dataset.labels as Uint8Array)]).toEqual([0, 255]);
        return;
      }
      const sentence = "Expected a .npy file of labels for labels but received PATH";
      await expectRefused(labels, read, `${sentence}: ${why}`);
    });
  });
});

describe("labels of datasets.npy from a program", () => {
  it("are taken for images and for rows, as they were at the call", async () => {
    await withFolder(async (folder) => {
      const [images, rows] = [join(folder, "images.npy"), join(folder, "rows.npy")];
      await writeFile(images, npyFile("2, 1, 1", 2));
      await writeFile(rows, npyFile("2, 3", 24, "'<f4'"));
      for (const path of [images, rows]) {
        const labels = Buffer.of(0, 255);
        const made = datasets.npy(path, { labels });
        labels.fill(7);
        using dataset = await made;
        expect(dataset.labels).toEqual(Uint8Array.of(0, 255));
        expect(dataset.classes).toBe(256);
      }
    });
  });
});

describe("datasets.idx", () => {
  it("reads what NumPy and struct wrote, with and without labels", async () => {
    type Files = { images: string; labels: string; shape: number[]; levels: string };
    const { value } = await referee<Files>("idx", "datasets.py", ["idx"]);
    await withFolder(async (folder) => {
      const [images, labels] = [join(folder, "images"), join(folder, "labels")];
      await writeFile(images, fromHex(value.images));
      await writeFile(labels, fromHex(value.labels));
      using dataset = await datasets.idx(images, { labels });
      expect([dataset.size, ...dataset.image]).toEqual(value.shape);
      expect((await levelsOf(dataset)).toString("hex")).toBe(value.levels);
      expect([...(dataset.labels as Uint8Array)]).toEqual([3, 1, 0, 3]);
      using small = await datasets.idx(images, { size: 2 });
      expect([small.image, small.labels, small.classes]).toEqual([[1, 2, 2], undefined, 0]);
      await expect(datasets.idx(images, { labels: images })).rejects.toThrow(
        `Expected an IDX file of rank 1 for labels but received ${JSON.stringify(images)}: its rank is 3`,
      );
    });
  });
});

describe("datasets.cifar10", () => {
  const record = (label: number) => Buffer.concat([Buffer.of(label), Buffer.alloc(3072, label)]);
  const names = ["airplane", "automobile", "bird", "cat", "deer"].concat(
    ...["dog", "frog", "horse", "ship", "truck"],
  );

  it.each<[string, Buffer, string]>([
    ["an empty file", Buffer.alloc(0), "it has 0 bytes, which are no records of 3073"],
    [
      "a file that is cut",
      record(1).subarray(1),
      "it has 3072 bytes, which are no records of 3073",
    ],
    [
      "an eleventh class",
      Buffer.concat([record(9), record(10)]),
      "the label of record 1 is 10, not one from 0 to 9",
    ],
  ])("refuses %s", async (_, bytes, why) => {
    const sentence = "Expected a file of CIFAR-10's binary version for path but received PATH";
    await expectRefused(bytes, (path) => datasets.cifar10(path), `${sentence}: ${why}`);
  });

  it("tells the Python version from the binary one", async () => {
    await withFolder(async (folder) => {
      const python = join(folder, "cifar-10-batches-py");
      await mkdir(python);
      for (const name of ["data_batch_1", "test_batch"])
        await writeFile(join(python, name), Buffer.of(0x80, 2));
      const sentence = (name: string) =>
        `Expected a file of CIFAR-10's binary version for path but received ${JSON.stringify(join(python, name))}: it is one of the Python version; cifar-10-binary.tar.gz has the binary one`;
      for (const path of [folder, python, join(python, "data_batch_1")])
        await expect(datasets.cifar10(path)).rejects.toThrow(sentence("data_batch_1"));
      await expect(datasets.cifar10(python, { split: "test" })).rejects.toThrow(
        sentence("test_batch"),
      );
    });
  });

  it("refuses a folder without all batches, and names that are not ten", async () => {
    await withFolder(async (folder) => {
      await writeFile(join(folder, "data_batch_1.bin"), record(1));
      const missing = JSON.stringify(join(folder, "data_batch_2.bin"));
      await expect(datasets.cifar10(folder)).rejects.toThrow(
        `Expected a file of CIFAR-10's binary version for path but received ${missing} (no such file or folder)`,
      );
      await writeFile(join(folder, "batches.meta.txt"), "cat\ndog\n");
      await expect(datasets.cifar10(join(folder, "data_batch_1.bin"))).rejects.toThrow(
        ": it has 2 lines of text, not 10",
      );
      await writeFile(join(folder, "batches.meta.txt"), "cat\n".repeat(11));
      await expect(datasets.cifar10(join(folder, "data_batch_1.bin"))).rejects.toThrow(
        ": it has 11 lines of text, not 10",
      );
    });
  });

  it("reads a file as struct and NumPy read it", async () => {
    type File = { file: string; labels: number[]; levels: string };
    const { value } = await referee<File>("cifar10", "datasets.py", ["cifar10"]);
    await withFolder(async (folder) => {
      const path = join(folder, "data.bin");
      await writeFile(path, fromHex(value.file));
      using dataset = await datasets.cifar10(path);
      expect([dataset.size, dataset.image]).toEqual([3, [3, 32, 32]]);
      expect((await levelsOf(dataset)).toString("hex")).toBe(value.levels);
      expect([...(dataset.labels as Uint8Array)]).toEqual(value.labels);
      expect([dataset.classes, dataset.classNames]).toEqual([10, undefined]);
    });
  });

  it("reads a folder: the batches in order, the test batch alone, the names", async () => {
    await withFolder(async (path) => {
      const folder = join(path, "cifar-10-batches-bin");
      await mkdir(folder);
      for (const batch of [1, 2, 3, 4, 5])
        await writeFile(join(folder, `data_batch_${batch}.bin`), record(batch));
      await writeFile(join(folder, "test_batch.bin"), record(7));
      await writeFile(join(folder, "batches.meta.txt"), `${names.join("\n")}\n\n`);
      using train = await datasets.cifar10(folder, { size: 4 });
      using test = await datasets.cifar10(folder, { split: "test" });
      expect([...(train.labels as Uint8Array)]).toEqual([1, 2, 3, 4, 5]);
      expect([...new Set(await levelsOf(train))]).toEqual([1, 2, 3, 4, 5]);
      expect([train.image, test.image]).toEqual([
        [3, 4, 4],
        [3, 32, 32],
      ]);
      expect([...(test.labels as Uint8Array)]).toEqual([7]);
      expect([train.classes, train.classNames]).toEqual([10, names]);
    });
  });
});
