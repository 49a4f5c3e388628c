// Feature networks: the classifier of digits and TorchScript files.
import { execFileSync } from "node:child_process";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { datasets, Generator, Images, layers as l, metrics } from "../../lib/index.js";
import { classifierFacts } from "../../lib/metrics/classifier.js";
import { uniform } from "../helpers/features.js";
import { withFolder } from "../helpers/networks.js";

const files = fileURLToPath(new URL("../reference/torch-script/", import.meta.url));
const at = (name: string) => join(files, `${name}.pt`);

/** Whole levels of grey as values of −1 to 1, so that rounding to bytes changes nothing. */
function levels(count: number, channels: number, side: number): Images {
  const next = uniform(count);
  const values = Float32Array.from(
    { length: count * channels * side * side },
    () => Math.floor(256 * next()) / 127.5 - 1,
  );
  return new Images(values, [count, channels, side, side]);
}

/** Of each channel of each image. */
function meansOf({ data, shape }: Images): number[] {
  const [count, channels, height, width] = shape as [number, number, number, number];
  return Array.from({ length: count * channels }, (_, i) => {
    const part = data.subarray(i * height * width, (i + 1) * height * width);
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
}

const closeTo = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 4));

describe("the classifier of digits", () => {
  it("says its accuracy, and has it", async () => {
    const { accuracy, name } = classifierFacts();
    expect(accuracy).toBeGreaterThanOrEqual(0.985);
    using network = await metrics.classifier();
    expect(network.name).toBe(name);
    using test = await datasets.mnist({ split: "test" });
    const { data, shape } = await test.read(0, test.size);
    const features = await network.features(
      new Images(
        data.map((v) => 2 * v - 1),
        shape,
      ),
    );
    expect([features.count, features.width, features.classes]).toEqual([10_000, 64, 10]);
    const logits = features.logits as Float32Array;
    const right = Array.from(test.labels as Uint8Array).filter((label, i) => {
      const row = logits.subarray(10 * i, 10 * i + 10);
      return row.indexOf(Math.max(...row)) === label;
    });
    expect(right.length / 10_000).toBeCloseTo(accuracy, 3);
  });

  it("sees in a dataset, in its images and through a generator the same", async () => {
    using network = await metrics.classifier();
    using test = await datasets.mnist({ split: "test", size: 32 });
    const some = await network.features(test, { count: 300, seed: 5 });
    expect(some.shape).toEqual([300, 64]);
    expect((await network.features(test, { count: 300, seed: 5 })).data).toEqual(some.data);
    expect((await network.features(test, { count: 300, seed: 6 })).data).not.toEqual(some.data);
    // More than a batch, in the order of torch.randperm, as a part of all has it.
    const [shuffled] = await test.split([1], { seed: 5 });
    const drawnImages = await shuffled.read(0, 300, { range: [-1, 1] });
    expect((await network.features(drawnImages)).data).toEqual(some.data);
    const latent = { noise: 4 };
    const layers = [l.linear(64), l.tanh(), l.unflatten([1, 8, 8])];
    using generator = new Generator({ latent, layers }, { seed: 1 });
    const drawn = await network.features(generator, { count: 300, seed: 9 });
    const samples = await network.features(
      await generator.sample(300, { seed: 9, execution: "fused" }),
    );
    expect(samples.data).toEqual(drawn.data);
    expect(samples.network).toBe(network.name);
    expect(drawn.truncation).toBeUndefined();
    const near = await network.features(generator, { count: 300, seed: 9, truncation: 0.4 });
    const same = await generator.sample(300, { seed: 9, truncation: 0.4, execution: "fused" });
    expect(near.truncation).toBe(0.4);
    expect(near.data).toEqual((await network.features(same)).data);
    expect(near.data).not.toEqual(drawn.data);
  });

  it("sees samples of the labels and codes that it is told", async () => {
    using network = await metrics.classifier();
    const latent = { noise: 4, classes: 3, codes: 2 };
    const layers = [l.linear(64), l.tanh(), l.unflatten([1, 8, 8])];
    using generator = new Generator({ latent, layers }, { seed: 1 });
    const chosen = { seed: 9, labels: [0, 2, 2], codes: [0.5, -1] };
    const told = await network.features(generator, { count: 3, ...chosen });
    const samples = await generator.sample(3, { ...chosen, execution: "fused" });
    expect(told.data).toEqual((await network.features(samples)).data);
    const others = { ...chosen, codes: [0.5, 1] };
    const moved = await network.features(generator, { count: 3, ...others });
    expect(moved.data).not.toEqual(told.data);
  });

  it("does not move the stream that networks and trainers draw from", async () => {
    const layers = [l.linear(4), l.unflatten([1, 2, 2])];
    const next = async (between: () => Promise<unknown>) => {
      new Generator({ latent: { noise: 2 }, layers }, { seed: 3 });
      await between();
      using generator = new Generator({ latent: { noise: 2 }, layers });
      return (await generator.sample(1, { seed: 1 })).data;
    };
    const untouched = await next(async () => undefined);
    expect(
      await next(async () => {
        using network = await metrics.classifier();
        await network.features(levels(3, 1, 28));
      }),
    ).toEqual(untouched);
  });

  it("sees three digits in the channels of stacked MNIST", async () => {
    using each = await metrics.classifier({ eachChannel: true });
    using one = await metrics.classifier();
    const stacked = levels(2, 3, 28);
    const features = await each.features(stacked);
    expect([features.width, features.classes, features.answers]).toEqual([192, 10, 3]);
    expect(features.network).toBe(`${one.name} of each channel`);
    const channels = await one.features(new Images(stacked.data, [6, 1, 28, 28]));
    expect(Array.from(features.data)).toEqual(Array.from(channels.data));
  });
});

describe("a TorchScript file", () => {
  it("takes values of the range that it wants, in batches, grey ones as three channels", async () => {
    const images = levels(300, 3, 6);
    using usual = await metrics.torchScript(at("means"));
    const means = meansOf(images);
    expect(Array.from((await usual.features(images)).data)).toEqual(closeTo(means));
    using positive = await metrics.torchScript(at("means"), { range: [0, 1] });
    const shifted = means.map((mean) => (mean + 1) / 2);
    expect(Array.from((await positive.features(images)).data)).toEqual(closeTo(shifted));
    const grey = levels(2, 1, 6);
    const three = meansOf(grey).flatMap((mean) => [mean, mean, mean]);
    expect(Array.from((await usual.features(grey)).data)).toEqual(closeTo(three));
  });

  it("takes bytes, and may answer with [N, width, 1, 1] first of several", async () => {
    const images = levels(3, 3, 6);
    using network = await metrics.torchScript(at("bytes"), { bytes: true });
    const features = await network.features(images);
    expect(features.shape).toEqual([3, 3]);
    const means = meansOf(images).map((mean) => 127.5 * (mean + 1));
    expect(Array.from(features.data)).toEqual(closeTo(means));
  });

  it("gets images of the size that it wants, as torchvision resizes them", async () => {
    using network = await metrics.torchScript(at("fixed"), { size: 8 });
    using dataset = await datasets.fromBytes(new Uint8Array(2 * 3 * 256).fill(77), {
      shape: [2, 3, 16, 16],
    });
    const seen = await network.features(dataset);
    const flat = new Images(new Float32Array(2 * 192).fill(77 / 127.5 - 1), [2, 3, 8, 8]);
    expect(seen.data).toEqual((await network.features(flat)).data);
  });

  it("is called by its name and its content", async () => {
    await withFolder(async (folder) => {
      const [same, other] = [join(folder, "means.pt"), join(folder, "other.pt")];
      const namesake = join(folder, "else", "means.pt");
      await mkdir(join(folder, "else"));
      await copyFile(at("means"), same);
      for (const path of [other, namesake]) await copyFile(at("bytes"), path);
      const names = async (path: string, options = {}) => {
        using network = await metrics.torchScript(path, options);
        return network.name;
      };
      expect(await names(same)).toBe(await names(at("means")));
      expect(await names(same)).toMatch(/^means\.pt@[0-9a-f]{12}$/);
      const [called, alike] = [
        await names(other, { bytes: true }),
        await names(namesake, { bytes: true }),
      ];
      expect(called).toMatch(/^other\.pt@/);
      expect(alike).toBe(called.replace("other", "means"));
      expect(alike).not.toBe(await names(same));
    });
  });

  const refused: [title: string, name: string, options: object, sentence: RegExp][] = [
    [
      "that takes other images",
      "fixed",
      {},
      /takes float32 images \[2, 3, 32, 32\] for path but received one that does not \(.*shapes/,
    ],
    [
      "that takes bytes",
      "bytes",
      {},
      /takes float32 images .* received one that does not \(.*expected bytes/,
    ],
    [
      "that answers with images",
      "itself",
      {},
      /features \[2, width\] of float32 images .* for the output of path but received \[2, 3, 32, 32\]$/,
    ],
    [
      "that answers with whole numbers",
      "whole",
      {},
      /for the output of path but received a tensor of Long$/,
    ],
    [
      "that answers with NaN",
      "never",
      {},
      /for the output of path but received numbers that are not finite$/,
    ],
    ["that answers with text", "text", {}, /for the output of path but received no tensor$/],
    [
      "that answers for all images together",
      "together",
      {},
      /features \[2, width\] of .* for the output of path but received \[1, 3\]$/,
    ],
  ];
  it.each(refused)("%s is refused as it is loaded", async (_, name, options, sentence) => {
    const loading = metrics.torchScript(at(name), options);
    await expect(loading).rejects.toMatchObject({ code: "ERR_DATA" });
    await expect(loading).rejects.toThrow(sentence);
  });

  it("that answers with another width than at first is refused where it does", async () => {
    using network = await metrics.torchScript(at("changing"));
    expect((await network.features(levels(2, 3, 6))).width).toBe(2);
    const failing = network.features(levels(3, 3, 6));
    await expect(failing).rejects.toMatchObject({ code: "ERR_DATA" });
    await expect(failing).rejects.toThrow(
      /features \[3, 2\] of float32 images \[3, 3, 6, 6\], as of those of 32 × 32 that it was tried with, for the output of path but received \[3, 3\]$/,
    );
  });

  it("that is none, or is cut short, is refused", async () => {
    await withFolder(async (folder) => {
      const path = join(folder, "none.pt");
      for (const content of ["", "no network", Buffer.alloc(3000, "PK")]) {
        await writeFile(path, content);
        await expect(metrics.torchScript(path)).rejects.toThrow(
          `Expected a TorchScript file for path but received "${path}" (libtorch cannot load it)`,
        );
      }
    });
  });
});

it("a TorchScript file that is a pipe or a device is refused before it is read", async () => {
  await withFolder(async (folder) => {
    const pipe = join(folder, "pipe.pt");
    execFileSync("mkfifo", [pipe]);
    for (const path of [pipe, "/dev/zero"])
      await expect(metrics.torchScript(path)).rejects.toThrow(
        `Expected a file that can be read for path but received "${path}" (it is no regular file)`,
      );
  });
});

describe("images that are none", () => {
  it("are refused where values are outside of −1 to 1, or no numbers", async () => {
    using network = await metrics.classifier();
    const of = (value: number) => new Images(new Float32Array(784).fill(value), [1, 1, 28, 28]);
    const sentence = "Expected values from -1 to 1 for the images but received";
    await expect(network.features(of(255))).rejects.toThrow(`${sentence} 255 to 255`);
    await expect(network.features(of(1.06))).rejects.toThrow(`${sentence} 1.06 to 1.06`);
    await expect(network.features(of(-1.06))).rejects.toThrow(`${sentence} -1.06 to -1.06`);
    await expect(network.features(of(Number.NaN))).rejects.toThrow(`${sentence} NaN`);
    for (const value of [Infinity, -Infinity])
      await expect(network.features(of(value))).rejects.toThrow(`${sentence} infinite values`);
    // Rounding is none of these: it is the picture of white.
    const [over, white] = [await network.features(of(1.01)), await network.features(of(1))];
    expect(over.data).toEqual(white.data);
  });

  it("are clipped, as in a picture of them, where they are a generator's whose last layer knows no bounds", async () => {
    using network = await metrics.classifier();
    const layers = [l.linear(784), l.unflatten([1, 28, 28])];
    using generator = new Generator({ latent: { noise: 16 }, layers }, { seed: 0 });
    const { data, shape } = await generator.sample(20, { seed: 0 });
    expect(Math.max(...data)).toBeGreaterThan(1.5);
    const clipped = new Images(
      data.map((value) => Math.min(1, Math.max(-1, value))),
      shape,
    );
    const seen = await network.features(generator, { count: 20, seed: 0 });
    expect(seen.data).toEqual((await network.features(clipped)).data);
  });
});
