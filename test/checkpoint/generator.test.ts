// The generator of a checkpoint, without the rest of it.
import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { checksumOf } from "../../lib/checkpoint/format.js";
import { Generator, type GeneratorLoadOptions, Trainer } from "../../lib/index.js";
import { freshPaths, saveGood } from "../helpers/checkpoints.js";
import { labelledImages, losses, tinyTrainer, weightsOf } from "../helpers/training.js";

const fresh = await freshPaths();
const good = await saveGood(fresh());

async function copy(): Promise<string> {
  const path = fresh();
  await cp(good, path, { recursive: true });
  return path;
}

describe("Generator.load", () => {
  it("loads the average, or what it is of", async () => {
    using trainer = await Trainer.load(good);
    const { ema, generator } = trainer;
    using average = await Generator.load(good);
    using raw = await Generator.load(good, { raw: true });
    expect(await weightsOf(average)).toEqual(await weightsOf(ema as Generator));
    expect(await weightsOf(raw)).toEqual(await weightsOf(generator));
    expect(await weightsOf(raw)).not.toEqual(await weightsOf(average));
    expect(average.architecture).toEqual(generator.architecture);
    const { data } = await average.sample(3, { seed: 4 });
    expect(data).toEqual((await (ema as Generator).sample(3, { seed: 4 })).data);
  });

  it("loads the generator where no average was kept, conditional as it is", async () => {
    using trainer = tinyTrainer({ latent: { noise: 5, classes: 3, labels: "embedded" } });
    await losses(trainer, await labelledImages(16));
    const path = fresh();
    await trainer.save(path);
    for (const options of [{}, { raw: true }, { device: "cpu" } as const]) {
      using generator = await Generator.load(path, options);
      expect(await weightsOf(generator)).toEqual(await weightsOf(trainer.generator));
      expect((await generator.sample(2, { labels: [0, 2] })).count).toBe(2);
    }
  });

  it("needs nothing else of the checkpoint", async () => {
    const path = await copy();
    for (const file of ["generator", "discriminator", "training"])
      await rm(`${path}/${file}.safetensors`);
    using average = await Generator.load(path);
    expect((await average.sample(1)).count).toBe(1);
    await expect(Generator.load(path, { raw: true })).rejects.toThrow("generator.safetensors");
    await expect(Trainer.load(path)).rejects.toMatchObject({ code: "ERR_CHECKPOINT" });
  });

  it.each<[string, unknown, unknown, string]>([
    ["no path", 7, {}, "Expected a non-empty string for path but received 7"],
    ["an empty path", "", {}, 'for path but received ""'],
    ["no options", good, "raw", 'Expected an object for options but received "raw"'],
    [
      "an unknown option",
      good,
      { averaged: true },
      'Expected only the options raw, device for options but received "averaged"',
    ],
    [
      "a word for a flag",
      good,
      { raw: "yes" },
      'Expected true or false for raw but received "yes"',
    ],
    ["a device that there is not", good, { device: "gpu" }, 'for device but received "gpu"'],
  ])("refuses %s", async (_, path, options, sentence) => {
    const loaded = Generator.load(path as string, options as GeneratorLoadOptions);
    await expect(loaded).rejects.toThrow(sentence);
    await expect(loaded).rejects.toBeInstanceOf(TypeError);
  });

  it("refuses a folder that is none, and one that is damaged", async () => {
    await expect(Generator.load(fresh())).rejects.toMatchObject({ code: "ERR_CHECKPOINT" });
    const path = await copy();
    const bytes = await readFile(`${path}/ema.safetensors`);
    bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
    await writeFile(`${path}/ema.safetensors`, bytes);
    await expect(Generator.load(path)).rejects.toMatchObject({
      code: "ERR_CHECKPOINT",
      message: expect.stringContaining("ema.safetensors is damaged"),
    });
    using raw = await Generator.load(path, { raw: true });
    expect((await raw.sample(1)).count).toBe(1);
  });

  it("refuses weights that are another network's, which somebody forged", async () => {
    const path = await copy();
    const text = await readFile(`${path}/checkpoint.json`, "utf8");
    const { checksum, ...manifest } = JSON.parse(text.replaceAll('"noise": 5', '"noise": 6'));
    const forged = JSON.stringify({ ...manifest, checksum: checksumOf(manifest) });
    await writeFile(`${path}/checkpoint.json`, forged);
    await expect(Generator.load(path)).rejects.toMatchObject({
      code: "ERR_WEIGHTS",
      message: expect.stringContaining("[16, 6]"),
    });
  });
});
