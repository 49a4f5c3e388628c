import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { parseIdx } from "../../lib/data/idx.js";
import { datasets, SparringError } from "../../lib/index.js";
import { withFolder } from "../helpers/networks.js";

/** An IDX file: zero, zero, type, rank, sides, values. */
function idx(sides: number[], length = sides.reduce((a, b) => a * b), type = 8): Buffer {
  const header = Buffer.alloc(4 + 4 * sides.length);
  header[2] = type;
  header[3] = sides.length;
  sides.forEach((side, i) => {
    header.writeUInt32BE(side, 4 + 4 * i);
  });
  return Buffer.concat([header, Buffer.alloc(length, 7)]);
}

/** A root folder with the given files. */
function withRoot<T>(
  files: Record<string, Buffer>,
  work: (root: string) => Promise<T>,
): Promise<T> {
  return withFolder(async (folder) => {
    for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
    return work(folder);
  });
}

const images = "train-images-idx3-ubyte";
const labels = "train-labels-idx1-ubyte";

describe("datasets.mnist, misused", () => {
  it.each<[string, object, string]>([
    ["an unknown option", { siz: 32 }, 'Expected the option size for options but received "siz"'],
    ["size 0", { size: 0 }, "Expected a whole number from 1 to 4096 for size but received 0"],
    [
      "a fraction of a pixel",
      { size: 28.5 },
      "Expected a whole number from 1 to 4096 for size but received 28.5",
    ],
    ["another split", { split: "val" }, 'Expected one of train, test for split but received "val"'],
    [
      "a device that is none",
      { device: "gpu" },
      'Expected "cpu", "cuda" or "cuda:i" for device but received "gpu"',
    ],
    [
      "a root that is no string",
      { root: 7 },
      "Expected a non-empty string for root but received 7",
    ],
  ])("refuses %s", async (_, options, sentence) => {
    await expect(datasets.mnist(options)).rejects.toThrow(sentence);
  });

  it.each<[string, Record<string, Buffer>, string]>([
    [
      "no images",
      { [labels]: idx([2]) },
      `Expected ${images} (or .gz) for MNIST but received the folder`,
    ],
    [
      "no labels",
      { [images]: idx([2, 4, 4]) },
      `Expected ${labels} (or .gz) for MNIST but received the folder`,
    ],
    ["an empty file", { [images]: Buffer.alloc(0), [labels]: idx([2]) }, "it has 0 bytes"],
    [
      "a cut header",
      { [images]: idx([2, 4, 4]).subarray(0, 9), [labels]: idx([2]) },
      "its header is cut off after 9 bytes",
    ],
    [
      "cut values",
      { [images]: idx([2, 4, 4], 31), [labels]: idx([2]) },
      "its shape [2, 4, 4] needs 32 bytes, and 31 follow the header",
    ],
    [
      "surplus values",
      { [images]: idx([2, 4, 4], 33), [labels]: idx([2]) },
      "its shape [2, 4, 4] needs 32 bytes, and 33 follow the header",
    ],
    [
      "a huge shape",
      { [images]: idx([4294967295, 4294967295, 4294967295], 1), [labels]: idx([2]) },
      "and 1 follow the header",
    ],
    ["no image at all", { [images]: idx([0, 4, 4]), [labels]: idx([2]) }, "its shape is [0, 4, 4]"],
    [
      "floats",
      { [images]: idx([2, 4, 4], 32, 13), [labels]: idx([2]) },
      "its values are of type 0xd, not unsigned bytes (0x8)",
    ],
    ["labels in place of images", { [images]: idx([2]), [labels]: idx([2]) }, "its rank is 1"],
    [
      "something else",
      { [images]: Buffer.from("PK\x03\x04 not idx"), [labels]: idx([2]) },
      "it does not start with two zero bytes",
    ],
    [
      "fewer labels than images",
      { [images]: idx([2, 4, 4]), [labels]: idx([1]) },
      "Expected 2 labels, one for each image, for",
    ],
    [
      "a broken .gz",
      { [`${images}.gz`]: gzipSync(idx([2, 4, 4])).subarray(0, 20), [labels]: idx([2]) },
      "unexpected end of file",
    ],
  ])("refuses %s with a sentence", async (_, files, sentence) => {
    await withRoot(files, async (root) => {
      const error = await datasets.mnist({ root }).catch((reason) => reason);
      expect(error).toBeInstanceOf(SparringError);
      expect(error.code).toBe("ERR_DATA");
      expect(error.message).toContain(sentence);
    });
  });

  it("refuses a folder in place of a file", async () => {
    await withRoot({ [labels]: idx([2]) }, async (root) => {
      await mkdir(join(root, images));
      await expect(datasets.mnist({ root })).rejects.toThrow("(it is a folder)");
    });
  });
});

describe("datasets.mnist", () => {
  it("holds the real digits: 60,000 to train on, 10,000 to test", async () => {
    using train = await datasets.mnist();
    using test = await datasets.mnist({ split: "test" });
    expect([train.size, test.size]).toEqual([60_000, 10_000]);
    expect(train.image).toEqual([1, 28, 28]);
    // The first digits of the training set, as everyone knows them.
    expect([...(train.labels ?? []).slice(0, 10)]).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    const { data } = await train.read(0, 100);
    expect(Math.max(...data)).toBe(1);
    const mean = data.reduce((a, b) => a + b) / data.length;
    expect(mean).toBeGreaterThan(0.1);
    expect(mean).toBeLessThan(0.2);
  });

  it("reads gzipped files and the names with a dot", async () => {
    const files = {
      "train-images.idx3-ubyte.gz": gzipSync(idx([3, 4, 4])),
      "train-labels.idx1-ubyte": idx([3]),
    };
    await withRoot(files, async (root) => {
      using dataset = await datasets.mnist({ root, size: 8 });
      expect(dataset.size).toBe(3);
      expect(dataset.image).toEqual([1, 8, 8]);
    });
  });

  it("gives labels whose slice() is a copy, as that of any Uint8Array", async () => {
    await withRoot({ [images]: idx([3, 4, 4]), [labels]: idx([3]) }, async (root) => {
      using dataset = await datasets.mnist({ root });
      dataset.labels?.slice().fill(0);
      expect(dataset.labels).toEqual(Uint8Array.of(7, 7, 7));
    });
  });

  it("never reads past a file: every prefix of one is refused", () => {
    const whole = idx([2, 3, 3]);
    for (let length = 0; length < whole.length; ++length) {
      expect(() => parseIdx(whole.subarray(0, length), 3, "x")).toThrow(
        "Expected an IDX file of rank 3",
      );
    }
    expect(parseIdx(whole, 3, "x").data).toHaveLength(18);
  });
});

describe("datasets.fromBytes", () => {
  it.each<[string, Uint8Array, object, string]>([
    [
      "what are no bytes",
      [1] as never,
      { shape: [1, 1, 1, 1] },
      "Expected a Uint8Array for bytes but received [1]",
    ],
    [
      "a shape of another size",
      new Uint8Array(5),
      { shape: [1, 1, 2, 2] },
      "Expected [count, channels, height, width] of 5 bytes for shape but received [1, 1, 2, 2]",
    ],
    [
      "a shape of rank 3",
      new Uint8Array(4),
      { shape: [1, 2, 2] },
      "Expected [count, channels, height, width], whole numbers, for shape but received [1, 2, 2]",
    ],
    [
      "shared memory",
      new Uint8Array(new SharedArrayBuffer(4)),
      { shape: [1, 1, 2, 2] },
      "Expected an array over memory of its own, not shared, for bytes but received Uint8Array(4 bytes)",
    ],
    [
      "labels that are no array",
      new Uint8Array(4),
      { shape: [1, 1, 2, 2], labels: "a" },
      'Expected an array, Uint8Array, Uint16Array or Int32Array of classes for labels but received "a"',
    ],
    [
      "too few labels",
      new Uint8Array(8),
      { shape: [2, 1, 2, 2], labels: new Uint8Array(1) },
      "Expected 2 labels, one for each image, for labels but received",
    ],
  ])("refuses %s", async (_, bytes, options, sentence) => {
    await expect(datasets.fromBytes(bytes, options as never)).rejects.toThrow(sentence);
  });

  it("says what was needed where memory runs out, and goes on afterwards", async () => {
    const shape = [64_000, 1, 1, 1];
    const tooLarge = datasets.fromBytes(new Uint8Array(64_000), { shape, size: 4096 });
    await expect(tooLarge).rejects.toMatchObject({
      code: "ERR_MEMORY",
      message:
        "Expected enough host memory for this work but it ran out " +
        "(you tried to allocate 1073741824000 bytes); a smaller batch, image or network needs less",
    });
    using dataset = await datasets.fromBytes(new Uint8Array(4), { shape: [1, 1, 2, 2] });
    expect(dataset.size).toBe(1);
  });

  it("copies: the array is the caller's again, and gives back what was put in", async () => {
    const bytes = Uint8Array.from({ length: 8 }, (_, i) => i * 30);
    using dataset = await datasets.fromBytes(bytes, { shape: [2, 1, 2, 2] });
    const original = bytes.slice();
    bytes.fill(255);
    const { data, shape } = await dataset.read(0, 2);
    expect(shape).toEqual([2, 1, 2, 2]);
    expect([...data].map((value) => Math.round(value * 255))).toEqual([...original]);
    const { data: wide } = await dataset.read(0, 2, { range: [-2, 6] });
    expect([...wide].map((value) => Math.round(((value + 2) / 8) * 255))).toEqual([...original]);
    await expect(dataset.read(0, 1, { range: [1, 0] })).rejects.toThrow(
      "Expected [black, white] with black below white for range but received [1, 0]",
    );
    await expect(dataset.read(1, 2)).rejects.toThrow(
      "Expected a whole number from 1 to 1 for count but received 2",
    );
  });

  it("copies many bytes part by part, and not before it gives the thread back", async () => {
    const bytes = new Uint8Array(16 << 20).fill(7);
    const made = datasets.fromBytes(bytes, { shape: [16, 1, 1024, 1024] });
    // Not to be done: it shows that these were not copied yet.
    bytes[bytes.length - 1] = 200;
    using dataset = await made;
    const { data } = await dataset.read(15, 1);
    expect([data.at(0), data.at(-1)].map((value = 0) => Math.round(value * 255))).toEqual([7, 200]);
  });

  it("says so where the bytes are transferred away before they are copied", async () => {
    const bytes = new Uint8Array(16 << 20);
    const made = datasets.fromBytes(bytes, { shape: [16, 1, 1024, 1024] });
    structuredClone(bytes, { transfer: [bytes.buffer] });
    await expect(made).rejects.toThrow(
      "Expected an array whose memory was not transferred away for bytes but received Uint8Array(0 bytes)",
    );
  });

  it("cannot be used once disposed, and may be disposed twice", async () => {
    const dataset = await datasets.fromBytes(new Uint8Array(4), { shape: [1, 1, 2, 2] });
    dataset.dispose();
    dataset.dispose();
    await expect(dataset.read(0, 1)).rejects.toMatchObject({
      code: "ERR_DISPOSED",
      message: "This dataset was disposed",
    });
  });
});
