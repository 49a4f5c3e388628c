// `sparring train --resume RUN --lr 1e-4`: a run that goes on by other rules, and says from which
// step on.
import { readFile, rm } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { datasets, setThreads, Trainer } from "../../lib/index.js";
import { writeIdxFolder } from "../helpers/idx.js";
import { runCliRanks } from "../helpers/ranks.js";
import { useRuns } from "../helpers/runs.js";

const { at, run, contents, readJson, write, copy } = useRuns();
const small =
  "train --preset mlp --data data --size 8 --batch 32 --threads 1 --seed 1 --log-every 3 --sample-every 4 --checkpoint-every 5";

beforeAll(async () => {
  await writeIdxFolder(at("data"), 130);
  expect(await run(`${small} --steps 12 --out half`)).toMatchObject({ code: 0 });
  await write("rules.json", rules);
  expect(await run(`train --resume ${await half("slow")} --lr 1e-3 --steps 24`)).toMatchObject({
    code: 0,
    stderr: expect.stringContaining("From step 12 on other rules hold: lr\n"),
  });
});

const rules = {
  ...{ generatorSteps: 2, frozen: { generator: [], discriminator: 1 } },
  ...{ ema: { decay: 0.9 }, diffAugment: ["translation"] },
  ada: { transforms: ["blit"], p: 0.25, fixed: true },
};

/** A run of its own that stopped after 12 of its steps. */
const half = (name: string) => copy("half", name);

const configOf = (name: string) => readJson(name, "config.json");
const ratesOf = ({ generator, discriminator }: Record<string, { lr: number }>) => [
  generator?.lr,
  discriminator?.lr,
];
const weightsOf = (name: string) => readFile(at(name, "weights/generator.safetensors"));

describe("a run that goes on with another learning rate", () => {
  it("is what a trainer that is loaded with it would be, bit for bit", async () => {
    await setThreads(1);
    const { optimizer } = await configOf("slow");
    const trainer = await Trainer.load(at("half/checkpoints/000012"), { optimizer });
    const images = await datasets.mnist({ root: at("data"), size: 8 });
    for await (const _ of trainer.run(images, { steps: 12, batchSize: 32 }));
    await trainer.generator.saveWeights(at("loaded.safetensors"));
    expect(await weightsOf("slow")).toEqual(await readFile(at("loaded.safetensors")));
  });

  it("says in its config what holds, from which step on, and what held before", async () => {
    const { optimizer, changes } = await configOf("slow");
    expect(ratesOf(optimizer)).toEqual([0.001, 0.001]);
    expect(changes).toMatchObject([{ step: 12 }]);
    expect(Object.keys(changes[0].before)).toEqual(["optimizer"]);
    expect(ratesOf(changes[0].before.optimizer)).toEqual([0.0002, 0.0002]);
    expect(changes[0].after).toEqual({ optimizer });
    const stats = (await readFile(at("slow/stats.jsonl"), "utf8")).trim().split("\n");
    const rates = stats.map((line) => JSON.parse(line).generatorLearningRate);
    expect(rates).toEqual([...Array(4).fill(0.0002), ...Array(4).fill(0.001)]);
  });

  it("ends with the same bytes where it is stopped, and resumed without a word", async () => {
    const name = await half("twice");
    expect(await run(`train --resume ${name} --lr 1e-3 --steps 20`)).toMatchObject({ code: 0 });
    const again = await run(`train --resume ${name} --steps 24`);
    expect(again).toMatchObject({ code: 0 });
    expect(again.stderr).not.toContain("other rules hold");
    expect(await contents(name)).toEqual(await contents("slow"));
  });

  it("and where it is killed before its first checkpoint by that rate", async () => {
    const name = await half("killed");
    expect(await run(`train --resume ${name} --lr 1e-3 --steps 14`)).toMatchObject({ code: 0 });
    // As if it had been: of what it learned since nothing is left.
    await rm(at(name, "checkpoints/000014"), { recursive: true });
    await rm(at(name, "samples/14.png"));
    expect(await run(`train --resume ${name} --steps 24`)).toMatchObject({ code: 0 });
    expect(await contents(name)).toEqual(await contents("slow"));
  });

  it("has it from an earlier step on where it has to go back farther, and says so", async () => {
    const name = await half("back");
    expect(await run(`train --resume ${name} --lr 1e-3 --steps 14`)).toMatchObject({ code: 0 });
    for (const step of ["000012", "000014"])
      await rm(at(name, "checkpoints", step), { recursive: true });
    expect(await run(`train --resume ${name} --lr 3e-3 --steps 15`)).toMatchObject({ code: 0 });
    const { changes } = await configOf(name);
    expect(changes).toMatchObject([{ step: 10 }]);
    expect(changes).toHaveLength(1);
    expect(ratesOf(changes[0].before.optimizer)).toEqual([0.0002, 0.0002]);
    expect(ratesOf(changes[0].after.optimizer)).toEqual([0.003, 0.003]);
  });

  it("keeps it where it goes back because it diverged", async () => {
    const words = `train --resume ${await half("wild")} --lr 1e30 --rollbacks 1 --steps 24`;
    const ended = await run(words);
    // By the rate of before it would have come to its end.
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining("(1 of 1)") });
  });

  it("changes nothing where that is the rate that it has", async () => {
    const name = await half("equal");
    expect(await run(`train --resume ${name} --lr 2e-4 --steps 24`)).toMatchObject({ code: 0 });
    expect(await configOf(name)).not.toHaveProperty("changes");
  });

  it("and nothing where it is taken back before a step was done by it", async () => {
    const name = await half("taken-back");
    expect(await run(`train --resume ${name} --lr 1e-3`)).toMatchObject({ code: 0 });
    expect((await configOf(name)).changes).toHaveLength(1);
    expect(await run(`train --resume ${name} --lr 2e-4`)).toMatchObject({ code: 0 });
    expect(await configOf(name)).not.toHaveProperty("changes");
  });

  it("has it for the optimizers of a file, whose own rate it replaces", async () => {
    const name = await half("other-betas");
    const adam = { type: "adam", lr: 3e-4, betas: [0, 0.9] };
    await write("adam.json", { optimizer: { generator: adam, discriminator: adam } });
    const { stderr } = await run(`train adam.json --resume ${name} --steps 13`);
    expect(stderr).toContain("From step 12 on other rules hold: optimizer\n");
    const again = await run(`train adam.json --resume ${await half("betas")} --lr 1e-3 --steps 13`);
    expect(again.stderr).toContain("From step 12 on other rules hold: lr\n");
    const { optimizer } = await configOf("betas");
    expect(optimizer.generator).toMatchObject({ lr: 1e-3, betas: [0, 0.9] });
    expect((await configOf(name)).optimizer.generator).toMatchObject({ lr: 3e-4, betas: [0, 0.9] });
  });

  it("is the run of a command line that comes again with that rate, and of no other", async () => {
    const before = await contents("slow");
    const words = `${small} --steps 24 --out slow --restartable`;
    expect(await run(`${words} --lr 1e-3`)).toMatchObject({ code: 0, stdout: "" });
    const sentence = '0.001, as the run in "slow" has it, for --lr but received 0.0002';
    const other = { code: 2, stdout: "", stderr: `Expected ${sentence}\n` };
    expect(await run(`${words} --lr 2e-4`)).toEqual(other);
    expect(await contents("slow")).toEqual(before);
  });

  it("is not repeated from its config.json, which has no run of one rate", async () => {
    const { code, stderr } = await run("train slow/config.json --out repeated");
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^Expected a run of the same rules from its first step, or a copy without its changes, for changes of slow\/config\.json but received \[/,
    );
  });

  it("has it on all of several ranks", async () => {
    const name = await half("ranks");
    const words = `train --resume ${name} --lr 1e-3 --steps 15`;
    for (const ended of await runCliRanks(2, words, at())) expect(ended).toMatchObject({ code: 0 });
    expect(ratesOf((await configOf(name)).optimizer)).toEqual([0.001, 0.001]);
  });
});

describe("a run that goes on by other rules", () => {
  it("has those of a file, and again those of the next", async () => {
    const name = await half("ruled");
    const words = `train rules.json --resume ${name} --steps 18 --accumulate 2 --evaluate-every 0`;
    const ended = await run(words);
    expect(ended).toMatchObject({ code: 0 });
    const names = "generatorSteps, frozen, ema, diffAugment, ada, accumulate";
    expect(ended.stderr).toContain(`From step 12 on other rules hold: ${names}\n`);
    const { accumulate, changes, ...config } = await configOf(name);
    const ada = { ...rules.ada, target: 0.6, interval: 4, kimg: 500 };
    const ema = { decay: 0.9, rampUp: 0.05 };
    expect(config).toMatchObject({ ...rules, ema, ada });
    const first = {
      step: 12,
      before: {
        ...{ generatorSteps: 1, frozen: { generator: [], discriminator: [] } },
        ...{ ema: null, diffAugment: [], ada: null, accumulate: 1 },
      },
      after: { ...rules, ema, ada, accumulate: 2 },
    };
    expect([accumulate, changes]).toEqual([2, [first]]);
    await write("next.json", { out: name, ema: { decay: 0.8 }, ada: { p: 0.5, fixed: true } });
    const next = "train next.json --resume --steps 24 --execution eager --checkpoint-every 7";
    expect(await run(next)).toMatchObject({ code: 0 });
    const { changes: both } = await configOf(name);
    expect(both).toMatchObject([
      first,
      {
        step: 18,
        before: { ema, ada, execution: "fused", checkpointEvery: 5 },
        after: { ema: { decay: 0.8 }, ada: { p: 0.5 }, execution: "eager", checkpointEvery: 7 },
      },
    ]);
    expect((await contents(name))["checkpoints/000021/checkpoint.json"]).toBeDefined();
  });

  it("is sampled by the generator where its average had not begun yet", async () => {
    const name = await half("averaged");
    await write("averaged.json", { ema: { decay: 0.9 } });
    expect(await run(`train averaged.json --resume ${name} --steps 15`)).toMatchObject({ code: 0 });
    const sampled = async (more: string) => {
      const { code, stdout, stderr } = await run(`sample ${name} --json --out a.png${more}`);
      expect([code, stderr]).toEqual([0, ""]);
      const { step, averaged } = JSON.parse(stdout);
      return [step, averaged];
    };
    expect(await sampled("")).toEqual([15, true]);
    expect(await sampled(" --step 10")).toEqual([10, false]);
    expect(await sampled(" --step 12")).toEqual([12, false]);
    // As while it goes on and has no checkpoint with an average yet.
    await rm(at(name, "checkpoints/000015"), { recursive: true });
    expect(await sampled("")).toEqual([12, false]);
  });

  it("goes on with ADA's probability where none is asked for", async () => {
    const name = await half("adapted");
    await write("first.json", { ada: { transforms: ["blit"], p: 0.5 } });
    expect(await run(`train first.json --resume ${name} --steps 15`)).toMatchObject({ code: 0 });
    await write("same.json", { ada: { transforms: ["blit"] } });
    const again = await run(`train same.json --resume ${name} --steps 18`);
    expect(again).toMatchObject({ code: 0 });
    expect(again.stderr).not.toContain("other rules hold");
    await write("other.json", { ada: { transforms: ["blit"], target: 0.5 } });
    expect(await run(`train other.json --resume ${name} --steps 21`)).toMatchObject({ code: 0 });
    const { ada, changes } = await configOf(name);
    expect([ada.p, ada.target]).toEqual([0.5, 0.5]);
    expect(changes).toHaveLength(2);
    expect(changes[1].after.ada).not.toHaveProperty("p");
    const stats = (await readFile(at(name, "stats.jsonl"), "utf8")).trim().split("\n");
    const p = JSON.parse(stats.at(-1) as string).health.augmentProbability;
    expect(p).toBeGreaterThan(0.4);
  });
});

const flags =
  "--out, --steps, --epochs, --device, --lr, --batch, --horizontal-flip, --accumulate, --execution, --precision, --reduce-precision, --sample-every, --log-every, --checkpoint-every, --keep-checkpoints, --rollbacks, --tensorboard, --evaluate-every, --evaluate-samples, --evaluate-features";
const ofFiles =
  "objective, optimizer, order, fakes, discriminatorSteps, generatorSteps, frozen, ema, diffAugment, ada";
const only = `one of ${flags}, or in a file ${ofFiles}, for an option beside --resume`;

describe("rules that a run cannot go on with are refused, and it stays as it is", () => {
  it.each<[string, object, string]>([
    ["--size 16", {}, `${only} but received "--size" (a run keeps its networks)`],
    ["--seed 3", {}, `${only} but received "--seed" (its random numbers go on where they were)`],
    [
      "--threads 2",
      {},
      `${only} but received "--threads" (with others its last digits would differ)`,
    ],
    [
      "--drop-last",
      {},
      `${only} but received "--drop-last" (the epochs that are done were counted by it)`,
    ],
    ["--from half", {}, `${only} but received "--from" (it has begun already)`],
    [
      "a.json",
      { data: "data" },
      `${only} but received "data of a.json" (a run keeps its images: data of its config.json says where they are; --from begins one on others)`,
    ],
    ["--lr 0", {}, "a finite number above 0 for --lr but received 0"],
    [
      "--precision tf32",
      {},
      'one of float32, bfloat16, which cpu has, for --precision but received "tf32"',
    ],
    [
      "--accumulate 17",
      {},
      "a whole number from 1 to 16 (a part has at least 2 of the 32 images of a batch, as BatchNorm trains on more than one) for --accumulate but received 17",
    ],
    [
      "a.json",
      { ema: null },
      "an object { decay, rampUp } for ema but received null (in ema of a.json)",
    ],
    [
      "a.json",
      { optimizer: { generator: { type: "sgd" }, discriminator: { type: "sgd" } } },
      '"adam", as the checkpoint has it, for optimizer.generator.type but received "sgd"',
    ],
    [
      "--out half",
      {},
      'one run, after --resume or --out for the run but received "--resume \\"refused\\" --out \\"half\\""',
    ],
  ])("%s %j", async (words, file, sentence) => {
    await rm(at("refused"), { recursive: true, force: true });
    const name = await half("refused");
    await write("a.json", file);
    const before = await contents(name);
    const ended = await run(`train ${words} --resume ${name}`);
    expect(ended).toEqual({ code: 2, stdout: "", stderr: `Expected ${sentence}\n` });
    expect(await contents(name)).toEqual(before);
  });

  it("of ranks that are told otherwise", async () => {
    const name = await half("apart");
    const before = await contents(name);
    const words = `train --resume ${name} --steps 15`;
    const told = await runCliRanks(2, words, at(), {
      1: { words: `${words} --lr 1` },
    });
    expect(told.every(({ code }) => code !== 0)).toBe(true);
    expect(await contents(name)).toEqual(before);
  });

  it("so are changes in a config that are none", async () => {
    const name = await half("garbled");
    const config = await configOf(name);
    for (const [changes, why] of [
      [{}, "its changes are no list"],
      [[{ step: 12, before: {} }], "changes[0] is no change"],
      [
        [{ step: 12, before: {}, after: { generatorSteps: 0 } }],
        "Expected a whole number from 1 to 1000 for generatorSteps but received 0 (in changes[0].after.generatorSteps)",
      ],
    ] as const) {
      await write(`${name}/config.json`, { ...config, changes });
      expect(await run(`train --resume ${name} --steps 15`)).toEqual({
        code: 2,
        stdout: "",
        stderr: `Expected the folder of a run for --resume but received "${name}" (its config.json: ${why})\n`,
      });
    }
  });
});
