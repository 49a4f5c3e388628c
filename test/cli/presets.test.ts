// Every preset as a user starts it: on 8-bit images with labels, small and short.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Generator } from "../../lib/index.js";
import { type Preset, presetNames, presets } from "../../lib/presets.js";
import { runCli } from "../helpers/cli.js";
import { makeFolder } from "../helpers/folder.js";
import { writeIdxFolder } from "../helpers/idx.js";

let folder: { readonly path: string; remove(): Promise<void> };
beforeAll(async () => {
  folder = await makeFolder();
  await writeIdxFolder(join(folder.path, "data"), 130);
});
afterAll(() => folder.remove());

/** The smallest images that a preset takes, for speed. */
const smallest = (preset: Preset) =>
  Array.from({ length: 32 }, (_, i) => i + 1).find(
    (side) => side >= 8 && preset.size.fits(side, side),
  );

describe("sparring train --preset", () => {
  it.each(presetNames)("%s trains, samples and saves", async (name) => {
    const preset: Preset = presets[name];
    const { discriminatorSteps = 1, ema } = preset;
    const size = smallest(preset);
    const line = `train --preset ${name} --data data --size ${size} --batch 10 --threads 1 --steps 2 --seed 1`;
    const { code, stdout, stderr } = await runCli([...line.split(" "), "--out", name], folder.path);
    expect([code, stderr.split("\n")[0]]).toEqual([
      0,
      `Training ${name} on ${join(folder.path, "data")}: 130 images of ${size}×${size}`,
    ]);
    const batch = 2 * discriminatorSteps - 1;
    expect(stdout).toMatch(new RegExp(`^\\[Epoch 0/1\\] \\[Batch ${batch}/13\\] \\[D loss: -?\\d`));

    const run = join(folder.path, name);
    const config = JSON.parse(await readFile(join(run, "config.json"), "utf8"));
    expect(config.objective).toEqual(preset.objective);
    expect(config.optimizer).toEqual(preset.optimizer);
    expect(config.discriminatorSteps).toBe(discriminatorSteps);
    expect(await readdir(join(run, "weights"))).toEqual([
      "discriminator.safetensors",
      ...(ema === undefined ? [] : ["generator-ema.safetensors"]),
      "generator.safetensors",
    ]);

    const { generator } = preset.pair({ image: [1, size as number, size as number] });
    const { width } = await sharp(join(run, "samples/2.png")).metadata();
    const columns = generator.latent.classes ? 10 : 5;
    expect(width).toBe(columns * ((size as number) + 2) + 2);
    const loaded = new Generator(generator);
    await loaded.loadWeights(join(run, "weights/generator.safetensors"));
  });
});
