// `sparring train --dry-run`: what it tells is what the run then does, and nothing is written.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DryRun, NetworkTable } from "../../lib/run/dry.js";
import { readSafetensors } from "../../lib/safetensors.js";
import { product } from "../../lib/shape.js";
import { runCli, withOptions } from "../helpers/cli.js";
import { makeFolder } from "../helpers/folder.js";
import { writeIdxFolder } from "../helpers/idx.js";
import { flatPng, writeTree } from "../helpers/image-folder.js";

let folder: { readonly path: string; remove(): Promise<void> };
const at = (...parts: string[]) => join(folder.path, ...parts);
const sparring = (line: string) =>
  runCli(line.split(" "), folder.path, { XDG_CACHE_HOME: at("cache") });
const tree = async () => (await readdir(folder.path, { recursive: true })).sort();

beforeAll(async () => {
  folder = await makeFolder();
  await writeIdxFolder(at("data"), 40);
});
afterAll(() => folder.remove());

/** Numbers of a saved network that are not the buffers of BatchNorm or spectralNorm. */
async function savedNumbers(path: string, prefix = ""): Promise<number> {
  const trained = (await readSafetensors(path)).filter(
    ({ name }) =>
      name.startsWith(prefix) && !/\.(running_\w+|num_batches_tracked|\w*_[uv])$/.test(name),
  );
  return trained.reduce((sum, { shape }) => sum + product(shape), 0);
}

describe.each(["infogan", "r3gan", "sngan-hinge", "cgan"])("a dry run of %s", (preset) => {
  const line = `train --preset ${preset} --data data --size 8 --batch 10 --threads 1 --steps 2 --seed 1`;
  let told: DryRun;
  beforeAll(async () => {
    const before = await tree();
    const { code, stdout, stderr } = await sparring(`${line} --out ${preset} --dry-run --json`);
    expect([code, stderr]).toEqual([0, ""]);
    expect(await tree()).toEqual(before);
    told = JSON.parse(stdout);
    expect((await sparring(`${line} --out ${preset}`)).code).toBe(0);
  });

  it("tells the config that the run then has", async () => {
    const { started, ...config } = JSON.parse(await readFile(at(preset, "config.json"), "utf8"));
    expect(told.config).toEqual(config);
  });

  it("counts the parameters that the run then saves, layer by layer", async () => {
    for (const role of ["generator", "discriminator"] as const) {
      const table: NetworkTable = told[role];
      const weights = at(preset, `weights/${role}.safetensors`);
      expect(table.parameters).toBe(await savedNumbers(weights));
      for (const { path } of table.layers) {
        const inside = table.layers.filter((other) => `${other.path}.`.startsWith(`${path}.`));
        const all = inside.reduce((sum, { parameters }) => sum + parameters, 0);
        expect([path, all]).toEqual([path, await savedNumbers(weights, `${path}.`)]);
      }
    }
    expect(told.parameters).toBe(told.generator.parameters + told.discriminator.parameters);
  });

  it("ends in the shapes of an image and of scores, and in bounds above zero", () => {
    expect(told.generator.layers.at(-1)?.output).toEqual([1, 8, 8]);
    const { bytes, millisecondsPerStep, seconds } = told.lowerBounds;
    // The outputs of one image at least, for each of the batch.
    expect(bytes).toBeGreaterThan(4 * 10 * 64);
    expect(seconds).toBeCloseTo((2 * millisecondsPerStep) / 1000);
    expect(millisecondsPerStep).toBeGreaterThan(0);
  });
});

describe("a dry run for people", () => {
  it("is a table, and says what its bounds are", async () => {
    const before = await tree();
    const line =
      "train --preset mlp --data data --size 8 --batch 10 --threads 1 --steps 2 --seed 1";
    const { code, stdout, stderr } = await sparring(`${line} --dry-run`);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^config\npreset +"mlp"\n/);
    expect(stdout).toMatch(
      /\ngenerator +type +output +parameters\nmodel +sequential +64\nmodel.0 +linear +\d+ +12,928\n/,
    );
    expect(stdout).toMatch(
      /\n[\d,]+ parameters in all\.\nA step holds at least [\d.]+ [kM]B of outputs/,
    );
    expect(stdout).toMatch(/\n2 steps take at least 0:00: a lower bound, of [\d.e-]+ ms a step\n/);
    expect(await tree()).toEqual(before);
  });

  describe("of a folder of images", () => {
    const line = "train --preset mlp --size 8 --batch 2 --steps 2 --data";
    let pictures: { readonly path: string; remove(): Promise<void> };
    beforeAll(async () => {
      pictures = await makeFolder();
      const levels = [0, 60, 120, 180];
      await writeTree(
        pictures.path,
        Object.fromEntries(levels.map((level) => [`${level}.png`, level])),
      );
    });
    afterAll(() => pictures.remove());
    const timeless = (text: string) => text.replace(/ in \d:\d\d,/, " in 0:00,");
    const read = () =>
      `Reading 4 images of ${pictures.path}\nRead 4 images in 0:00, and kept none\n`;

    it.each(["", " --no-resident"])("decodes it without packing it%s", async (more) => {
      const before = await tree();
      const { code, stderr } = await sparring(`${line} ${pictures.path} --dry-run${more}`);
      expect([code, timeless(stderr)]).toEqual([0, read()]);
      expect(await tree()).toEqual(before);
    });

    it.each(["resident", "no-resident"])("tells what --%s makes of it", async (option) => {
      const told = await sparring(`${line} ${pictures.path} --dry-run --json --${option}`);
      expect(JSON.parse(told.stdout).config.resident).toBe(option === "resident");
    });

    it("decodes some of many, and tells of all", async () => {
      const one = await flatPng(100);
      const many = Array.from({ length: 70 }, (_, i) => [`${i}.png`, one] as const);
      const empty = { "empty.png": Buffer.alloc(0), "text.png": Buffer.from("text") };
      await writeTree(at("many"), { ...Object.fromEntries(many), ...empty });
      const words = withOptions(`${line} ${at("many")}`, "--dry-run --json --batch 4");
      const { code, stdout, stderr } = await sparring(words);
      expect([code, timeless(stderr).split("\n")]).toEqual([
        0,
        [
          `Reading 64 images of ${at("many")}`,
          "Read 64 images in 0:00, and kept none",
          "Looked at 64 of 72 files: a run leaves out what else is broken",
          'Left out 1 of the files as broken: "empty.png" (it is empty)',
          "",
        ],
      ]);
      expect(JSON.parse(stdout).config).toMatchObject({ images: 71, classes: 0 });
      const judged = await sparring(
        `${words} --channels 1 --evaluate-every 1 --evaluate-samples 70`,
      );
      expect([judged.code, judged.stderr.split("\n")[0]]).toEqual([
        0,
        `Reading 72 images of ${at("many")}`,
      ]);
      expect(JSON.parse(judged.stdout).config).toMatchObject({ images: 70 });
    });

    it("decodes all where none of some is an image", async () => {
      const text = Buffer.from("text");
      // Every other one is looked at.
      const many = Array.from({ length: 128 }, (_, i) => [
        `${String(i).padStart(3, "0")}.png`,
        i % 2 === 0 ? text : 100,
      ]);
      await writeTree(at("half"), Object.fromEntries(many));
      const { code, stdout } = await sparring(`${line} ${at("half")} --dry-run --json`);
      expect(code).toBe(0);
      expect(JSON.parse(stdout).config).toMatchObject({ images: 64 });
    });

    it("reads what a run packed, as long as that fits", async () => {
      expect((await sparring(`${line} ${pictures.path} --out packed`)).code).toBe(0);
      const before = await tree();
      for (const more of ["", " --no-resident"]) {
        const { code, stderr } = await sparring(`${line} ${pictures.path} --dry-run${more}`);
        expect([code, stderr]).toEqual([0, ""]);
      }
      await writeTree(pictures.path, { "180.png": 181 });
      for (const more of ["", " --no-resident"]) {
        const { code, stderr } = await sparring(`${line} ${pictures.path} --dry-run${more}`);
        expect(code).toBe(0);
        expect(stderr).toContain("made of other files or with other options; reading the files\n");
        expect(stderr.split("reading the files").length).toBe(2);
        expect(timeless(stderr)).toContain(read());
      }
      expect(await tree()).toEqual(before);
    });
  });
});
