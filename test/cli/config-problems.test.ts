// `sparring train config.json`, where the file is wrong: all its problems at once, in the words of the file.
import { readdir, readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { configSchema } from "../../lib/run/file-schema.js";
import { flagMeant, flagsAlone } from "../../lib/run/flags-alone.js";
import { writeIdxFolder } from "../helpers/idx.js";
import { useRuns } from "../helpers/runs.js";

const { at, run, write } = useRuns();
beforeAll(async () => {
  await writeIdxFolder(at("data"), 40);
});

const options = { preset: "mlp", data: "data", size: 8, batch: 10, threads: 1, steps: 4, seed: 3 };

const names =
  "$schema, preset, generator, discriminator, objective, optimizer, order, fakes, discriminatorSteps, generatorSteps, frozen, ema, diffAugment, ada, data, size, channels, resident, holdOut, steps, epochs, batch, dropLast, horizontalFlip, accumulate, lr, execution, device, threads, seed, sampleEvery, logEvery, checkpointEvery, keepCheckpoints, rollbacks, tensorboard, evaluateEvery, evaluateSamples, evaluateFeatures, from, fromStep, precision, syncBatchNorm, reducePrecision, out";
const whole = (key: string, received: string) =>
  `Expected a whole number of at least 1 for ${key} but received ${received}`;

describe("a config file that is wrong", () => {
  /** The problems of a file, a sentence each; nothing was made. */
  async function problems(value: unknown, flags = ""): Promise<string[]> {
    const before = await readdir(at());
    const path = await write("wrong.json", value);
    const { code, stdout, stderr } = await run(`train ${path} --out never${flags}`);
    expect([code, stdout]).toEqual([2, ""]);
    expect(new Set(await readdir(at()))).toEqual(new Set([...before, "wrong.json"]));
    const [head, ...lines] = stderr.trimEnd().split("\n");
    const count = lines.length === 1 ? "1 problem" : `${lines.length} problems`;
    expect(head).toBe(`Expected options for wrong.json but received ${count}:`);
    return lines.map((line) => line.replace(/^ {2}(?=\S)/, ""));
  }

  it("hears of everything at once, with what is allowed", async () => {
    const value = {
      preset: "mlp",
      stepz: 3,
      Batch: 1,
      batch: 0,
      lr: -1,
      size: 5000,
      steps: 1.5,
      seed: "7",
      channels: 2,
      execution: "lazy",
      device: "gpu",
      precision: 16,
      out: "",
      logEvery: null,
      tensorboard: "yes",
      resident: 1,
      syncBatchNorm: 2,
      reducePrecision: "bf16",
    };
    expect(await problems(value)).toEqual([
      'Expected steps for an option but received "stepz"',
      'Expected batch for an option but received "Batch"',
      "Expected a whole number from 1 to 4096 for size but received 5000",
      "Expected 1 or 3 for channels but received 2",
      "Expected true or false for resident but received 1",
      whole("steps", "1.5"),
      whole("batch", "0"),
      "Expected a finite number above 0 for lr but received -1",
      'Expected one of eager, fused for execution but received "lazy"',
      'Expected "auto", "cpu", "cuda" or "cuda:i" for device but received "gpu"',
      'Expected a whole number of at least 0 for seed but received "7"',
      whole("logEvery", "null"),
      'Expected true or false for tensorboard but received "yes"',
      "Expected one of float32, tf32, bfloat16 for precision but received 16",
      "Expected true or false for syncBatchNorm but received 2",
      'Expected one of float32, bfloat16 for reducePrecision but received "bf16"',
      'Expected a non-empty string for out but received ""',
    ]);
  });

  it.each<[unknown, string]>([
    [[48], "[height, width] for size but received [48]"],
    [[48, 64, 3], "[height, width] for size but received [48, 64, 3]"],
    ["48x64", 'a whole number from 1 to 4096, or [height, width] for size but received "48x64"'],
    [[48, 0], "a whole number from 1 to 4096 for size[1] but received 0"],
    [[48, 62], "a multiple of 4 on each side (preset article) for size but received [48, 62]"],
  ])("hears of a size of %j", async (size, sentence) => {
    expect(await problems({ size })).toEqual([`Expected ${sentence}`]);
  });

  it("hears of what does not go together, or not on this machine", async () => {
    const cores = availableParallelism();
    const value = {
      preset: "dcgan",
      size: 28,
      steps: 1,
      epochs: 2,
      data: "nowhere",
      threads: cores + 1,
      evaluateFeatures: "no.pt",
    };
    const found = [
      "Expected a square with a side of 32, 64 or 128 (preset dcgan) for size but received 28",
      `Expected mnist, stacked-mnist, a folder or a file for data but received "${at("nowhere")}" (no such file or folder)`,
      `Expected classifier or a TorchScript file for evaluateFeatures but received "${at("no.pt")}" (no such file or folder)`,
      `Expected a whole number from 1 to ${cores} for threads but received ${cores + 1}`,
      'Expected steps or epochs for the length of the run but received "steps 1 epochs 2"',
    ];
    expect(await problems(value)).toEqual(found);
    // What a flag replaces does not matter.
    const flags = " --threads 1 --data data --evaluate-features classifier";
    expect(await problems(value, flags)).toEqual([found[0], found[4]]);
    const networks = {
      generator: {
        latent: { noise: 2 },
        layers: [
          { type: "linear", outFeatures: 64 },
          { type: "unflatten", shape: [1, 8, 8] },
        ],
      },
      discriminator: {
        image: [1, 8, 8],
        layers: [{ type: "flatten" }, { type: "linear", outFeatures: 1 }],
      },
    };
    expect(await problems({ ...networks, channels: 3, size: 16, batch: 0 })).toEqual([
      whole("batch", "0"),
      "Expected 8, as the discriminator takes, for size but received 16",
      "Expected 1, as the discriminator takes, for channels but received 3",
    ]);
  });

  it("hears what its options are called here", async () => {
    const value = {
      hidden_dim: 8,
      latent_dim: 9,
      batch_size: 4,
      n_critic: 5,
      lambda_k: 0.001,
      betas: [0, 0.9],
    };
    expect(await problems(value)).toEqual([
      `Expected one of ${names} for an option but received "hidden_dim"`,
      'Expected generator for an option but received "latent_dim"',
      'Expected batch for an option but received "batch_size"',
      'Expected discriminatorSteps for an option but received "n_critic"',
      'Expected objective for an option but received "lambda_k"',
      'Expected optimizer for an option but received "betas"',
    ]);
  });

  it("hears which preset or layer a misspelt one is like", async () => {
    const layers = [{ type: "Conv2D" }, { type: "convolution" }, { type: 7 }];
    const networks = { generator: { latent: { noise: 2 }, layers }, discriminator: {} };
    const found = await problems({ preset: "wgan_gp", ...networks });
    expect(found.slice(0, 2)).toEqual([
      'Expected wgan-gp for preset but received "wgan_gp"',
      'Expected conv2d for generator.layers[0].type but received "Conv2D"',
    ]);
    expect(found[2]).toMatch(/^Expected one of adaptiveAvgPool2d, .* but received "convolution"$/);
    expect(found[3]).toMatch(
      /^Expected one of adaptiveAvgPool2d, .*layers\[2\]\.type but received 7$/,
    );
  });

  it("hears of what only a command line says that it is a flag", async () => {
    expect(Object.keys(configSchema.entries).filter((key) => flagMeant(key))).toEqual([]);
    const { stdout: help } = await run("train --help");
    for (const flag of flagsAlone) expect(help).toMatch(new RegExp(`^  ${flag} `, "m"));
    expect(await problems({ dryRun: true, resume: true, dashboard: 6464, dry_run: 1 })).toEqual([
      'Expected the flag --dry-run, which no file has, for an option but received "dryRun"',
      'Expected the flag --resume, which no file has, for an option but received "resume"',
      'Expected the flag --dashboard, which no file has, for an option but received "dashboard"',
      'Expected the flag --dry-run, which no file has, for an option but received "dry_run"',
    ]);
  });

  it("hears which of them a misspelt one is like", async () => {
    const value = { sampleEvry: 5, genratorSteps: 1, dropLst: true, "drop-lst": true, seeed: 1 };
    expect(await problems(value)).toEqual([
      'Expected sampleEvery for an option but received "sampleEvry"',
      'Expected generatorSteps for an option but received "genratorSteps"',
      'Expected dropLast for an option but received "dropLst"',
      'Expected dropLast for an option but received "drop-lst"',
      'Expected seed for an option but received "seeed"',
    ]);
  });

  it.each([
    ["began", "boundaryEquilibrium"],
    ["EBGAN", "energyBased"],
    ["bce", "nonSaturating"],
    ["vanilla", "nonSaturating"],
    ["least_squares", "leastSquares"],
    ["wgan-gp", "wasserstein"],
    ["rsgan", "relativisticPaired"],
    ["wasserstien", "wasserstein"],
  ])("hears what the objective %s is called here", async (type, meant) => {
    const found = [`Expected ${meant} for objective.type but received "${type}"`];
    expect(await problems({ objective: { type } })).toEqual(found);
  });

  it.each<[string, object, string]>([
    [
      "a function that there is not",
      { generator: "softPlus(-fake)" },
      'softplus for a function in generator of formula but received "softPlus"',
    ],
    [
      "a parenthesis that is missing",
      { discriminator: "relu(1 - real) + relu(1 + fake" },
      'a formula, which this is not from character 31 on, for discriminator of formula but received "relu(1 - real) + relu(1 + fake"',
    ],
    [
      "a score that is missing",
      { discriminator: "relu(1 + fake)" },
      'a formula of real and fake for discriminator of formula but received "relu(1 + fake)"',
    ],
    [
      "a number that is too large",
      { generator: "fake * 1e39" },
      "what a float32 can hold for a number in generator of formula but received 1e+39",
    ],
    [
      "an option that there is not",
      { generater: "-fake" },
      'the option generator for options of formula but received "generater"',
    ],
  ])("hears of losses as text with %s", async (_, losses, sentence) => {
    const value = { ...options, objective: { type: "formula", ...losses }, seed: -1 };
    expect(await problems(value)).toEqual([
      "Expected a whole number of at least 0 for seed but received -1",
      `Expected ${sentence} (in objective)`,
    ]);
  });

  it("is read as its own keys alone", async () => {
    expect(await problems('{ "__proto__": { "steps": 0 }, "toString": 1, "size": 1e999 }')).toEqual(
      [
        `Expected one of ${names} for an option but received "__proto__"`,
        `Expected one of ${names} for an option but received "toString"`,
        "Expected a whole number from 1 to 4096 for size but received Infinity",
      ],
    );
  });

  it.each([
    ["nowhere.json", undefined, "no such file or folder"],
    ["text.json", "preset: mlp", "it is not JSON: line 1, column 1"],
    [
      "comma.json",
      '{\n  "steps": 3,\n}',
      "it is not JSON: line 3, column 1, after a comma that nothing follows",
    ],
    [
      "last.json",
      '{"image": [1, 8, ]}',
      "it is not JSON: line 1, column 18, after a comma that nothing follows",
    ],
    [
      "comment.json",
      '{ "steps": 3 // few\n}',
      "it is not JSON: line 1, column 14, a comment, which JSON has not",
    ],
    [
      "single.json",
      "{ 'steps': 3 }",
      "it is not JSON: line 1, column 3, a single quote in place of a double one",
    ],
    ["word.json", '{\n  "preset": mlp\n}', "it is not JSON: line 2, column 13"],
    ["cut.json", '{ "steps": [1, {"a": "b"}], "seed": ', "it is not JSON: line 1, column 37"],
    ["quote.json", '{\n\n "data": "a\n}', "it is not JSON: line 3, column 10"],
    ["colon.json", '{"a": [true, "b": 1]}', "it is not JSON: line 1, column 17"],
    ["two.json", "{}\n{}", "it is not JSON: line 2, column 1"],
    [
      "deep.json",
      "[".repeat(100_000),
      "it is not JSON: more brackets in each other than can be followed",
    ],
    ["list.json", "[]", "it is not an object"],
    [
      "twice.json",
      '{"steps": 3,\n "seed": 1, "steps": 4}',
      'it has "steps" again at line 2, column 13',
    ],
    ["same.json", '{"steps": 3, "st\\u0065ps": 3}', 'it has "steps" again at line 1, column 14'],
    [
      "inside.json",
      '{"ema": null, "objective": {"type": "hinge", "penalties": [{"type": "r1"}], "type": "minimax"}}',
      'it has "type" again at line 1, column 77',
    ],
    [
      "far.json",
      `{"generator": ${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
      "it has more brackets in each other than can be followed",
    ],
    ["empty.json", "", "it is not JSON: line 1, column 1"],
    [
      "data",
      undefined,
      "it is a folder; --data names one of images, and --resume a run to go on with",
    ],
    ["mnist", undefined, "no such file or folder; --data names what to train on"],
    ["dcgan", undefined, "no such file or folder; --preset names what to train"],
    ["false", undefined, "no such file or folder; a flag that is there is true"],
    ["huge.json", " ".repeat(16 * 1024 ** 2 + 1), "it has 16777217 bytes, more than 16777216"],
  ])("is refused where it is no such file: %s", async (name, text, why) => {
    if (text !== undefined) await write(name, text);
    const { code, stderr } = await run(`train ${name} --out never`);
    expect([code, stderr]).toEqual([
      2,
      `Expected a JSON file of options for the config but received "${name}" (${why})\n`,
    ]);
  });

  it("may begin with the mark that some editors write", async () => {
    const text = `\uFEFF${JSON.stringify({ ...options, seed: 3 })}`;
    const { code, stdout } = await run(`train ${await write("mark.json", text)} --dry-run --json`);
    expect([code, JSON.parse(stdout).config.seed]).toEqual([0, 3]);
  });

  it("may be that of a run which goes on, mended with such an editor", async () => {
    const path = await write("plain.json", options);
    expect(await run(`train ${path} --steps 1 --out mended`)).toMatchObject({ code: 0 });
    const config = join("mended", "config.json");
    const text = await readFile(at(config), "utf8");
    await write(config, `\uFEFF${text.replaceAll("\n", "\r\n")}`);
    expect(await run("sample mended --out mended.png")).toMatchObject({ code: 0 });
    expect(await run("train --resume mended --steps 2")).toMatchObject({ code: 0 });
  });

  it("is named by what is only wrong with the data", async () => {
    const path = await write("large.json", { ...options, batch: 41 });
    expect((await run(`train ${path} --out never`)).stderr).toBe(
      "Expected a whole number from 2 to 40 (the data have 40 images) for batch of large.json but received 41\n",
    );
    expect((await run(`train ${path} --batch 42 --out never`)).stderr).toBe(
      "Expected a whole number from 2 to 40 (the data have 40 images) for --batch but received 42\n",
    );
  });
});
