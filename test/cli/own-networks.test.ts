// Networks and rules of one's own in a config file: what the constructors take, as JSON.
import { access, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  datasets,
  Discriminator,
  Generator,
  layers as l,
  objectives,
  optimizers,
  setThreads,
  Trainer,
} from "../../lib/index.js";
import { runCli } from "../helpers/cli.js";
import { makeFolder } from "../helpers/folder.js";
import { writeIdxFolder } from "../helpers/idx.js";

const generator = {
  latent: { noise: 6, classes: 10 },
  init: { type: "orthogonal", gain: 0.8 },
  layers: [l.linear(32), l.relu(), l.linear(64), l.tanh(), l.unflatten([1, 8, 8])],
} as const;
const discriminator = {
  image: [1, 8, 8],
  classes: 10,
  init: { type: "kaimingNormal", a: 0.2 },
  layers: [l.flatten(), l.linear(32), l.leakyRelu(0.2), l.projection()],
} as const;
const rules = {
  objective: objectives.hinge(),
  optimizer: { generator: optimizers.adam(), discriminator: optimizers.rmsprop({ lr: 1e-3 }) },
  order: "discriminatorFirst",
  discriminatorSteps: 2,
  generatorSteps: 2,
  ema: { decay: 0.9, rampUp: 0 },
} as const;
const options = { data: "data", batch: 10, threads: 1, steps: 4, seed: 3 };
const own = { generator, discriminator, ...rules, ...options };

let folder: { readonly path: string; remove(): Promise<void> };
const at = (...parts: string[]) => join(folder.path, ...parts);
const sparring = (line: string) => runCli(line.split(" "), folder.path);
const readJson = async (...path: string[]) => JSON.parse(await readFile(at(...path), "utf8"));
const asJson = (value: unknown) => JSON.parse(JSON.stringify(value));

async function write(name: string, value: unknown): Promise<string> {
  await writeFile(at(name), JSON.stringify(value));
  return name;
}

async function expectSameWeights(first: string, second: string): Promise<void> {
  const names = await readdir(at(first, "weights"));
  expect(names.length).toBeGreaterThan(2);
  for (const name of names)
    expect(await readFile(at(first, "weights", name))).toEqual(
      await readFile(at(second, "weights", name)),
    );
}

beforeAll(async () => {
  folder = await makeFolder();
  await writeIdxFolder(at("data"), 40);
  const { code, stderr } = await sparring(`train ${await write("own.json", own)} --out first`);
  expect(code).toBe(0);
  expect(stderr).toContain("Training own networks on");
});
afterAll(() => folder.remove());

describe("networks in a config file", () => {
  it("that normalise by the batch alone draw no picture of one sample", async () => {
    const layers = [l.linear(64), l.batchNorm1d({ trackRunningStats: false }), l.tanh()];
    const alone = { ...generator, layers: [...layers, l.unflatten([1, 8, 8])] };
    const file = await write("alone.json", { ...own, generator: alone });
    expect((await sparring(`train ${file} --out alone`)).code).toBe(0);
    const { code, stderr } = await sparring("sample alone --count 1 --out one.png");
    expect([code, stderr]).toEqual([
      2,
      "Expected at least 2 samples, as 1 (batchNorm1d) has no statistics but those of a batch, for --count but received 1\n",
    ]);
    expect((await sparring("sample alone --count 2 --out two.png")).code).toBe(0);
    expect(await readdir(folder.path)).not.toContain("one.png");
  });

  it("are trained to the bytes that a program with the same data gets", async () => {
    // Another number of threads adds up in another order.
    await setThreads(options.threads);
    using data = await datasets.mnist({ root: at("data"), size: 8 });
    using made = new Generator(generator, { seed: 3 });
    using judge = new Discriminator(discriminator);
    using trainer = new Trainer({ generator: made, discriminator: judge, ...rules });
    for await (const _ of trainer.run(data, { steps: 4, batchSize: 10 }));
    expect(await readFile(at("first/weights/generator.safetensors"))).toEqual(
      Buffer.from(await made.toSafetensors()),
    );
    expect(await readFile(at("first/weights/discriminator.safetensors"))).toEqual(
      Buffer.from(await judge.toSafetensors()),
    );
  });

  it("stand in the run's config.json, with all of the rules", async () => {
    const config = await readJson("first/config.json");
    expect(config).toMatchObject({
      preset: null,
      size: 8,
      channels: 1,
      ...asJson(own),
      data: at("data"),
    });
  });

  it("are those of a run that repeats it, and of one that goes on", async () => {
    expect((await sparring("train first/config.json --out again")).code).toBe(0);
    await expectSameWeights("first", "again");
    expect((await sparring("train own.json --steps 2 --out halves")).code).toBe(0);
    expect((await sparring("train --resume --steps 4 --out halves")).code).toBe(0);
    await expectSameWeights("first", "halves");
    expect((await sparring("train own.json --restartable --out halves")).code).toBe(0);
  });

  it("are sampled, exported and evaluated from the run's folder", async () => {
    const sampled = await sparring("sample first --class 3 --out three.png");
    expect([sampled.code, sampled.stdout]).toEqual([
      0,
      expect.stringContaining("averaged generator of own networks after 4 steps"),
    ]);
    const exported = await sparring("export first --format safetensors --json --out g.safetensors");
    expect(JSON.parse(exported.stdout)).toMatchObject({ preset: null, averaged: true });
    expect(await readFile(at("g.safetensors"))).toEqual(
      await readFile(at("first/weights/generator-ema.safetensors")),
    );
  });

  it("may give a score for each patch", async () => {
    const layers = [l.conv2d(4, 4, { stride: 2, padding: 1 }), l.leakyRelu(0.2), l.conv2d(1, 2)];
    const patches = { image: [1, 8, 8], layers } as const;
    const given = { ...rules, objective: objectives.leastSquares(), ...options };
    const path = await write("patches.json", { generator, discriminator: patches, ...given });
    const dry = await sparring(`train ${path} --dry-run`);
    expect([dry.code, dry.stdout]).toEqual([0, expect.stringContaining("1 × 3 × 3")]);
    expect((await sparring(`train ${path} --out patched`)).code).toBe(0);
    expect((await sparring(`train ${path} --steps 2 --out pausing`)).code).toBe(0);
    expect((await sparring("train --resume --steps 4 --out pausing")).code).toBe(0);
    await expectSameWeights("patched", "pausing");
    expect((await sparring("export patched --format onnx --out patched.onnx")).code).toBe(0);
    const judged = await sparring("evaluate patched --metrics precision-recall --samples 40");
    expect(judged.code).toBe(0);
  });

  it("have the rules of a preset where it is named", async () => {
    const path = await write("rules.json", { generator, discriminator, ...options });
    expect((await sparring(`train ${path} --preset sngan-hinge --out rules`)).code).toBe(0);
    const config = await readJson("rules/config.json");
    expect(config).toMatchObject({ preset: null, discriminatorSteps: 5, batch: 10 });
    expect(config.objective.type).toBe("hinge");
  });
});

describe("rules in a config file", () => {
  it("go before the preset's", async () => {
    const given = { preset: "r3gan", size: 8, ema: null, discriminatorSteps: 2, ...options };
    const path = await write("mixed.json", given);
    const { stdout } = await sparring(`train ${path} --lr 0.5 --dry-run --json`);
    const { config } = JSON.parse(stdout);
    expect(config).toMatchObject({ preset: "r3gan", ema: null, discriminatorSteps: 2 });
    expect(config.objective.type).toBe("relativisticPaired");
    expect(config.optimizer.discriminator.lr).toBe(0.5);
  });

  it("have to be the same in a run that is restarted", async () => {
    const path = await write("other.json", { ...own, objective: objectives.wasserstein() });
    const { code, stderr } = await sparring(`train ${path} --restartable --out first`);
    expect([code, stderr]).toEqual([
      2,
      'Expected "hinge", as the run in "first" has it, for objective.type of other.json but received "wasserstein"\n',
    ]);
    const slower = { ...rules.optimizer, discriminator: optimizers.rmsprop({ lr: 1e-4 }) };
    const rates = await write("rates.json", { ...own, optimizer: slower });
    expect((await sparring(`train ${rates} --restartable --out first`)).stderr).toBe(
      'Expected 0.001, as the run in "first" has it, for optimizer.discriminator.lr of rates.json but received 0.0001\n',
    );
    const faster = { ...rules.optimizer, generator: optimizers.adam({ lr: 1e-2 }) };
    const rate = await write("rate.json", { ...own, optimizer: faster });
    expect((await sparring(`train ${rate} --restartable --out first`)).stderr).toContain(
      "for optimizer.generator.lr of rate.json but received 0.01",
    );
    const layers = [...generator.layers.slice(0, 2), l.linear(32), ...generator.layers.slice(2)];
    const deeper = await write("deeper.json", { ...own, generator: { ...generator, layers } });
    const refused = await sparring(`train ${deeper} --restartable --out first`);
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringMatching(
        /^Expected \[.*, as the run in "first" has it, for generator\.layers of deeper\.json but received /,
      ),
    ]);
  });
});

describe("what is wrong with them", () => {
  const conv = { ...generator, layers: [l.linear(100), l.conv2d(1, 3)] };
  const adam = { type: "adam" };
  it.each<[string, object, string[]]>([
    [
      "one network alone",
      { discriminator: undefined },
      ["Expected both networks, or neither, for discriminator but received undefined"],
    ],
    [
      "a layer that does not fit, and all else",
      { generator: conv, discriminator: { ...discriminator, image: [2, 8, 4] }, seed: -1 },
      [
        "Expected a whole number of at least 0 for seed but received -1",
        "Expected an input of [channels, height, width] for 1 (conv2d) but received an input of [100]; put unflatten([...]) before it (in generator)",
        "Expected an image of [1, height, width] or [3, height, width] for image of discriminator but received [2, 8, 4]",
      ],
    ],
    [
      "three numbers that are no image",
      { discriminator: { image: [3], layers: [l.linear(1)] } },
      [
        "Expected an image of [1, height, width] or [3, height, width] for image of discriminator but received [3]",
      ],
    ],
    [
      "a layer that there is not",
      { generator: { ...generator, layers: [{ type: "linaer" }] } },
      ['Expected linear for generator.layers[0].type but received "linaer"'],
    ],
    [
      "first weights of no kind, and of no scale",
      {
        generator: { ...generator, init: { type: "xavier" } },
        discriminator: { ...discriminator, init: { type: "orthogonal", gain: 0 } },
      },
      [
        'Expected "torch", "dcgan" or an object of type uniform, normal, xavierUniform, xavierNormal, kaimingUniform, kaimingNormal, orthogonal for generator.init but received { type: "xavier" }',
        "Expected a finite number above 0 for architecture.init.gain but received 0 (in discriminator)",
      ],
    ],
    [
      "another size",
      { size: 16 },
      ["Expected 8, as the discriminator takes, for size but received 16"],
    ],
    [
      "an oblong size",
      { size: [8, 4] },
      ["Expected 8, as the discriminator takes, for size but received [8, 4]"],
    ],
    [
      "a penalty's weight",
      { objective: { type: "hinge", penalties: [{ type: "r1", weight: -1 }] } },
      ["Expected a finite number above 0 for weight of r1 but received -1 (in objective)"],
    ],
    [
      "half of the optimizers",
      { optimizer: { generator: adam } },
      [
        'Expected an object { generator, discriminator } for optimizer but received { generator: { type: "adam" } }',
      ],
    ],
    [
      "half of the optimizers, and a rate",
      { optimizer: { generator: { ...adam, lr: "x" } } },
      [
        'Expected an object { generator, discriminator } for optimizer but received { generator: { type: "adam", lr: "x" } }',
        'Expected a finite number above 0 for lr but received "x" (in optimizer.generator)',
      ],
    ],
    [
      "an optimizer that there is not, and an option of the other",
      { optimizer: { generator: { type: "adamm" }, discriminator: { ...adam, eps: 0 } } },
      [
        'Expected one of adam, adamW, sgd, rmsprop for optimizer.generator.type but received "adamm"',
        "Expected a finite number above 0 for eps but received 0 (in optimizer.discriminator)",
      ],
    ],
    [
      "one optimizer for both",
      { optimizer: adam },
      [
        'Expected an object { generator, discriminator } for optimizer but received { type: "adam" }',
      ],
    ],
    [
      "a rate, an average and a policy",
      {
        optimizer: { generator: adam, discriminator: { ...adam, lr: "x" } },
        ema: { decay: 1 },
        diffAugment: ["color", "color"],
        ada: { transforms: ["blit", "blit"] },
      },
      [
        'Expected a finite number above 0 for lr but received "x" (in optimizer.discriminator)',
        "Expected a number in [0, 1) for ema.decay but received 1 (in ema)",
        'Expected each policy once for diffAugment but received ["color", "color"] (in diffAugment)',
        'Expected each transform once for ada.transforms but received ["blit", "blit"] (in ada)',
      ],
    ],
    [
      "a probability",
      { ada: { p: 2, kimg: 0 } },
      [
        "Expected a number in [0, 1] for ada.p but received 2",
        "Expected a finite number above 0 for ada.kimg but received 0",
      ],
    ],
    [
      "an option of ada that there is not",
      { ada: { kimgs: 100 } },
      ['Expected the option kimg for ada but received "kimgs" (in ada)'],
    ],
  ])("is told: %s", async (_, change, problems) => {
    const path = await write("wrong.json", { ...own, ...change });
    const { code, stderr } = await sparring(`train ${path} --out never`);
    const [, ...lines] = stderr.trimEnd().split("\n");
    expect([code, lines.map((line) => line.trim())]).toEqual([2, problems]);
    await expect(access(at("never"))).rejects.toThrow();
  });

  it.each([
    [
      "optimizers of both",
      { optimizer: { generator: { ...adam, lr: 0 }, discriminator: { ...adam, lr: -1 } } },
      [
        "Expected a finite number above 0 for lr but received 0 (in optimizer.generator)",
        "Expected a finite number above 0 for lr but received -1 (in optimizer.discriminator)",
      ],
    ],
    [
      "channels",
      { channels: 3 },
      ["Expected 1, as the discriminator takes, for channels but received 3"],
    ],
    [
      "neither a preset nor networks",
      { preset: null, generator: undefined, discriminator: undefined },
      ["Expected a preset, or networks, for preset but received null"],
    ],
  ])("is told: %s", async (_, change, problems) => {
    const path = await write("wrong.json", { ...own, ...change });
    const { code, stderr } = await sparring(`train ${path} --out never`);
    const [, ...lines] = stderr.trimEnd().split("\n");
    expect([code, lines.map((line) => line.trim())]).toEqual([2, problems]);
  });

  it("is told before the data are looked at, where the two do not fit", async () => {
    await mkdir(at("none"), { recursive: true });
    const range = { discriminator: { ...discriminator, range: [0, 1] }, data: "none" };
    const path = await write("apart.json", { ...own, ...range });
    expect((await sparring(`train ${path} --out never`)).stderr).toBe(
      "Expected a range of [0, 1], which the discriminator has, for generator but received [-1, 1]\n",
    );
  });

  it("is told where only the data show it", async () => {
    const colour = {
      generator: { ...generator, layers: [l.linear(192), l.unflatten([3, 8, 8])] },
      discriminator: { ...discriminator, image: [3, 8, 8] },
    };
    const path = await write("colour.json", { ...own, ...colour });
    expect((await sparring(`train ${path} --out never`)).stderr).toBe(
      "Expected images of [3, 8, 8] for dataset but received [1, 8, 8]\n",
    );
  });

  it("is told of a run whose config.json was edited", async () => {
    const config = await readJson("again/config.json");
    const write = (change: object) =>
      writeFile(at("again/config.json"), JSON.stringify({ ...config, ...change }));
    await write({ generator: undefined, discriminator: undefined });
    expect((await sparring("sample again --out s.png")).stderr).toContain(
      "(its config.json: Expected a preset, or networks, for preset but received null)",
    );
    await write({ generator: conv });
    expect((await sparring("sample again --out s.png")).stderr).toContain("(in generator))");
  });
});
