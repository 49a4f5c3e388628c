// Images that are no squares, from a folder of pictures to samples, through every command.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { resolveDiscriminator, resolveGenerator } from "../../lib/architecture.js";
import { layers as l } from "../../lib/index.js";
import { type Preset, presetNames, presets } from "../../lib/presets.js";
import { runCli } from "../helpers/cli.js";
import { contentsOf, makeFolder } from "../helpers/folder.js";
import { flatPng, writeTree } from "../helpers/image-folder.js";

let folder: { readonly path: string; remove(): Promise<void> };
const at = (...parts: string[]) => join(folder.path, ...parts);
const run = (words: string) => runCli(words.split(" "), folder.path, { XDG_CACHE_HOME: at("xdg") });
const small =
  "train --preset acgan --data pictures --channels 1 --batch 8 --threads 1 --seed 1 --log-every 1 --checkpoint-every 2";

beforeAll(async () => {
  folder = await makeFolder();
  const names = ["tall", "wide"].flatMap((name) => [0, 1, 2, 3, 4, 5, 6, 7].map((i) => [name, i]));
  const files = names.map(async ([name, i]) => {
    const [long, short] = [20 + 3 * Number(i), 9 + Number(i)];
    const [width, height] = name === "tall" ? [short, long] : [long, short];
    return [`${name}/${i}.png`, await flatPng(16 * Number(i), width, height)] as const;
  });
  await writeTree(at("pictures"), Object.fromEntries(await Promise.all(files)));
  expect(await run(`${small} --size 8x12 --steps 4 --out whole`)).toMatchObject({ code: 0 });
});
afterAll(() => folder.remove());

const configOf = async (name: string) =>
  JSON.parse(await readFile(at(name, "config.json"), "utf8"));
const sidesOf = async (picture: string) => {
  const { height, width } = await sharp(at(picture)).metadata();
  return [height, width];
};

describe("a picture that would be too large for its file", () => {
  const image = [1, 8, 512] as const;
  const large = {
    generator: {
      latent: { noise: 2 },
      layers: [l.linear(8 * 512), l.unflatten(image)],
    },
    discriminator: { image, layers: [l.flatten(), l.linear(1)] },
  };
  beforeAll(async () => {
    await writeFile(at("large.json"), JSON.stringify({ ...large, data: "pictures" }));
    const line = "train large.json --steps 1 --batch 2 --threads 1 --out large";
    expect(await run(line)).toMatchObject({ code: 0 });
  });

  it.each([
    [
      "sample large --count 100000 --columns 2 --out no.png",
      "Expected a grid of at most 268402689 pixels, and not of 500002 × 1030, for --count but received 100000",
    ],
    [
      "interpolate large --rows 100 --frames 1000 --out no.png",
      "Expected a grid of at most 268402689 pixels, and not of 1002 × 514002, for --frames but received 1000",
    ],
    [
      "interpolate large --rows 32 --out no.webp",
      "Expected at most 31 rows of this width, which a .webp has side by side, for --rows but received 32",
    ],
    [
      "interpolate large --rows 100 --frames 400 --out no.gif",
      "Expected a grid of at most 268402689 pixels, and not of 6384 × 51200, for --frames but received 400",
    ],
  ])("%s is refused before it is drawn", async (line, message) => {
    const { code, stderr } = await run(line);
    expect([code, stderr]).toEqual([2, `${message}\n`]);
    await expect(readFile(at(line.split(" ").at(-1) as string))).rejects.toThrow("ENOENT");
  });

  it("is drawn where it just fits", async () => {
    const line = "interpolate large --rows 31 --frames 2 --out fits.webp";
    expect(await run(line)).toMatchObject({ code: 0 });
    const { width, pages } = await sharp(at("fits.webp")).metadata();
    expect([width, pages]).toEqual([31 * 512, 2]);
  });
});

describe("a run on oblong images", () => {
  it("says so, records height and width, and draws them in its grids", async () => {
    const { size, images } = await configOf("whole");
    expect([size, images]).toEqual([[8, 12], 16]);
    // A column for each of two classes.
    const [height, width] = await sidesOf("whole/samples/4.png");
    expect([(Number(height) - 2) % (8 + 2), width]).toEqual([0, 2 * (12 + 2) + 2]);
    const { stderr } = await run(`${small} --size 8x12 --steps 1 --out said`);
    expect(stderr.split("\n")[0]).toBe(`Training acgan on ${at("pictures")}: 16 images of 8×12`);
  });

  it("goes on, and comes again, to the same bytes", async () => {
    expect(await run(`${small} --size 8x12 --steps 2 --out half`)).toMatchObject({ code: 0 });
    expect(await run("train --resume --steps 4 --out half")).toMatchObject({ code: 0 });
    const weights = "weights/generator.safetensors";
    const whole = await readFile(at("whole", weights));
    expect(whole.equals(await readFile(at("half", weights)))).toBe(true);
    const again = await run(`${small} --size 8X12 --steps 4 --restartable --out half`);
    expect(again).toMatchObject({ code: 0 });
    expect(again.stderr).toContain("from step 4 on");
    const before = await contentsOf(at("half"));
    const turned = await run(`${small} --size 12x8 --steps 4 --restartable --out half`);
    expect(turned).toMatchObject({
      code: 2,
      stderr: 'Expected [8, 12], as the run in "half" has it, for --size but received [12, 8]\n',
    });
    expect(await contentsOf(at("half"))).toEqual(before);
  });

  it("is repeated by its config.json", async () => {
    expect(await run("train whole/config.json --out repeated")).toMatchObject({ code: 0 });
    const samples = "samples/4.png";
    const drawn = await readFile(at("whole", samples));
    expect(drawn.equals(await readFile(at("repeated", samples)))).toBe(true);
  });

  it("is sampled, interpolated, evaluated and exported", async () => {
    expect(await run("sample whole --count 6 --columns 3 --out g.png")).toMatchObject({ code: 0 });
    expect(await sidesOf("g.png")).toEqual([2 * (8 + 2) + 2, 3 * (12 + 2) + 2]);
    expect(await run("interpolate whole --out way.webp")).toMatchObject({ code: 0 });
    const moving = await sharp(at("way.webp"), { animated: true }).metadata();
    expect([moving.pageHeight, Number(moving.width) % 12]).toEqual([8, 0]);
    const measure = "evaluate whole --samples 16 --metrics inception-score";
    const { stdout } = await run(measure);
    expect(stdout).toContain("16 samples against 16 images of");
    expect(stdout).toContain(", 8×12\n");
    expect(JSON.parse((await run(`${measure} --json`)).stdout)).toMatchObject({ size: [8, 12] });
    expect(await run("export whole --out g.onnx")).toMatchObject({ code: 0 });
  });

  it("is a square's where both sides are equal", async () => {
    const dry = await run(`${small} --size 8x8 --steps 1 --dry-run --json`);
    expect(JSON.parse(dry.stdout).config.size).toBe(8);
  });
});

describe("presets", () => {
  it.each(presetNames)("%s makes the oblong images that it says it can", (name) => {
    const { size, pair }: Preset = presets[name];
    const squares = ["dcgan", "stylegan2", "r3gan"].includes(name);
    expect([size.fits(16, 24), size.fits(24, 16)]).toEqual([!squares, !squares]);
    if (squares) return;
    for (const image of [
      [3, 16, 24],
      [1, 24, 16],
    ]) {
      const { generator, discriminator } = pair({ image });
      expect(resolveGenerator(generator).output).toEqual(image);
      expect(resolveDiscriminator(discriminator).input).toEqual(image);
    }
  });
});
