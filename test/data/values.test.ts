// Values: datasets of numbers that are kept as they are, vectors and images, and what is trained on them.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import {
  type Dataset,
  Discriminator,
  datasets,
  Generator,
  layers as l,
  metrics,
  objectives,
  optimizers,
  penalties,
  Trainer,
  type TrainerOptions,
} from "../../lib/index.js";
import { withFolder } from "../helpers/networks.js";
import { npyFile } from "../helpers/npy.js";
import { fingerprintOf } from "../helpers/presets.js";
import { hiddenLayers, ringData, ringOfGaussians } from "../helpers/ring.js";
import { labelledImages, losses, tinyTrainer, weightsOf } from "../helpers/training.js";

/** Numbers that 8 bits, or a wrong turn through another type, would not survive. */
const odd = Float32Array.of(0, -0, 1e-45, -3.4028234663852886e38, 1 / 3, 300.25, -1, 2 ** 24 - 1);

const bitsOf = (values: Float32Array) => [...new Uint32Array(values.buffer, values.byteOffset)];

describe("datasets.fromValues", () => {
  it.each([
    [[4, 2], [2]],
    [
      [2, 1, 2, 2],
      [1, 2, 2],
    ],
  ])("keeps the bits of what it was given: %j", async (shape, image) => {
    const labels = Uint8Array.from({ length: shape[0] as number }, (_, i) => i);
    using data = await datasets.fromValues(odd, { shape, labels });
    const [size] = shape as [number];
    expect([data.size, data.image, data.dtype, data.resident]).toEqual([
      size,
      image,
      "float32",
      true,
    ]);
    expect([data.labels, data.classes]).toEqual([labels, size]);
    const all = await data.read(0, size);
    expect(all.shape).toEqual(shape);
    expect(bitsOf(all.data)).toEqual(bitsOf(odd));
    const last = await data.read(size - 1, 1);
    expect(bitsOf(last.data)).toEqual(bitsOf(odd.slice(-odd.length / size)));
  });

  it("rounds float64 to the nearest float32", async () => {
    const values = Float64Array.of(0.1, 1 + 2 ** -25, 1e-60, 3.4028235e38);
    using data = await datasets.fromValues(values, { shape: [2, 2] });
    expect([...(await data.read(0, 2)).data]).toEqual([...values].map(Math.fround));
  });

  it("copies: the arrays are the caller's again", async () => {
    const [values, labels] = [Float32Array.of(1, 2), Uint8Array.of(1)];
    using data = await datasets.fromValues(values, { shape: [1, 2], labels });
    values.fill(9);
    labels.fill(9);
    expect([...(await data.read(0, 1)).data]).toEqual([1, 2]);
    expect(data.labels).toEqual(Uint8Array.of(1));
  });

  it("has no range to be read in", async () => {
    using data = await ringData(4);
    await expect(data.read(0, 1, { range: [0, 1] })).rejects.toThrow(
      new TypeError(
        "Expected no range (values are read as they are) for range but received [0, 1]",
      ),
    );
  });

  it("lets timers run while it works on many, and finds the one that is none", async () => {
    const values = new Float32Array(16 << 20);
    values[values.length - 1] = Infinity;
    let ticks = 0;
    const timer = setInterval(() => ++ticks, 1);
    await expect(datasets.fromValues(values, { shape: [values.length / 2, 2] })).rejects.toThrow(
      new RangeError(
        `Expected a finite float32 for values[${values.length - 1}] but received Infinity`,
      ),
    );
    clearInterval(timer);
    expect(ticks).toBeGreaterThanOrEqual(8);
  });

  it("is shown as what it is", async () => {
    using data = await ringData(16);
    expect(inspect(data)).toBe("Dataset { 16 × [2], float32 }");
    using bytes = await labelledImages(3);
    expect(bytes.dtype).toBe("uint8");
  });
});

describe("datasets.npy of rows", () => {
  /** Writes a file with these values behind its header. */
  async function read(
    shape: string,
    values: Float32Array | Float64Array,
    options: Parameters<typeof datasets.npy>[1] = {},
  ): Promise<Dataset> {
    const descr = values instanceof Float32Array ? "'<f4'" : "'<f8'";
    return withFolder(async (folder) => {
      const path = join(folder, "rows.npy");
      const head = npyFile(shape, 0, descr);
      await writeFile(path, Buffer.concat([head, new Uint8Array(values.slice().buffer)]));
      return datasets.npy(path, options);
    });
  }

  it.each([odd, Float64Array.from(odd)])("is datasets.fromValues() of them (%#)", async (rows) => {
    using data = await read("4, 2", rows);
    using same = await datasets.fromValues(odd, { shape: [4, 2] });
    expect([data.size, data.image, data.dtype]).toEqual([4, [2], "float32"]);
    expect(bitsOf((await data.read(0, 4)).data)).toEqual(bitsOf(odd));
    expect(await data.native.fingerprint()).toBe(await same.native.fingerprint());
  });

  it("takes labels", async () => {
    await withFolder(async (folder) => {
      const [rows, labels] = [join(folder, "rows.npy"), join(folder, "labels.npy")];
      await writeFile(rows, npyFile("3, 2", 24, "'<f4'"));
      await writeFile(labels, Buffer.concat([npyFile("3,", 0, "'|u1'"), Buffer.of(2, 0, 1)]));
      using data = await datasets.npy(rows, { labels });
      expect([data.labels, data.classes]).toEqual([Uint8Array.of(2, 0, 1), 3]);
    });
  });

  it.each([
    [{ range: [0, 1] }, "no range", "range but received [0, 1]"],
    [{ layout: "NCHW" }, "no layout", 'layout but received "NCHW"'],
    [{ size: 8 }, "no size", "size but received 8"],
  ] as const)("has no use for what is about images: %j", async (options, what, rest) => {
    const sentence = `Expected ${what} (values of [4, 2] are kept as they are) for ${rest}`;
    await expect(read("4, 2", odd, options)).rejects.toThrow(new TypeError(sentence));
  });

  it.each([
    [Float32Array.of(0, NaN), "its value 1 is NaN, no finite float32"],
    [Float64Array.of(-1e300, 0), "its value 0 is -1e+300, no finite float32"],
  ])("refuses what float32 has no number for (%#)", async (values, why) => {
    const error = await read("1, 2", values).catch((reason) => reason);
    const message = expect.stringMatching(
      /^Expected a \.npy file of rows of numbers for path .*: /,
    );
    expect([error.code, error.message]).toEqual(["ERR_DATA", message]);
    expect(error.message).toContain(why);
  });
});

const adam = optimizers.adam({ lr: 1e-3, betas: [0.5, 0.999] });

function ringTrainer(options: Partial<TrainerOptions> = {}): Trainer {
  return new Trainer({
    generator: new Generator(
      { latent: { noise: 2 }, layers: [...hiddenLayers({ norm: true, width: 16 }), l.linear(2)] },
      { seed: 1 },
    ),
    discriminator: new Discriminator({
      image: [2],
      layers: [...hiddenLayers({ width: 16 }), l.linear(1)],
    }),
    objective: objectives.nonSaturating(),
    optimizer: { generator: adam, discriminator: adam },
    ...options,
  });
}

describe.each(["eager", "fused"] as const)("training on values, %s", (execution) => {
  it("takes values that are a network's pixels to the same bits as the pixels", async () => {
    using bytes = await labelledImages(24);
    const { data, shape } = await bytes.read(0, 24, { range: [-1, 1] });
    using values = await datasets.fromValues(data, { shape });
    using one = tinyTrainer({ execution });
    using other = tinyTrainer({ execution });
    expect(await losses(one, values)).toEqual(await losses(other, bytes));
    expect(await weightsOf(one.generator)).toEqual(await weightsOf(other.generator));
  });

  it("gives them to networks of any range as they are", async () => {
    const trainer = (range: [number, number]) => {
      const image = [1, 2, 2];
      const layers = [l.linear(4), l.unflatten(image)];
      return ringTrainer({
        generator: new Generator({ latent: { noise: 2 }, layers, range }, { seed: 1 }),
        discriminator: new Discriminator({ image, range, layers: [l.flatten(), l.linear(1)] }),
        execution,
      });
    };
    using data = await datasets.fromValues(ringOfGaussians(64), { shape: [32, 1, 2, 2] });
    expect(await losses(trainer([0, 1]), data)).toEqual(await losses(trainer([-1, 1]), data));
  });

  it("goes on from a checkpoint bit for bit, and begins anew with other values", async () => {
    const values = ringOfGaussians(80);
    const points = (changed = values) => datasets.fromValues(changed, { shape: [80, 2] });
    await withFolder(async (folder) => {
      const path = join(folder, "checkpoint");
      using trainer = ringTrainer({ execution });
      using data = await points();
      await losses(trainer, data, 3, 16);
      await trainer.save(path);
      const rest = await losses(trainer, data, 4, 16);
      using again = await Trainer.load(path);
      using same = await points();
      expect(await losses(again, same, 4, 16)).toEqual(rest);
      expect(await fingerprintOf(again)).toBe(await fingerprintOf(trainer));
      using anew = await Trainer.load(path);
      const changed = values.slice();
      changed[159] = (changed[159] as number) + 2 ** -22;
      using other = await points(changed);
      expect((await losses(anew, other, 4, 16))[0]).not.toEqual(rest[0]);
    });
  });

  it("works on parts of a batch as on the whole, to rounding", async () => {
    // Adam's first steps would make a step of a rounding error.
    const sgd = optimizers.sgd({ lr: 0.05 });
    const optimizer = { generator: sgd, discriminator: sgd };
    const objective = objectives.wasserstein({ penalties: [penalties.wganGp({ weight: 0.1 })] });
    const generator = () =>
      new Generator(
        { latent: { noise: 2 }, layers: [l.linear(8), l.relu(), l.linear(2)] },
        { seed: 1 },
      );
    using data = await ringData(64);
    const [whole, parts] = await Promise.all(
      [1, 3].map((accumulate) => {
        const options = { objective, optimizer, execution, accumulate, generator: generator() };
        return losses(ringTrainer(options), data, 3, 16);
      }),
    );
    expect(parts?.flat()).toHaveLength(6);
    parts?.flat().forEach((loss, i) => {
      expect(loss).toBeCloseTo(whole?.flat()[i] as number, 5);
    });
  });

  it("shows labels to who asks for them", async () => {
    const classes = 8;
    const layers = [...hiddenLayers({ width: 16 }), l.linear(2)];
    const options = () => ({
      generator: new Generator({ latent: { noise: 2, classes }, layers }, { seed: 1 }),
      discriminator: new Discriminator({
        image: [2],
        classes,
        layers: [...hiddenLayers({ width: 16 }), l.projection()],
      }),
      execution,
    });
    const values = ringOfGaussians(64);
    const labelled = (labelOf: (i: number) => number) => {
      const labels = Uint8Array.from({ length: 64 }, (_, i) => labelOf(i));
      return datasets.fromValues(values, { shape: [64, 2], labels });
    };
    using right = await labelled((i) => i % 8);
    using wrong = await labelled((i) => (i + 1) % 8);
    expect(await losses(ringTrainer(options()), right)).not.toEqual(
      await losses(ringTrainer(options()), wrong),
    );
    using none = await datasets.fromValues(values, { shape: [64, 2] });
    await expect(losses(ringTrainer(options()), none)).rejects.toThrow(
      "Expected labels, which the discriminator needs, for dataset but received none (datasets.fromValues() takes them as its option labels)",
    );
  });
});

describe("what is for pictures", () => {
  it("refuses points of another shape before it trains", async () => {
    using data = await datasets.fromValues(new Float32Array(24), { shape: [8, 3] });
    await expect(losses(ringTrainer(), data)).rejects.toThrow(
      "Expected images of [2] for dataset but received [3]",
    );
  });

  it("refuses to augment vectors", () => {
    expect(() => ringTrainer({ diffAugment: ["color"] })).toThrow(
      new TypeError(
        "Expected a discriminator of [channels, height, width] for diffAugment but received [2]",
      ),
    );
  });

  it("refuses to mirror vectors", async () => {
    using data = await ringData(8);
    const run = ringTrainer().run(data, { steps: 1, batchSize: 4, horizontalFlip: true });
    await expect(run.next()).rejects.toThrow(
      new RangeError(
        "Expected false (samples of [2] have no width) for horizontalFlip but received true",
      ),
    );
  });

  it("draws no picture of vectors", async () => {
    const samples = await ringTrainer().generator.sample(4, { seed: 0 });
    expect(samples.shape).toEqual([4, 2]);
    await expect(samples.save("never.png")).rejects.toThrow(
      "Expected images of shape [count, 1 or 3, height, width] for shape but received [4, 2]",
    );
  });

  it("sees no features in values, of which nobody knows black and white", async () => {
    using network = await metrics.classifier();
    using points = await ringData(8);
    await expect(network.features(points)).rejects.toThrow(
      "Expected images of [1, height, width], as mnist-classifier-1 takes, for source but received [2]",
    );
    using images = await datasets.fromValues(new Float32Array(64), { shape: [1, 1, 8, 8] });
    await expect(network.features(images)).rejects.toThrow(
      new TypeError(
        'Expected a dataset of bytes, or Images of -1 to 1, for source but received "float32"',
      ),
    );
  });
});
