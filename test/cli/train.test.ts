// What a run of `sparring train` prints and leaves on the disk.
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProgram } from "../../lib/cli/program.js";
import { Generator } from "../../lib/index.js";
import { presets } from "../../lib/presets.js";
import { type Ended, runCli, withOptions } from "../helpers/cli.js";
import { makeFolder } from "../helpers/folder.js";
import { writeIdxFolder } from "../helpers/idx.js";
import { writeTree } from "../helpers/image-folder.js";

const { commands } = await createProgram(() => {});

let folder: { readonly path: string; remove(): Promise<void> };
const at = (...parts: string[]) => join(folder.path, ...parts);

// 130 images in batches of 32: five batches an epoch, the last of two images.
beforeAll(async () => {
  folder = await makeFolder();
  await writeIdxFolder(at("data"), 130);
});
afterAll(() => folder.remove());

const small =
  "train --preset mlp --data data --size 8 --batch 32 --threads 1 --log-every 3 --sample-every 4";
const train = (rest: string): Promise<Ended> =>
  runCli(withOptions(small, rest).split(" "), folder.path);
const files = async (run: string) => (await readdir(at(run), { recursive: true })).sort();
const readJson = async (path: string) => JSON.parse(await readFile(path, "utf8"));

type Line = Record<string, number> & { health: Record<string, number>; warnings: string[] };

async function readStats(run: string): Promise<Line[]> {
  const text = await readFile(at(run, "stats.jsonl"), "utf8");
  expect(text.endsWith("\n")).toBe(true);
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

const losses = (stats: Record<string, number>[]) =>
  stats.map(({ step, discriminatorLoss, generatorLoss }) => [
    step,
    discriminatorLoss,
    generatorLoss,
  ]);

async function weightHashes(run: string): Promise<string[]> {
  const paths = ["generator", "discriminator"].map((role) =>
    at(run, `weights/${role}.safetensors`),
  );
  const hash = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
  return Promise.all(paths.map(async (path) => hash(await readFile(path))));
}

describe("a run without a terminal", () => {
  let ended: Ended;
  beforeAll(async () => {
    ended = await train("--steps 10 --out a");
  });

  it("exits with 0 and leaves exactly the promised files", async () => {
    expect(ended.code).toBe(0);
    const clockless = (name: string) =>
      name.replace(/(?<=tfevents\.)\d{10}\.\d{3}\.[\w-]+\.\d+$/, "*");
    expect((await files("a")).map(clockless)).toEqual(
      [
        "checkpoints",
        "checkpoints/000010",
        ...["checkpoint.json", "discriminator.safetensors", "generator.safetensors"].map(
          (file) => `checkpoints/000010/${file}`,
        ),
        "checkpoints/000010/training.safetensors",
        "config.json",
        "events.out.tfevents.*",
        "plan.json",
        "samples",
        ...["0", "4", "8", "10"].map((step) => `samples/${step}.png`),
        "stats.jsonl",
        "summary.json",
        "weights",
        "weights/discriminator.safetensors",
        "weights/generator.safetensors",
      ].sort(),
    );
  });

  it("prints the article's line for each tick and nothing else to stdout", async () => {
    const stats = await readStats("a");
    const places = [
      "[Epoch 0/2] [Batch 2/5]",
      "[Epoch 1/2] [Batch 0/5]",
      "[Epoch 1/2] [Batch 3/5]",
      "[Epoch 1/2] [Batch 4/5]",
    ];
    const expected = stats.map(({ discriminatorLoss = 0, generatorLoss = 0 }, i) => {
      const shown = `[D loss: ${discriminatorLoss.toFixed(6)}] [G loss: ${generatorLoss.toFixed(6)}]`;
      return `${places[i]} ${shown}\n`;
    });
    expect(ended.stdout).toBe(expected.join(""));
  });

  it("writes a line of statistics for each tick", async () => {
    const stats = await readStats("a");
    const keys = [
      "step",
      "epoch",
      "batch",
      "discriminatorLoss",
      "generatorLoss",
      "discriminatorLearningRate",
      "generatorLearningRate",
      "imagesPerSecond",
      "seconds",
      "health",
      "warnings",
    ];
    expect(stats.map(({ step, epoch, batch }) => [step, epoch, batch])).toEqual([
      [3, 0, 2],
      [6, 1, 0],
      [9, 1, 3],
      [10, 1, 4],
    ]);
    for (const line of stats) {
      expect(Object.keys(line).sort()).toEqual([...keys].sort());
      const { health, warnings, ...figures } = line;
      expect(Object.values({ ...figures, ...health }).every(Number.isFinite)).toBe(true);
      // The two images of an epoch's last batch may be alike, and then there is no diversity.
      const { diversity, ...others } = health;
      if (line.batch !== 4) expect(diversity).toBeGreaterThan(0);
      expect(Object.keys(others).sort()).toEqual([
        "discriminatorGradientNorm",
        "fakeAccuracy",
        "fakeScore",
        "generatorGradientNorm",
        "realAccuracy",
        "realScore",
      ]);
      expect(warnings).toEqual([]);
      expect(line.imagesPerSecond).toBeGreaterThan(0);
    }
  });

  it("says on stderr what it trains, on what, and where everything is", () => {
    expect(ended.stderr).toMatch(
      new RegExp(
        [
          `^Training mlp on ${at("data")}: 130 images of 8×8`,
          " {2}generator 772,032 parameters, discriminator 164,865",
          " {2}10 steps of 32 images \\(2 epochs\\), fused, on cpu, 1 thread",
          " {2}seed \\d+, into a",
          "Trained 10 steps in 0:\\d\\d",
          " {2}samples in a/samples, the last is a/samples/10.png",
          " {2}weights in a/weights, the last checkpoint in a/checkpoints\n$",
        ].join("\n"),
      ),
    );
    expect(ended.stdout + ended.stderr).not.toContain("\x1b");
  });

  it("records a config that repeats the run, down to the weights", async () => {
    const { seed, data, steps, ...config } = await readJson(at("a/config.json"));
    expect(ended.stderr).toContain(`seed ${seed},`);
    expect({ data, steps }).toEqual({ data: at("data"), steps: 10 });
    expect(config).toMatchObject({
      preset: "mlp",
      size: 8,
      batch: 32,
      threads: 1,
      device: "cpu",
      execution: "fused",
      optimizer: { generator: { type: "adam", lr: 2e-4, betas: [0.5, 0.999] } },
      versions: { sparring: expect.any(String), libtorch: expect.stringMatching(/^\d+\.\d+\.\d+/) },
    });
    expect((await train(`--epochs 2 --seed ${seed} --out b`)).code).toBe(0);
    expect(losses(await readStats("b"))).toEqual(losses(await readStats("a")));
    expect(await weightHashes("b")).toEqual(await weightHashes("a"));
  });

  it("saves 25 samples, 5 a row, of the weights that it saves", async () => {
    const saved = await readFile(at("a/samples/10.png"));
    const { width, height } = await sharp(saved).metadata();
    expect([width, height]).toEqual([5 * (8 + 2) + 2, 5 * (8 + 2) + 2]);
    const generator = new Generator(presets.mlp.pair({ image: [1, 8, 8] }).generator);
    await generator.loadWeights(at("a/weights/generator.safetensors"));
    const { sampleSeed } = await readJson(at("a/config.json"));
    const again = await (await generator.sample(25, { seed: sampleSeed })).toPng({ columns: 5 });
    expect(await rawPixels(again)).toEqual(await rawPixels(saved));
  });
});

const rawPixels = (png: Uint8Array) => sharp(png).raw().toBuffer();

describe("options", () => {
  it("--lr and --execution reach the run", async () => {
    const { code } = await train("--steps 2 --lr 1e-3 --execution eager --out options");
    expect(code).toBe(0);
    const { optimizer, execution } = await readJson(at("options/config.json"));
    expect(execution).toBe("eager");
    expect([optimizer.generator.lr, optimizer.discriminator.lr]).toEqual([1e-3, 1e-3]);
  });

  it("--accumulate, and a preset with more updates, are told of in words", async () => {
    const { stderr } = await train("--preset wgan --accumulate 2 --steps 2 --out parts");
    expect(stderr).toContain(
      "\n  2 steps of 5 batches of 32 images in 2 parts (2 epochs), fused, on cpu, 1 thread\n",
    );
  });

  it("counts one of something as one", async () => {
    await writeIdxFolder(at("one"), 1);
    await writeTree(at("picture"), { "1.png": 1 });
    const ones = "train --preset goodfellow2014 --size 8 --batch 1 --steps 1 --data";
    const env = { XDG_CACHE_HOME: at("xdg") };
    const run = (words: string) => runCli(`${ones} ${words}`.split(" "), folder.path, env);
    expect((await run("one --out of-one")).stderr).toMatch(
      /: 1 image of 8×8\n[^\n]*\n {2}1 step of 1 image \(1 epoch\), /,
    );
    expect((await run("picture --out of-picture")).stderr).toMatch(
      /^Packing 1 image of .*\nPacked 1 image in 0:0\d\n/,
    );
    expect((await run("one --dry-run")).stdout).toContain("\n1 step takes at least 0:00");
  });

  it("--out takes an empty folder, and one whose parents are missing", async () => {
    expect((await train("--steps 1 --out new/and/deep")).code).toBe(0);
    expect(await files("new/and/deep")).toContain("weights/generator.safetensors");
  });

  it("without --out, runs that start together get folders of their own under runs", async () => {
    const started = await Promise.all([train("--steps 1"), train("--steps 1")]);
    expect(started.map(({ code }) => code)).toEqual([0, 0]);
    const names = (await readdir(at("runs"))).sort();
    expect(names).toHaveLength(2);
    for (const name of names) expect(name).toMatch(/^mlp-\d{8}-\d{6}(-2)?$/);
  });
});

describe("help and version", () => {
  const run = (line: string) => runCli(line === "" ? [] : line.split(" "), folder.path);

  it("prints help when called alone", async () => {
    const { code, stdout, stderr } = await run("");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("Usage: sparring");
    expect(stdout).toContain("train [options]");
  });

  it.each(["train --help", "train -h", "help train"])(
    "%s shows presets and examples in 80 columns",
    async (line) => {
      const { code, stdout, stderr } = await run(line);
      expect([code, stderr]).toEqual([0, ""]);
      for (const name of Object.keys(presets)) expect(stdout).toContain(`\n  ${name}`);
      expect(stdout).toContain("Examples:\n  sparring train ");
      expect(Math.max(...stdout.split("\n").map((text) => text.length))).toBeLessThanOrEqual(80);
    },
  );

  it.each(commands.map((command) => command.name()))(
    "%s --help has examples, in 80 columns",
    async (name) => {
      const { code, stdout, stderr } = await run(`${name} --help`);
      expect([code, stderr]).toEqual([0, ""]);
      // A clone has a script for it before anything is compiled.
      const command = name === "setup" ? "npm run setup" : `sparring ${name}`;
      expect(stdout).toContain(`Examples:\n  ${command} `);
      expect(Math.max(...stdout.split("\n").map((text) => text.length))).toBeLessThanOrEqual(80);
    },
  );

  it("prints the version of the package", async () => {
    const { version } = await readJson(new URL("../../package.json", import.meta.url).pathname);
    expect(await run("--version")).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });
});
