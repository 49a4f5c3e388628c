// Parts of datasets: the same images, labels and training as if they had been there by themselves.
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, expectTypeOf, it } from "vitest";
import {
  type Dataset,
  datasets,
  type LabelArray,
  memoryStats,
  metrics,
  Trainer,
} from "../../lib/index.js";
import { makeFolder } from "../helpers/folder.js";
import { writeTree } from "../helpers/image-folder.js";
import { levelsOf } from "../helpers/levels.js";
import { fingerprintOf, trainFor } from "../helpers/presets.js";
import { referee } from "../helpers/referee.js";
import {
  conditionalDiscriminator,
  image,
  labelledImages,
  losses,
  tinyTrainer,
} from "../helpers/training.js";

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeEach(async () => {
  folder = await makeFolder();
});
afterEach(() => folder.remove());

/** The same 40 images, in each of the places that there are. */
const kinds: [string, () => Promise<Dataset>][] = [
  ["bytes", () => labelledImages(40)],
  [
    "values",
    async () => {
      const { data } = await (await labelledImages(40)).read(0, 40);
      const labels = Uint8Array.from({ length: 40 }, (_, i) => i % 3);
      return datasets.fromValues(data, { shape: [40, ...image], labels });
    },
  ],
  ["a folder in memory", () => pictures(true)],
  ["a folder on the disk", () => pictures(false)],
];

async function pictures(resident: boolean): Promise<Dataset> {
  const root = join(folder.path, "images");
  const files = Array.from({ length: 40 }, (_, i) => [`${"abc"[i % 3]}/${i}.png`, i * 5]);
  await writeTree(root, Object.fromEntries(files));
  const cache = join(folder.path, "images.packed");
  return datasets.folder(root, { size: 8, channels: 1, cache, resident });
}

/** As a dataset of their own, copied: what a part has to be like. */
async function copied(whole: Dataset, indices: readonly number[]): Promise<Dataset> {
  const { data, shape } = await whole.read(0, whole.size);
  const size = data.length / whole.size;
  const of = (index: number) => data.subarray(index * size, (index + 1) * size);
  const values = Float32Array.from(indices.flatMap((index) => [...of(index)]));
  const options = {
    shape: [indices.length, ...shape.slice(1)],
    labels: Uint8Array.from(indices, (index) => whole.labels?.[index] as number),
  };
  return whole.dtype === "float32"
    ? datasets.fromValues(values, options)
    : datasets.fromArray(values, { ...options, range: [0, 1] });
}

const chosen = [39, 3, 3, 17, 0, 25, 8, 30, 12, 21, 5, 38, 1, 2, 36, 7, 19, 28, 33, 14, 11, 26];

describe.each(kinds)("a part of %s", (name, make) => {
  it("is its images and labels, in the order of the indices", async () => {
    using whole = await make();
    using part = await whole.subset(chosen);
    using same = await copied(whole, chosen);
    expect([part.size, part.image, part.dtype, part.resident, part.classNames]).toEqual([
      ...[22, whole.image, whole.dtype, whole.resident, whole.classNames],
    ]);
    expect([part.labels, part.classes]).toEqual([same.labels, 3]);
    expect((await part.read(0, 22)).data).toEqual((await same.read(0, 22)).data);
    expect((await part.read(20, 2)).data).toEqual((await same.read(20, 2)).data);
    expect(await part.native.fingerprint()).toBe(await same.native.fingerprint());
  });

  it.each(["eager", "fused"] as const)("trains to the bits of a copy: %s", async (execution) => {
    using whole = await make();
    using part = await whole.subset(chosen);
    using same = await copied(whole, chosen);
    const options = {
      execution,
      latent: { noise: 5, classes: 3 },
      discriminator: conditionalDiscriminator(3),
    };
    using one = tinyTrainer(options);
    using other = tinyTrainer({ ...options, discriminator: conditionalDiscriminator(3) });
    // Batches of 8 of 22 images: epochs end within, and leave some over.
    expect(await losses(one, part, 7)).toEqual(await losses(other, same, 7));
    expect(await fingerprintOf(one)).toBe(await fingerprintOf(other));
  });

  it("resumes to the same bytes, from a part that was made anew", async () => {
    using whole = await make();
    const split = async () => (await whole.split([0.75, 0.25], { seed: 3 }))[0];
    using undisturbed = tinyTrainer();
    using part = await split();
    await trainFor(undisturbed, part, 7);
    using stopped = tinyTrainer();
    await trainFor(stopped, part, 3);
    const path = join(folder.path, "checkpoint");
    await stopped.save(path);
    using resumed = await Trainer.load(path);
    using again = await split();
    await trainFor(resumed, again, 4);
    expect(await fingerprintOf(resumed), name).toBe(await fingerprintOf(undisturbed));
  });

  it("stays when the whole is gone", async () => {
    const whole = await make();
    const expected = (await (await whole.subset([39, 0])).read(0, 2)).data;
    using part = await whole.subset([39, 0]);
    whole.dispose();
    expect((await part.read(0, 2)).data).toEqual(expected);
    await expect(whole.subset([0])).rejects.toMatchObject({ code: "ERR_DISPOSED" });
    await expect(whole.split([1])).rejects.toMatchObject({ code: "ERR_DISPOSED" });
    expect((await trainFor(tinyTrainer(), await part.subset(Array(16).fill(1)), 1)).length).toBe(2);
  });
});

describe("dataset.subset", () => {
  it.each([[Uint8Array.of(4, 2)], [Uint32Array.of(4, 2)], [Float32Array.of(4, 2)], [[4, 2]]])(
    "takes %o",
    async (indices) => {
      using whole = await labelledImages(5);
      using part = await whole.subset(indices);
      expect(await levelsOf(part)).toEqual(await levelsOf(await copied(whole, [4, 2])));
    },
  );

  it("copies the indices at once", async () => {
    using whole = await labelledImages(5, (index) => index);
    const indices = [4, 2];
    const made = whole.subset(indices);
    indices.fill(0);
    using part = await made;
    expect([...(part.labels ?? [])]).toEqual([4, 2]);
    expect(await levelsOf(part)).toEqual(await levelsOf(await copied(whole, [4, 2])));
  });

  it("of a part is a part of the whole, and keeps classes that have no image", async () => {
    using whole = await labelledImages(9, (index) => index);
    using part = await whole.subset([8, 6, 4, 2]);
    using smaller = await part.subset([3, 0]);
    expect([...(smaller.labels ?? [])]).toEqual([2, 8]);
    expect(await levelsOf(smaller)).toEqual(await levelsOf(await copied(whole, [2, 8])));
    using low = await whole.subset([0, 1]);
    expect(low.classes).toBe(9);
  });

  it("gives labels that other data can be made with, and numbers will do, too", async () => {
    using whole = await labelledImages(10);
    const shape = [2, 1, 2, 2];
    const of = (labels: LabelArray) => datasets.fromBytes(new Uint8Array(8), { shape, labels });
    using few = await whole.subset([7, 4]);
    using same = await of(few.labels ?? []);
    using told = await of([7, 4]);
    using wide = await of(Int32Array.of(7, 4));
    expect(same.labels).toEqual(few.labels);
    for (const one of [told, wide]) expect(one.labels).toEqual(Uint8Array.of(7, 4));
    const values = { shape: [2, 1], labels: few.labels };
    using numbers = await datasets.fromValues(new Float32Array(2), values);
    expect(numbers.labels).toEqual(few.labels);
  });

  it("keeps labels of 16 bits", async () => {
    using whole = await datasets.stackedMnist({ count: 50, seed: 1 });
    using part = await whole.subset([49, 0]);
    expect(part.labels).toEqual(Uint16Array.of(whole.labels?.[49] ?? 0, whole.labels?.[0] ?? 0));
    expect([part.classes, part.classNames]).toEqual([whole.classes, whole.classNames]);
  });

  it("has no labels where there are none, and says how there could be", async () => {
    using whole = await datasets.fromBytes(new Uint8Array(5 * 64), { shape: [5, ...image] });
    using part = await whole.subset([0, 1, 2]);
    expect([part.labels, part.classes]).toEqual([undefined, 0]);
    const trainer = tinyTrainer({
      latent: { noise: 5, classes: 3 },
      discriminator: conditionalDiscriminator(3),
    });
    await expect(losses(trainer, part, 1, 2)).rejects.toThrow(
      "Expected labels, which the discriminator needs, for dataset but received none (datasets.fromBytes() takes them as its option labels)",
    );
  });

  it("takes no memory for images: they are those of the whole", async () => {
    using whole = await labelledImages(1000);
    const before = memoryStats().bytes;
    using part = await whole.subset(Array.from({ length: 500 }, (_, i) => 2 * i));
    // An index of 8 bytes and a label of one, rounded up.
    expect(memoryStats().bytes - before).toBeLessThan(500 * 16);
    expect(part.size).toBe(500);
  });

  it("is made, read and trained on while another part is trained on", async () => {
    using whole = await labelledImages(64);
    using part = await whole.subset(Array.from({ length: 32 }, (_, i) => i));
    const alone = await losses(tinyTrainer(), part, 6);
    const beside = losses(tinyTrainer(), part, 6);
    const [train, held] = await whole.split([48, 16]);
    await losses(tinyTrainer(), train, 2);
    await held.read(0, 16);
    expect(await beside).toEqual(alone);
  });

  it("is looked at by feature networks as a copy is, and is shown as any dataset", async () => {
    using digits = await datasets.mnist({ split: "test" });
    using network = await metrics.classifier();
    const indices = Array.from({ length: 200 }, (_, i) => 7 * i);
    using part = await digits.subset(indices);
    using same = await copied(digits, indices);
    const [one, other] = [await network.features(part), await network.features(same)];
    expect(one.count).toBe(200);
    expect(one.data).toEqual(other.data);
    expect(inspect(part)).toBe("Dataset { 200 × [1, 28, 28], 10 classes }");
  });
});

interface Split {
  readonly size: number;
  readonly lengths: readonly number[];
  readonly seed: number;
  readonly parts: readonly (readonly number[])[];
}

describe("dataset.split", () => {
  /** 16 bits of an index as two pixels: what is in a part can be read off it. */
  async function numbered(size: number): Promise<Dataset> {
    const bytes = Uint8Array.from({ length: 2 * size }, (_, i) => (i % 2 ? i >> 1 : i >> 9));
    return datasets.fromBytes(bytes, { shape: [size, 1, 1, 2] });
  }

  async function numbersOf(part: Dataset): Promise<number[]> {
    const levels = await levelsOf(part);
    return Array.from({ length: part.size }, (_, i) => levels.readUInt16BE(2 * i));
  }

  it("has the images of torch.utils.data.random_split, in its order", async () => {
    const { value } = await referee<Split[]>("split", "datasets.py", ["split"]);
    expect(value.length).toBeGreaterThan(10);
    for (const { size, lengths, seed, parts } of value) {
      using whole = await numbered(size);
      const split = await whole.split(lengths, { seed });
      const found = await Promise.all(split.map(numbersOf));
      expect(found, `${size} by ${lengths}, seed ${seed}`).toEqual(parts);
    }
  });

  it("takes seed 0 where none is given, and has each image once", async () => {
    using whole = await numbered(300);
    const [train, held] = await whole.split([0.9, 0.1]);
    expectTypeOf(train).toEqualTypeOf<Dataset>();
    const all = [...(await numbersOf(train)), ...(await numbersOf(held))];
    expect([train.size, held.size]).toEqual([270, 30]);
    expect(all.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, i) => i));
    const [again] = await whole.split([270, 30], { seed: 0 });
    expect(await numbersOf(again)).toEqual(await numbersOf(train));
    const [other] = await whole.split([270, 30], { seed: 1 });
    expect(await numbersOf(other)).not.toEqual(await numbersOf(train));
  });

  it("takes shares whose sum is 1 but for rounding, on either side of it", async () => {
    using whole = await labelledImages(10);
    for (const shares of [[0.6, 0.3, 0.1], [0.1, 0.7, 0.2], [0.4, 0.35, 0.25], Array(10).fill(0.1)])
      expect((await whole.split(shares)).reduce((sum, { size }) => sum + size, 0)).toBe(10);
    expect((await whole.split([1])).map(({ size }) => size)).toEqual([10]);
  });
});
