// `sparring sample` and `sparring interpolate`: pictures of runs, compared with what the runs and their weights say.
import { access, cp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Generator, type Images, latents } from "../../lib/index.js";
import { type Preset, presets } from "../../lib/presets.js";
import { type Ended, runCli, startCli } from "../helpers/cli.js";
import { makeFolder } from "../helpers/folder.js";
import { writeIdxFolder } from "../helpers/idx.js";

let folder: { readonly path: string; remove(): Promise<void> };
const at = (...parts: string[]) => join(folder.path, ...parts);
const sparring = (line: string): Promise<Ended> => runCli(line.split(" "), folder.path);

// Without anything, with an average, with embedded labels, with one-hot labels and codes.
const names = ["mlp", "r3gan", "cgan", "infogan"] as const;
const small = "--data data --size 8 --batch 10 --threads 1 --seed 1 --sample-every 1";

beforeAll(async () => {
  folder = await makeFolder();
  await writeIdxFolder(at("data"), 40);
  for (const preset of names) {
    const line = `train --preset ${preset} ${small} --steps 3 --checkpoint-every 1 --out ${preset}`;
    expect((await sparring(line)).code).toBe(0);
  }
});
afterAll(() => folder.remove());

/** The generator of a run, with weights of a file in it. */
async function generatorOf(name: (typeof names)[number], weights = "weights/generator") {
  const preset: Preset = presets[name];
  const generator = new Generator(preset.pair({ image: [1, 8, 8], classes: 10 }).generator);
  await generator.loadWeights(at(name, `${weights}.safetensors`));
  return generator;
}

const pixels = async (path: string) => (await sharp(at(path)).raw().toBuffer()).toString("hex");

async function pixelsOf(images: Images, columns: number): Promise<string> {
  const png = await images.toPng({ columns });
  return (await sharp(png).raw().toBuffer()).toString("hex");
}

/** Runs a command that succeeds, with --json; what it told. */
async function told(line: string): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await sparring(`${line} --json`);
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout);
}

describe("sparring sample", () => {
  it.each(names)("draws the last picture of %s again, byte for byte", async (name) => {
    const { code, stdout, stderr } = await sparring(`sample ${name} --out ${name}.png`);
    const [which, count] = [
      name === "r3gan" ? "averaged generator" : "generator",
      name === "mlp" || name === "r3gan" ? 25 : 50,
    ];
    expect([code, stderr, stdout]).toEqual([
      0,
      "",
      `${count} samples of the ${which} of ${name} after 3 steps are in ${at(`${name}.png`)}\n`,
    ]);
    const ours = await readFile(at(`${name}.png`));
    expect(ours.equals(await readFile(at(name, "samples/3.png")))).toBe(true);
  });

  it("draws those of an earlier checkpoint", async () => {
    for (const step of [1, 2]) {
      expect((await told(`sample r3gan --step ${step} --out then.png`)).step).toBe(step);
      const ours = await readFile(at("then.png"));
      expect(ours.equals(await readFile(at(`r3gan/samples/${step}.png`)))).toBe(true);
    }
  });

  it("takes the weights without their average where asked", async () => {
    expect(await told("sample r3gan --raw --out raw.png")).toMatchObject({ averaged: false });
    const images = await (await generatorOf("r3gan")).sample(25, { seed: 0 });
    expect(await pixels("raw.png")).toBe(await pixelsOf(images, 5));
    expect(await pixels("raw.png")).not.toBe(await pixels("r3gan/samples/3.png"));
  });

  it("draws as many of a class, of a seed, in as many columns as asked", async () => {
    const line = "sample cgan --count 6 --columns 3 --seed 9 --class 7 --out seven.png";
    expect(await told(line)).toEqual({
      path: at("seven.png"),
      preset: "cgan",
      averaged: false,
      step: 3,
      count: 6,
      columns: 3,
      seed: 9,
      class: 7,
      truncation: null,
      truncationPsi: null,
    });
    const images = await (await generatorOf("cgan")).sample(6, { seed: 9, labels: 7 });
    expect(await pixels("seven.png")).toBe(await pixelsOf(images, 3));
  });

  it("draws noise up to a distance from 0 where asked", async () => {
    const line = "sample cgan --truncation 0.4 --out near.png";
    expect(await told(line)).toMatchObject({ truncation: 0.4 });
    const labels = Array.from({ length: 50 }, (_, i) => i % 10);
    const options = { seed: 0, labels, truncation: 0.4 };
    const images = await (await generatorOf("cgan")).sample(50, options);
    expect(await pixels("near.png")).toBe(await pixelsOf(images, 10));
    expect(await pixels("near.png")).not.toBe(await pixels("cgan/samples/3.png"));
  });

  it("draws 25 of a class in five columns unless asked otherwise", async () => {
    expect(await told("sample cgan --class 7 --out c.png")).toMatchObject({
      count: 25,
      columns: 5,
    });
  });

  it("goes through the classes in turn otherwise", async () => {
    expect(await told("sample cgan --count 12 --out all.png")).toMatchObject({ class: null });
    const labels = Array.from({ length: 12 }, (_, i) => i % 10);
    const images = await (await generatorOf("cgan")).sample(12, { seed: 0, labels });
    expect(await pixels("all.png")).toBe(await pixelsOf(images, 10));
  });

  it("takes an older checkpoint where the newest is damaged, and says so", async () => {
    await cp(at("mlp"), at("damaged"), { recursive: true });
    await truncate(at("damaged/checkpoints/000003/generator.safetensors"), 1000);
    const { code, stdout, stderr } = await sparring("sample damaged --out d.png");
    expect([code, stdout]).toEqual([0, expect.stringContaining("of mlp after 2 steps")]);
    expect(stderr).toMatch(
      /^Skipped a checkpoint that is not intact: Expected a checkpoint for the run but received .* has 1000 bytes, not \d+\)\n$/,
    );
    const asked = await sparring("sample damaged --step 3 --out d.png");
    expect([asked.code, asked.stderr]).toEqual([
      2,
      expect.stringMatching(
        /^Expected a checkpoint for --step but received "damaged\/checkpoints\/000003" \(.* has 1000 bytes, not \d+\)\n$/,
      ),
    ]);
    // Nothing of the run is touched: it may be somebody else's.
    expect((await readdir(at("damaged/checkpoints"))).length).toBe(3);
  });

  it("takes an older checkpoint where a later version wrote the newest, and says so", async () => {
    await cp(at("mlp"), at("later"), { recursive: true });
    const manifest = at("later/checkpoints/000003/checkpoint.json");
    const written = JSON.parse(await readFile(manifest, "utf8"));
    await writeFile(manifest, JSON.stringify({ ...written, version: 99 }));
    const { code, stdout, stderr } = await sparring("sample later --out l.png");
    expect([code, stdout]).toEqual([0, expect.stringContaining("of mlp after 2 steps")]);
    expect(stderr).toMatch(
      /^Skipped a checkpoint that a later version wrote: .* \(its format is version 99; .*\n$/,
    );
  });

  it("takes the weights alone where there are no checkpoints", async () => {
    await cp(at("mlp"), at("bare"), { recursive: true });
    await rm(at("bare/checkpoints"), { recursive: true });
    expect((await told("sample bare --out b.png")).step).toBeNull();
    expect(await pixels("b.png")).toBe(await pixels("mlp/samples/3.png"));
  });

  it("draws while the run goes on", async () => {
    const line = "train --preset mlp --data data --size 8 --batch 10 --steps 10000000 --out on";
    const { child, ended } = startCli(`${line} --checkpoint-every 200`.split(" "), folder.path);
    while ((await readdir(at("on/checkpoints")).catch(() => [])).length < 2) await setTimeout(20);
    const { step } = await told("sample on --out on.png");
    expect(step).toBeGreaterThanOrEqual(200);
    child.kill("SIGINT");
    expect((await ended).code).toBe(130);
  });
});

const size = (path: string) => sharp(at(path)).metadata();
const join32 = (parts: readonly Float32Array[]) =>
  Float32Array.from(parts.flatMap((part) => [...part]));

describe("sparring interpolate", () => {
  it("names the range whose ends no network can take", async () => {
    const line = "interpolate infogan --code 0 --range -1e39,1 --out far.png";
    const { code, stderr } = await sparring(line);
    expect([code, stderr]).toEqual([
      2,
      'Expected two finite float32, a,b, for --range but received "-1e39,1"\n',
    ]);
  });

  it("draws rows of frames, from seed to seed", async () => {
    const line = "interpolate mlp --from 3 --to 8 --frames 4 --rows 2 --out strip.png";
    expect(await told(line)).toEqual({
      path: at("strip.png"),
      preset: "mlp",
      averaged: false,
      step: 3,
      frames: 4,
      rows: 2,
      from: 3,
      to: 8,
      method: "spherical",
      classes: null,
      code: null,
      truncationPsi: null,
    });
    const generator = await generatorOf("mlp");
    const noise = (seed: number) => generator.noise(1, { seed });
    const all: Float32Array[] = [];
    for (const [from, to] of [
      [3, 8],
      [4, 9],
    ] as const)
      for (const t of [0, 1 / 3, 2 / 3, 1])
        all.push(latents.slerp(await noise(from), await noise(to), t));
    const images = await generator.sample(8, { noise: join32(all) });
    expect(await pixels("strip.png")).toBe(await pixelsOf(images, 4));
  });

  it("goes straight with --method linear, which is another picture", async () => {
    const line = "interpolate mlp --from 3 --to 8 --frames 3 --rows 1 --out";
    await told(`${line} linear.png --method linear`);
    await told(`${line} arc.png --method spherical`);
    const generator = await generatorOf("mlp");
    const [a, b] = [await generator.noise(1, { seed: 3 }), await generator.noise(1, { seed: 8 })];
    const middle = a.map((value, i) => (value + (b[i] as number)) / 2);
    const images = await generator.sample(3, { noise: join32([a, middle, b]) });
    expect(await pixels("linear.png")).toBe(await pixelsOf(images, 3));
    expect(await pixels("arc.png")).not.toBe(await pixels("linear.png"));
  });

  it("has nine frames in five rows of seeds of their own unless asked otherwise", async () => {
    const usual = { averaged: true, frames: 9, rows: 5, from: 0, to: 5 };
    expect(await told("interpolate r3gan --out usual.png")).toMatchObject(usual);
    expect(await size("usual.png")).toMatchObject({ width: 9 * 10 + 2, height: 5 * 10 + 2 });
  });

  it("shows all classes on the same way", async () => {
    const found = await told("interpolate cgan --classes --frames 2 --from 4 --out classes.png");
    expect(found).toMatchObject({ rows: 10, to: 5, classes: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] });
    const generator = await generatorOf("cgan");
    const ends = [await generator.noise(1, { seed: 4 }), await generator.noise(1, { seed: 5 })];
    const noise = join32(Array.from({ length: 20 }, (_, i) => ends[i % 2] as Float32Array));
    const labels = Array.from({ length: 20 }, (_, i) => Math.floor(i / 2));
    const images = await generator.sample(20, { noise, labels } as never);
    expect(await pixels("classes.png")).toBe(await pixelsOf(images, 2));
  });

  it("lets a code change and keeps noise, class and the other codes", async () => {
    const line =
      "interpolate infogan --class 2 --code 1 --range -2,2 --rows 1 --frames 3 --out c.png";
    const code = { index: 1, range: [-2, 2] };
    expect(await told(line)).toMatchObject({ to: null, method: null, classes: [2], code });
    const generator = await generatorOf("infogan");
    const start = await generator.noise(1, { seed: 0 });
    const codes = [-2, 0, 2].map((value) => [0, value]);
    const noise = join32([start, start, start]);
    const images = await generator.sample(3, { noise, labels: 2, codes } as never);
    expect(await pixels("c.png")).toBe(await pixelsOf(images, 3));
  });

  it("says of one row that it is there", async () => {
    const { stdout } = await sparring("interpolate mlp --rows 1 --frames 2 --out one.png");
    const row = "1 row of 2 frames of the generator of mlp after 3 steps is in";
    expect(stdout).toBe(`${row} ${at("one.png")}\n`);
  });

  it.each(["gif", "webp"])("moves there and back without end as .%s", async (type) => {
    const line = `interpolate mlp --from 3 --to 8 --frames 4 --rows 2 --out moving.${type}`;
    const { code, stdout } = await sparring(line);
    expect([code, stdout]).toEqual([
      0,
      `2 rows of 4 frames of the generator of mlp after 3 steps are in ${at(`moving.${type}`)}\n`,
    ]);
    const picture = sharp(at(`moving.${type}`), { animated: true });
    const found = await picture.metadata();
    const pages = { pages: 6, loop: 0, delay: Array(6).fill(50) };
    expect(found).toMatchObject({ format: type, width: 16, pageHeight: 8, ...pages });
    const { data, info } = await picture.raw().toBuffer({ resolveWithObject: true });
    const grey = (frame: number) =>
      Array.from({ length: 8 * 16 }, (_, i) => data[(frame * 8 * 16 + i) * info.channels]);
    for (const [there, back] of [
      [1, 5],
      [2, 4],
    ] as const)
      expect(grey(there)).toEqual(grey(back));
    // The strip of the same rows has the same pixels, stretched over all of them alike.
    await told("interpolate mlp --from 3 --to 8 --frames 4 --rows 2 --out still.png");
    const still = await sharp(at("still.png")).raw().toBuffer();
    const cell = (row: number, frame: number, y: number, x: number) =>
      still[3 * ((2 + row * 10 + y) * 42 + 2 + frame * 10 + x)];
    for (let frame = 0; frame < 4; ++frame) {
      const expected = Array.from({ length: 8 * 16 }, (_, i) =>
        cell(i % 16 < 8 ? 0 : 1, frame, Math.floor(i / 16), i % 8),
      );
      // A GIF has 256 colours for all its frames, and dithers; a WebP has every one.
      const apart = expected.map((value, i) =>
        Math.abs((grey(frame)[i] as number) - (value as number)),
      );
      const mean = apart.reduce((sum, one) => sum + one, 0) / apart.length;
      expect(mean).toBeLessThanOrEqual(type === "gif" ? 4 : 0);
    }
  });
});

const refused: [string, string][] = [
  ["sample mlp --step 7 --out g.png", "Expected one of 1, 2, 3 for --step but received 7"],
  [
    "sample mlp --class 3 --out g.png",
    "Expected nothing (the generator has no classes) for --class but received 3",
  ],
  [
    "sample cgan --truncation 0 --out g.png",
    "Expected a finite number above 0 for --truncation but received 0",
  ],
  [
    "sample cgan --class 10 --out g.png",
    "Expected a whole number from 0 to 9 for --class but received 10",
  ],
  [
    "sample cgan --class dogs --out g.png",
    'Expected a whole number from 0 to 9 for --class but received "dogs"',
  ],
  [
    "sample mlp --out no/g.png",
    'Expected a writable file for --out but received "no/g.png" (no such file or folder)',
  ],
  [
    // Before the run is looked at.
    "interpolate nowhere --out no/g.gif",
    'Expected a writable file for --out but received "no/g.gif" (no such file or folder)',
  ],
  [
    "interpolate mlp --from 9007199254740991 --rows 3 --out g.png",
    "Expected a whole number from 0 to 9007199254740986 for --from but received 9007199254740991",
  ],
  [
    "interpolate mlp --from 9007199254740990 --to 1 --rows 3 --out g.png",
    "Expected a whole number from 0 to 9007199254740989 for --from but received 9007199254740990",
  ],
  [
    "interpolate mlp --to 9007199254740990 --rows 3 --out g.png",
    "Expected a whole number from 0 to 9007199254740989 for --to but received 9007199254740990",
  ],
  [
    "interpolate cgan --from 9007199254740991 --classes --out g.png",
    "Expected a whole number from 0 to 9007199254740990 for --from but received 9007199254740991",
  ],
  [
    "sample data --out g.png",
    'Expected the folder of a run for the run but received "data" (its config.json: no such file or folder)',
  ],
  [
    "interpolate mlp --classes --out g.png",
    "Expected nothing (the generator has no classes) for --classes but received true",
  ],
  [
    "interpolate cgan --class 10 --out g.gif",
    "Expected a whole number from 0 to 9 for --class but received 10",
  ],
  [
    "interpolate cgan --code 0 --out g.webp",
    "Expected nothing (the generator has no codes) for --code but received 0",
  ],
  [
    "interpolate infogan --code 2 --out g.png",
    "Expected a whole number from 0 to 1 for --code but received 2",
  ],
  ["interpolate mlp --step 0 --out g.png", "Expected one of 1, 2, 3 for --step but received 0"],
];

describe("a run that does not have what is asked for", () => {
  it.each(refused)("%s", async (line, sentence) => {
    const { code, stdout, stderr } = await sparring(line);
    expect([code, stdout, stderr]).toEqual([2, "", `${sentence}\n`]);
    await expect(access(at(line.split(" ").at(-1) as string))).rejects.toThrow();
  });

  it("the largest seeds that there are lead somewhere", async () => {
    for (const words of [
      "mlp --from 9007199254740986 --rows 3",
      "mlp --from 9007199254740989 --to 9007199254740987 --rows 3",
      "cgan --from 9007199254740990 --classes",
      "infogan --from 9007199254740991 --rows 1 --code 0",
    ])
      expect(await told(`interpolate ${words} --out large.png`)).toMatchObject({ step: 3 });
  });

  it("has no checkpoints at all", async () => {
    await cp(at("mlp"), at("none"), { recursive: true });
    await rm(at("none/checkpoints"), { recursive: true });
    expect(await sparring("sample none --step 1 --out g.png")).toMatchObject({
      code: 2,
      stderr: "Expected nothing (the run has no checkpoints) for --step but received 1\n",
    });
  });
});
