// Images whose channels come last: the same dataset as of the same images in planes.
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type Dataset, datasets, Discriminator, Generator } from "../../lib/index.js";
import { layers as l, Trainer } from "../../lib/index.js";
import { withFolder } from "../helpers/networks.js";
import { fingerprintOf } from "../helpers/presets.js";
import { run, weights } from "../helpers/streams.js";
import { tinyTrainer } from "../helpers/training.js";

type Numbers = Uint8Array | Float32Array | Float64Array;
type Shape = readonly [count: number, channels: number, height: number, width: number];

/** Numbers of [count, channels, height, width] in the order [count, height, width, channels]. */
function lastOf<T extends Numbers>(planes: T, [count, channels, height, width]: Shape): T {
  const last = planes.slice() as T;
  let at = 0;
  for (let image = 0; image < count; ++image)
    for (let row = 0; row < height; ++row)
      for (let column = 0; column < width; ++column)
        for (let channel = 0; channel < channels; ++channel)
          last[at++] = planes[
            ((image * channels + channel) * height + row) * width + column
          ] as number;
  return last;
}

const sidesLast = ([count, channels, height, width]: Shape) => [count, height, width, channels];

/** Noise that is brighter in one plane than in another: means of it tell them apart, too. */
function bytesOf(shape: Shape): Uint8Array {
  const plane = shape[2] * shape[3];
  const length = shape[0] * shape[1] * plane;
  const brightness = (i: number) => 64 * (Math.floor(i / plane) % 4);
  return Uint8Array.from({ length }, (_, i) => (((i * i * 7) >> 2) & 63) + brightness(i));
}

/** A hash of all images: where millions of numbers differ, to list them would take hours. */
async function hexOf(dataset: Dataset): Promise<string> {
  const { data } = await dataset.read(0, dataset.size);
  return createHash("sha256").update(data).digest("hex");
}

async function expectSame(last: Dataset, first: Dataset): Promise<void> {
  expect([last.size, last.image, last.dtype]).toEqual([first.size, first.image, first.dtype]);
  expect(await hexOf(last)).toBe(await hexOf(first));
  expect(await last.native.fingerprint()).toBe(await first.native.fingerprint());
}

const shapes: Shape[] = [
  [1, 1, 1, 1],
  [5, 1, 3, 4],
  [5, 3, 3, 4],
  [5, 4, 4, 3],
  [2, 3, 1, 1],
  // More than an array that native code copies, more than a slice of many.
  [3, 3, 600, 700],
];

describe("an array whose channels come last", () => {
  it("has what is where it says", async () => {
    const pixels = Uint8Array.of(255, 0, 51, 255, 0, 51, 102, 153, 204, 102, 153, 204);
    using data = await datasets.fromBytes(pixels, { shape: [1, 2, 2, 3], layout: "NHWC" });
    expect(data.image).toEqual([3, 2, 2]);
    const { data: values } = await data.read(0, 1, { range: [0, 255] });
    expect([...values]).toEqual([255, 255, 102, 102, 0, 0, 153, 153, 51, 51, 204, 204]);
  });

  it.each(shapes)("is the dataset of its planes: bytes of %i × %i × %i × %i", async (...shape) => {
    const planes = bytesOf(shape);
    using first = await datasets.fromBytes(planes, { shape, layout: "NCHW" });
    const options = { shape: sidesLast(shape), layout: "NHWC" } as const;
    using last = await datasets.fromBytes(lastOf(planes, shape), options);
    await expectSame(last, first);
  });

  it.each(shapes)("is, resized, too: bytes of %i × %i × %i × %i", async (...shape) => {
    const planes = bytesOf(shape);
    const size = [5, 2] as const;
    using first = await datasets.fromBytes(planes, { shape, size });
    const options = { shape: sidesLast(shape), layout: "NHWC", size } as const;
    using last = await datasets.fromBytes(lastOf(planes, shape), options);
    await expectSame(last, first);
  });

  it.each(shapes)("is, of numbers that are rounded: %i × %i × %i × %i", async (...shape) => {
    const planes = Float32Array.from(bytesOf(shape), (byte) => byte / 127.5 - 1);
    const labels = Uint8Array.from({ length: shape[0] }, (_, i) => i);
    const options = { range: [-1, 1], labels } as const;
    using first = await datasets.fromArray(planes, { shape, ...options });
    using last = await datasets.fromArray(lastOf(planes, shape), {
      shape: sidesLast(shape),
      layout: "NHWC",
      ...options,
    });
    await expectSame(last, first);
    expect(last.labels).toEqual(labels);
  });

  it.each(shapes)("is, of values as they are: %i × %i × %i × %i", async (...shape) => {
    const planes = Float64Array.from(bytesOf(shape), (byte, i) => Math.sin(byte + i) * 3);
    using first = await datasets.fromValues(planes, { shape });
    using last = await datasets.fromValues(lastOf(planes, shape), {
      shape: sidesLast(shape),
      layout: "NHWC",
    });
    await expectSame(last, first);
  });

  it("tells of a value by its place in the array", async () => {
    const values = new Float32Array(12);
    values[4] = 2;
    const shape = [1, 2, 2, 3];
    const made = datasets.fromArray(values, { shape, layout: "NHWC", range: [-1, 1] });
    await expect(made).rejects.toThrow("Expected values in [-1, 1] for values[4] but received 2");
  });
});

describe("a stream of images whose channels come last", () => {
  const image = [3, 4, 6] as const;
  const shape = [20, ...image] as const;
  const size = 3 * 4 * 6;

  function colourTrainer(): Trainer {
    const layers = [l.linear(size), l.tanh(), l.unflatten([...image])];
    const generator = new Generator({ latent: { noise: 5 }, layers }, { seed: 1 });
    const scores = [l.conv2d(4, 3), l.leakyRelu(0.2), l.flatten(), l.linear(1)];
    const discriminator = new Discriminator({ image: [...image], layers: scores }, { seed: 1 });
    return tinyTrainer({ generator, discriminator });
  }

  /** Epochs of 20 images in items of some. */
  const source = (numbers: Uint8Array | Float32Array) =>
    function* epoch() {
      for (let at = 0; at < numbers.length; at += 7 * size)
        yield numbers.subarray(at, at + 7 * size);
    };

  const bytes = bytesOf(shape);
  const floats = Float32Array.from(bytes, (byte) => byte / 255);
  it.each<[string, Uint8Array | Float32Array, object]>([
    ["bytes", bytes, {}],
    ["numbers that are rounded", floats, { range: [0, 1] }],
    ["values as they are", floats, { dtype: "float32" }],
    ["bytes in another order", bytes, { shuffle: 6, seed: 2 }],
  ])("trains to the bits of the same in planes: %s", async (_, planes, options) => {
    const [first, last] = [colourTrainer(), colourTrainer()];
    const given = { image: [...image], ...options };
    await run(first, datasets.stream(source(planes), given), 7);
    const stream = datasets.stream(source(lastOf(planes, shape)), { ...given, layout: "NHWC" });
    expect(stream.image).toEqual(image);
    await run(last, stream, 7);
    expect(await weights(last)).toEqual(await weights(first));
  });

  it("goes on from a checkpoint in the middle of an epoch", async () => {
    const options = { image: [...image], shuffle: 6, layout: "NHWC" } as const;
    const made = () => datasets.stream(source(lastOf(bytes, shape)), options);
    const [stopped, whole] = [colourTrainer(), colourTrainer()];
    await run(stopped, made(), 4);
    const again = await withFolder(async (folder) => {
      await stopped.save(`${folder}/checkpoint`);
      return Trainer.load(`${folder}/checkpoint`);
    });
    await run(again, made(), 5);
    await run(whole, made(), 9);
    expect(await fingerprintOf(again)).toBe(await fingerprintOf(whole));
  });
});
