import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { datasets, Images } from "../lib/index.js";
import { smallPair, withFolder } from "./helpers/networks.js";
import { referee } from "./helpers/referee.js";

/** Values that nobody drew, in [-1, 1). */
function values(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => Math.sin(i * i + 1) * 0.9);
}

describe("Images, misused", () => {
  it.each<[string, () => unknown, string]>([
    [
      "data that is no Float32Array",
      () => new Images([1] as never, [1]),
      "Expected a Float32Array for data but received [1]",
    ],
    [
      "a shape of another size",
      () => new Images(values(4), [1, 1, 2, 3]),
      "Expected 4 values for shape but received [1, 1, 2, 3]",
    ],
    [
      "a shape of strings",
      () => new Images(values(4), ["4"] as never),
      'Expected a whole number of at least 1 for shape[0] but received "4"',
    ],
    [
      "a slice past the end",
      () => new Images(values(4), [2, 1, 1, 2]).slice(2),
      "Expected a whole number from 0 to 1 for start but received 2",
    ],
    [
      "an empty slice",
      () => new Images(values(4), [2, 1, 1, 2]).slice(1, 1),
      "Expected a whole number from 2 to 2 for end but received 1",
    ],
  ])("refuses %s", (_, call, sentence) => {
    expect(call).toThrow(sentence);
  });

  it.each<[string, (images: Images) => Promise<unknown>, string]>([
    [
      "a path that is no PNG",
      (images) => images.save("x.jpg"),
      'Expected a path that ends in .png for path but received "x.jpg"',
    ],
    [
      "no path",
      (images) => images.save("" as never),
      'Expected a non-empty string for path but received ""',
    ],
    [
      "no columns",
      (images) => images.toPng({ columns: 0 }),
      "Expected a whole number from 1 to 10000 for columns but received 0",
    ],
    [
      "an unknown option",
      (images) => images.toPng({ nrow: 5 } as never),
      'Expected the option columns for options but received "nrow"',
    ],
    [
      "a range that is none",
      (images) => images.toPng({ range: [1, -1] }),
      "Expected [black, white] with black below white for range but received [1, -1]",
    ],
    [
      "a range of values that are not to be stretched",
      (images) => images.toPng({ normalize: false, range: [-1, 1] }),
      "Expected true where there is a range for normalize but received false",
    ],
    [
      "a folder that is not there",
      (images) => images.save("/nowhere/x.png"),
      'Expected a writable file for path but received "/nowhere/x.png" (no such file or folder)',
    ],
  ])("save() refuses %s", async (_, call, sentence) => {
    await expect(call(new Images(values(4), [1, 1, 2, 2]))).rejects.toThrow(sentence);
  });

  it("shows only grey and colour images", async () => {
    const message =
      "Expected images of shape [count, 1 or 3, height, width] for shape but received [1, 2, 2, 1]";
    await expect(new Images(values(4), [1, 2, 2, 1]).toPng()).rejects.toThrow(message);
  });

  it("leaves nothing half-written where the target is a folder", async () => {
    await withFolder(async (folder) => {
      const images = new Images(values(4), [1, 1, 2, 2]);
      await images.save(join(folder, "a.png"));
      await sharp(Buffer.alloc(3), { raw: { width: 1, height: 1, channels: 3 } })
        .png()
        .toFile(join(folder, "b.png"));
      await expect(images.save(join(folder, "a.png", "c.png"))).rejects.toThrow(
        "a part of the path is not a folder",
      );
      expect((await readdir(folder)).sort()).toEqual(["a.png", "b.png"]);
    });
  });
});

describe("a saved grid", () => {
  it.each([
    { name: "grid-grey-25", shape: [25, 1, 32, 32], columns: 5, padding: 2 },
    { name: "grid-colour-7", shape: [7, 3, 6, 5], columns: 3, padding: 1 },
    { name: "grid-one", shape: [1, 1, 4, 4], columns: 5, padding: 2 },
    { name: "grid-no-padding", shape: [3, 1, 4, 4], columns: 8, padding: 0 },
    // Values of ±0.9: some beyond the range, and none at its other end.
    { name: "grid-range", shape: [7, 3, 6, 5], columns: 3, padding: 1, range: [-1, 0] as const },
  ])(
    "$name has the pixels of torchvision's save_image",
    async ({ name, shape, columns, padding, range }) => {
      await withFolder(async (folder) => {
        const data = values(shape.reduce((a, b) => a * b));
        await writeFile(join(folder, "values"), data);
        const numbers = [...shape, columns, padding, ...(range ?? [])].map(String);
        const theirs = await referee<[number[], string]>(name, "images.py", [
          "grid",
          join(folder, "values"),
          ...numbers,
        ]);
        await new Images(data, shape).save(join(folder, "grid.png"), { columns, padding, range });
        const { data: pixels, info } = await sharp(join(folder, "grid.png"))
          .raw()
          .toBuffer({ resolveWithObject: true });
        expect([info.height, info.width, info.channels]).toEqual(theirs.value[0]);
        expect(pixels.toString("hex")).toBe(theirs.value[1]);
      });
    },
  );

  it("is as wide as its images, however many columns it may have", async () => {
    const png = await new Images(values(2 * 300 ** 2), [2, 1, 300, 300]).toPng({ columns: 10_000 });
    expect(await sharp(png).metadata()).toMatchObject({ width: 606, height: 304 });
  });

  it("of equal values is black, not a division by zero", async () => {
    const png = await new Images(new Float32Array(4).fill(0.5), [1, 1, 2, 2]).toPng();
    expect([...new Set(await sharp(png).raw().toBuffer())]).toEqual([0]);
  });
});

describe("resizing", () => {
  it.each<[datasets.ImageSize, number[]]>([
    [32, [32, 32]],
    [14, [14, 14]],
    [64, [64, 64]],
    [
      [20, 36],
      [20, 36],
    ],
    [
      [40, 14],
      [40, 14],
    ],
  ])("to %j is within one grey level of torchvision's Resize", async (size, sides) => {
    await withFolder(async (folder) => {
      const count = 25;
      using mnist = await datasets.mnist();
      const bytes = Uint8Array.from((await mnist.read(0, count)).data, (value) =>
        Math.round(value * 255),
      );
      await writeFile(join(folder, "bytes"), bytes);
      const args = ["resize", join(folder, "bytes"), `${count}`, "28", ...sides.map(String)];
      const name = `resize-${typeof size === "number" ? size : size.join("x")}`;
      const theirs = await referee<string[]>(name, "images.py", args);
      using resized = await datasets.fromBytes(bytes, { shape: [count, 1, 28, 28], size });
      expect(resized.image).toEqual([1, ...sides]);
      const ours = Uint8Array.from((await resized.read(0, count)).data, (value) =>
        Math.round(value * 255),
      );
      const expected = Buffer.from(theirs.value.join(""), "hex");
      expect(ours.length).toBe(expected.length);
      let worst = 0;
      ours.forEach((value, i) => {
        worst = Math.max(worst, Math.abs(value - (expected[i] as number)));
      });
      expect(worst).toBeLessThanOrEqual(1);
      expect(ours.some((value) => value > 200)).toBe(true);
    });
  });
});

describe("samples", () => {
  it("are the same for a seed and weights, in [-1, 1], and as many as asked for", async () => {
    const { generator } = smallPair();
    const [a, b, more, other] = await Promise.all([
      generator.sample(3, { seed: 1 }),
      generator.sample(3, { seed: 1 }),
      generator.sample(600, { seed: 1 }),
      generator.sample(3, { seed: 2 }),
    ]);
    expect(a.shape).toEqual([3, 1, 8, 8]);
    expect(a.data).toEqual(b.data);
    expect(a.data).not.toEqual(other.data);
    expect(more.shape).toEqual([600, 1, 8, 8]);
    expect(Math.max(...more.data.map(Math.abs))).toBeLessThanOrEqual(1);
  });
});
