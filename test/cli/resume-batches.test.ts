// `sparring train --resume RUN --batch 16`: a run that goes on with other batches, ticks and
// evaluations, and counts its epochs by both.
import { cp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { datasets, setThreads, Trainer } from "../../lib/index.js";
import { writeIdxFolder } from "../helpers/idx.js";
import { useRuns } from "../helpers/runs.js";

const means = fileURLToPath(new URL("../reference/torch-script/means.pt", import.meta.url));

const { at, run, contents, readJson, write, copy } = useRuns();
const small =
  "train --preset mlp --data data --size 8 --threads 1 --seed 1 --sample-every 40 --checkpoint-every 5";

beforeAll(async () => {
  await writeIdxFolder(at("data"), 130);
  await write("two.json", { discriminatorSteps: 2 });
  const words = `${small} --batch 32 --log-every 3 --steps 12 --out half`;
  expect(await run(words)).toMatchObject({ code: 0 });
  expect(await run(`train two.json --resume ${await half("other")} ${others}`)).toMatchObject({
    code: 0,
    stderr: expect.stringContaining(
      "From step 12 on other rules hold: discriminatorSteps, batch, horizontalFlip, logEvery\n",
    ),
  });
});

const others = "--batch 16 --horizontal-flip --log-every 8 --steps 24";

/** A run of its own that stopped after 12 of its steps. */
const half = (name: string) => copy("half", name);

const textOf = (name: string) => readFile(at(name), "utf8");
const configOf = (name: string) => readJson(name, "config.json");
const ticksOf = async (name: string) =>
  (await textOf(`${name}/stats.jsonl`))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { step: number; epoch: number; batch: number });

describe("a run that goes on with batches of another size, and another number of them", () => {
  it("is what a trainer that is loaded with it would be, bit for bit", async () => {
    await setThreads(1);
    const trainer = await Trainer.load(at("half/checkpoints/000012"), { discriminatorSteps: 2 });
    const images = await datasets.mnist({ root: at("data"), size: 8 });
    const how = { steps: 12, batchSize: 16, horizontalFlip: true };
    for await (const _ of trainer.run(images, how));
    await trainer.generator.saveWeights(at("loaded.safetensors"));
    const weights = await readFile(at("other/weights/generator.safetensors"));
    expect(weights).toEqual(await readFile(at("loaded.safetensors")));
  });

  it("says so in its config", async () => {
    const { batch, discriminatorSteps, logEvery, changes } = await configOf("other");
    expect([batch, discriminatorSteps, logEvery]).toEqual([16, 2, 8]);
    const before = { discriminatorSteps: 1, batch: 32, horizontalFlip: false, logEvery: 3 };
    const after = { discriminatorSteps: 2, batch: 16, horizontalFlip: true, logEvery: 8 };
    expect(changes).toEqual([{ step: 12, before, after }]);
  });

  it("begins a new epoch there, and counts on by its new batches", async () => {
    const places = (await ticksOf("other")).map(({ step, epoch, batch }) => [step, epoch, batch]);
    // 5 batches of 32 in an epoch; then 9 of 16, of which a step takes two.
    expect(places).toEqual([
      ...[
        [3, 0, 2],
        [6, 1, 0],
        [9, 1, 3],
        [12, 2, 1],
      ],
      ...[
        [16, 3, 7],
        [24, 5, 5],
      ],
    ]);
    const { epochs } = await readJson("other/summary.json");
    const shown = 2 * 130 + 2 * 32 + 2 * 130 + 6 * 16;
    expect(epochs).toBe(Number((shown / 130).toPrecision(6)));
  });

  it("ends with the same bytes where it is stopped in a tick, and resumed without a word", async () => {
    const name = await half("twice");
    const words = others.replace("24", "20");
    expect(await run(`train two.json --resume ${name} ${words}`)).toMatchObject({ code: 0 });
    await rm(at(name, "samples/20.png"));
    const again = await run(`train --resume ${name} --steps 24`);
    expect(again).toMatchObject({ code: 0 });
    expect(again.stderr).not.toContain("other rules hold");
    expect(await contents(name)).toEqual(await contents("other"));
  });

  it("and where it is killed before its first checkpoint of those", async () => {
    const name = await half("killed");
    const words = others.replace("24", "14");
    expect(await run(`train two.json --resume ${name} ${words}`)).toMatchObject({ code: 0 });
    await rm(at(name, "checkpoints/000014"), { recursive: true });
    await rm(at(name, "samples/14.png"));
    expect(await run(`train --resume ${name} --steps 24`)).toMatchObject({ code: 0 });
    expect(await contents(name)).toEqual(await contents("other"));
  });

  it("is as long as its epochs of both are", async () => {
    const name = await half("long");
    const ended = await run(`train --resume ${name} --batch 16 --epochs 4 --log-every 1`);
    // Two whole ones of 5 batches, one that was left after 2, and one of 9.
    expect([ended.code, ended.stderr]).toEqual([0, expect.stringContaining("21 steps")]);
    const last = (await ticksOf(name)).at(-1);
    expect([last?.step, last?.epoch, last?.batch]).toEqual([21, 3, 8]);
  });

  it("is the run of a command line that comes again with those batches, and of no other", async () => {
    const name = await half("again");
    const words = `${small} --log-every 3 --steps 14 --out ${name}`;
    expect(await run(`train --resume ${name} --batch 16 --steps 14`)).toMatchObject({ code: 0 });
    expect(await run(`${words} --batch 16 --restartable`)).toMatchObject({ code: 0, stdout: "" });
    const sentence = `16, as the run in "${name}" has it, for --batch but received 32`;
    const other = { code: 2, stdout: "", stderr: `Expected ${sentence}\n` };
    expect(await run(`${words} --batch 32 --restartable`)).toEqual(other);
  });
});

describe("a tick that was under way", () => {
  it("ends where the new interval has it, and lines of before stay", async () => {
    const name = await half("ticks");
    expect(await run(`train --resume ${name} --log-every 7 --steps 20`)).toMatchObject({ code: 0 });
    expect(await run(`train --resume ${name} --log-every 2 --steps 24`)).toMatchObject({ code: 0 });
    const steps = (await ticksOf(name)).map(({ step }) => step);
    expect(steps).toEqual([3, 6, 9, 12, 14, 22, 24]);
  });
});

describe("batches that a run cannot go on with are refused, and it stays as it is", () => {
  it.each([
    ["--batch 131", "a whole number from 2 to 130 (the data have 130 images) for --batch"],
    ["--batch 0", "a whole number of at least 1"],
    ["--log-every 0", "a whole number of at least 1"],
    // No advice to leave it out: that a run does so from its beginning, or not at all.
    [
      "--batch 43",
      "a number that does not leave a last batch of 1 of 130 images (BatchNorm trains on more than one) for --batch but received 43\n",
    ],
  ])("%s", async (words, sentence) => {
    await rm(at("refused"), { recursive: true, force: true });
    const name = await half("refused");
    const before = await contents(name);
    const { code, stdout, stderr } = await run(`train ${words} --resume ${name} --steps 15`);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(`Expected ${sentence}`);
    expect(await contents(name)).toEqual(before);
  });

  it("and more epochs than steps can be counted", async () => {
    const epochs = String(Number.MAX_SAFE_INTEGER);
    const { code, stderr } = await run(`train --resume half --epochs ${epochs}`);
    const sentence = `Expected fewer of them for --epochs but received ${epochs}\n`;
    expect([code, stderr]).toEqual([2, sentence]);
  });

  it("and what a config says that held, where that is none", async () => {
    const name = await half("garbled");
    const config = await configOf(name);
    const changes = [{ step: 5, before: { batch: 0 }, after: { batch: 32 } }];
    await write(`${name}/config.json`, { ...config, changes });
    const { code, stderr } = await run(`train --resume ${name} --steps 15`);
    expect(code).toBe(2);
    expect(stderr).toContain("its config.json: Expected a whole number from 1 to 130");
    expect(stderr).toContain("for changes[0].before.batch but received 0");
  });

  it.each([
    ["batches of more than all images", [[5, 131]], "from 1 to 130 for changes[0].before.batch"],
    [
      "steps in another order",
      [
        [9, 16],
        [5, 16],
      ],
      "of at least 9 for changes[1].step",
    ],
  ] as const)("and what it says that cannot have been: %s", async (_, told, sentence) => {
    await rm(at("garbled"), { recursive: true, force: true });
    const name = await half("garbled");
    const config = await configOf(name);
    const changes = told.map(([step, batch]) => ({
      step,
      before: { batch },
      after: { batch: 32 },
    }));
    await write(`${name}/config.json`, { ...config, changes });
    const { code, stderr } = await run(`train --resume ${name} --steps 15`);
    expect([code, stderr]).toEqual([2, expect.stringContaining(`a whole number ${sentence} but`)]);
  });
});

describe("a run whose last batch would be of one image, which it leaves out", () => {
  it("goes on, as it began", async () => {
    const words = `${small} --batch 43 --drop-last --log-every 3`;
    expect(await run(`${words} --steps 3 --out whole-batches`)).toMatchObject({ code: 0 });
    expect(await run("train --resume whole-batches --steps 6")).toMatchObject({ code: 0 });
    const sentence =
      "a number that does not leave a last batch of 1 of 130 images (BatchNorm trains on more than one; --drop-last leaves it out) for --batch but received 43";
    const left = await run(`${words.replace("--drop-last ", "")} --steps 3 --out left`);
    expect(left).toMatchObject({ code: 2, stderr: `Expected ${sentence}\n` });
  });
});

describe("evaluations of a run that goes on", () => {
  it("may begin with any number of samples, and keep it: the best is chosen among them", async () => {
    const name = await half("judged");
    const first = await run(
      `train --resume ${name} --evaluate-every 2 --evaluate-samples 80 --steps 14`,
    );
    expect(first).toMatchObject({ code: 0 });
    const [line] = (await textOf(`${name}/evaluations.jsonl`)).trim().split("\n");
    expect(JSON.parse(line as string)).toMatchObject({ step: 14, samples: 80 });
    const before = await contents(name);
    const more = await run(`train --resume ${name} --evaluate-samples 90 --steps 16`);
    const why = "as the best checkpoint is chosen among evaluations that can be compared,";
    const stderr = `Expected 80, ${why} for --evaluate-samples but received 90\n`;
    expect(more).toEqual({ code: 2, stdout: "", stderr });
    expect(await contents(name)).toEqual(before);
  });

  it("may begin with any network, and keep what is in it: not where that lies", async () => {
    const name = await half("seen");
    await cp(means, at("net.pt"));
    const judged = "--evaluate-every 2 --evaluate-samples 80 --evaluate-features";
    const first = await run(`train --resume ${name} ${judged} net.pt --steps 14`);
    expect(first).toMatchObject({ code: 0 });
    await rename(at("net.pt"), at("moved.pt"));
    const moved = await run(`train --resume ${name} --evaluate-features moved.pt --steps 16`);
    expect(moved).toMatchObject({ code: 0 });
    const lines = (await textOf(`${name}/evaluations.jsonl`)).trim().split("\n");
    const networks = lines.map((line) => JSON.parse(line).network as string);
    expect(networks).toEqual([
      expect.stringMatching(/^net\.pt@[0-9a-f]{12}$/),
      networks[0]?.replace("net", "moved"),
    ]);
    const before = await contents(name);
    // Another file in its place, without a word: a ZIP with a comment of one letter.
    const bytes = await readFile(means);
    bytes.writeUInt16LE(1, bytes.length - 2);
    await writeFile(at("moved.pt"), Buffer.concat([bytes, Buffer.from("x")]));
    const { code, stderr } = await run(`train --resume ${name} --steps 18`);
    const what = `Expected "${networks[1]}", as the best checkpoint is chosen among evaluations that can be compared, for evaluateFeatures of `;
    expect([code, stderr]).toEqual([2, expect.stringContaining(what)]);
    expect(await contents(name)).toEqual(before);
  });
});
