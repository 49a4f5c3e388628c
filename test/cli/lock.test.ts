// A run is trained by one process at a time: whoever else wants to is refused, and nothing of it is touched.
import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RunFolder } from "../../lib/run/folder.js";
import { planResume, planRun } from "../../lib/run/plan.js";
import { TrainingRun } from "../../lib/run/training.js";
import { runCli, startCli } from "../helpers/cli.js";
import { contentsOf, makeFolder } from "../helpers/folder.js";
import { writeIdxFolder } from "../helpers/idx.js";
import { runCliRanks } from "../helpers/ranks.js";

let folder: { readonly path: string; remove(): Promise<void> };
const at = (...parts: string[]) => join(folder.path, ...parts);
const run = (words: string) => runCli(words.split(" "), folder.path);
const start = (words: string) => startCli(words.split(" "), folder.path);
const small =
  "train --preset mlp --data data --size 8 --batch 32 --threads 1 --seed 1 --log-every 3";
const often = `${small} --checkpoint-every 5`;
const refusal = (name: string) =>
  `Expected a run that nobody else trains for --out but received "${name}" (another process trains it)\n`;

beforeAll(async () => {
  folder = await makeFolder();
  await writeIdxFolder(at("data"), 130);
  expect(await run(`${often} --steps 12 --out half`)).toMatchObject({ code: 0 });
});
afterAll(() => folder.remove());

describe("a run that is being trained", () => {
  it.each([
    ["before its first checkpoint", small],
    ["after it", often],
  ])("is refused to others %s, and ends as if they had not come", async (_, words) => {
    const name = words === small ? "early" : "late";
    const first = start(`${words} --steps 100000 --restartable --out ${name}`);
    await first.says(/(\[Batch 4\/5\][\s\S]*){3}/);
    const config = await readFile(at(name, "config.json"), "utf8");
    const others = [`${words} --steps 30 --restartable --out ${name}`];
    if (words === often) others.push(`train --resume --steps 30 --out ${name}`);
    for (const other of others)
      expect(await run(other)).toEqual({ code: 2, stdout: "", stderr: refusal(name) });
    first.child.kill("SIGINT");
    expect(await first.ended).toMatchObject({ code: 130 });
    expect(await readFile(at(name, "config.json"), "utf8")).toBe(config);
    const steps = (await readFile(at(name, "stats.jsonl"), "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).step);
    expect(steps.slice(0, -1)).toEqual(steps.slice(0, -1).map((__, i) => 3 * (i + 1)));
    const last = steps.at(-1);
    expect(await run(`${words} --steps ${last} --out ${name}-alone`)).toMatchObject({ code: 0 });
    const weights = (one: string) => readFile(at(one, "weights/generator.safetensors"), "base64");
    expect(await weights(name)).toBe(await weights(`${name}-alone`));
  });

  it("is free again once it was killed", async () => {
    const first = start(`${often} --steps 100000 --out killed`);
    await first.says(/(\[Batch 4\/5\][\s\S]*){3}/);
    first.child.kill("SIGKILL");
    await first.ended;
    const again = start("train --resume --out killed");
    await again.says(/\[Batch 4\/5\]/);
    again.child.kill("SIGINT");
    expect(await again.ended).toMatchObject({ code: 130 });
  });

  it("of two that begin at the same moment one has it", async () => {
    const words = `${small} --steps 3 --out both`;
    const ends = await Promise.all([1, 2].map(() => run(words)));
    expect(ends.map(({ code }) => code).sort()).toEqual([0, 2]);
    expect(JSON.parse(await readFile(at("both/summary.json"), "utf8")).state).toBe("done");
  });

  it("is refused to ranks, of which the first says why", async () => {
    await cp(at("half"), at("ranked"), { recursive: true });
    using _ = await resume("ranked");
    const before = await contentsOf(at("ranked"));
    const words = "train --resume --steps 24 --out ranked";
    const [first, second] = await runCliRanks(2, words, folder.path);
    expect(first).toEqual({ code: 2, stdout: "", stderr: `rank 0: ${refusal("ranked")}` });
    const told = `Expected all 2 ranks to take part but received an error of rank 0: ${refusal("ranked")}`;
    expect(second).toMatchObject({ code: 1, stderr: `rank 1: ${told}` });
    expect(await contentsOf(at("ranked"))).toEqual(before);
  });
});

const named = (option: string) => `--${option}`;
const resume = (name: string) =>
  TrainingRun.resume(planResume({ resume: true, out: at(name), steps: 24 }, named));

describe("within one process", () => {
  it("a run that goes on is held until it is disposed", async () => {
    await cp(at("half"), at("one"), { recursive: true });
    const first = await resume("one");
    await expect(resume("one")).rejects.toMatchObject({
      code: "ERR_OUTPUT",
      message: refusal(at("one")).trimEnd(),
    });
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    (await resume("one"))[Symbol.dispose]();
  });

  it("a folder that cannot be opened is a sentence", () => {
    expect(() => RunFolder.lock({ path: at("half/config.json"), name: "--out" })).toThrow(
      expect.objectContaining({
        code: "ERR_OUTPUT",
        message: `Expected a run that can be read for --out but received "${at("half/config.json")}" (a part of the path is not a folder)`,
      }),
    );
  });

  it("so is one that begins; a refusal of something else lets go", async () => {
    const request = {
      preset: "mlp",
      data: at("data"),
      size: 8,
      batch: 32,
      out: at("new"),
      seed: 1,
    };
    {
      using run = await TrainingRun.prepare(planRun({ ...request, steps: 4 }, named));
      await run.open();
      await expect(resume("new")).rejects.toMatchObject({ code: "ERR_OUTPUT" });
      for await (const _ of run.train());
    }
    const behind = planResume({ resume: true, out: at("new"), steps: 3 }, named);
    for (const _ of [1, 2]) await expect(TrainingRun.resume(behind)).rejects.toThrow(RangeError);
    (await resume("new"))[Symbol.dispose]();
  });

  it("one that could not begin lets go, and leaves an empty folder as empty as it was", async () => {
    await mkdir(at("failed"));
    const place = { path: at("failed"), name: "--out", chosen: true };
    // No JSON has such a number.
    await expect(RunFolder.create(place, { steps: 1n })).rejects.toMatchObject({
      code: "ERR_OUTPUT",
    });
    expect(await readdir(at("failed"))).toEqual([]);
    using _ = await RunFolder.create(place, { steps: 1 });
  });

  it("one whose config is lost is a run all the same", async () => {
    await mkdir(at("lost"));
    await writeFile(at("lost/stats.jsonl"), "");
    await expect(
      RunFolder.create({ path: at("lost"), name: "--out", chosen: true }, {}),
    ).rejects.toThrow("(it holds another run; --resume goes on with that one)");
  });

  it("one that was trained while its plan was made is not begun again", async () => {
    const plan = planRun(
      { preset: "mlp", data: at("data"), size: 8, batch: 32, out: at("begun"), steps: 9, seed: 1 },
      named,
    );
    await mkdir(at("begun"));
    const begun = { ...plan, out: { ...plan.out, begun: true } };
    using late = await TrainingRun.prepare(begun);
    {
      using first = await TrainingRun.prepare(begun);
      for await (const _ of first.train());
    }
    const before = await contentsOf(at("begun"));
    await expect(late.open()).rejects.toMatchObject({
      code: "ERR_OUTPUT",
      message: `Expected a new or empty folder that can be written for --out but received "${at("begun")}" (another process has trained it)`,
    });
    expect(await contentsOf(at("begun"))).toEqual(before);
  });
});
