// `sparring train` under a launcher: ranks that are one run.
import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pythonEnvironment } from "../../scripts/python-env.mjs";
import type { Device } from "../../lib/index.js";
import { type RunConfig, sharedOf } from "../../lib/run/config.js";
import { chooseDevice } from "../../lib/run/device.js";
import type { Team } from "../../lib/run/team.js";
import { mainFile, runCli, start, withOptions } from "../helpers/cli.js";
import { contentsOf, makeFolder } from "../helpers/folder.js";
import { writeIdxFolder } from "../helpers/idx.js";
import { writeTree } from "../helpers/image-folder.js";
import { allEnded, rankEnvironment, runCliRanks, startCliRanks } from "../helpers/ranks.js";

let folder: { readonly path: string; remove(): Promise<void> };
const at = (...parts: string[]) => join(folder.path, ...parts);
const contents = (name: string) => contentsOf(at(name));
const train =
  "train --preset mlp --data data --size 8 --batch 32 --threads 1 --seed 1 --log-every 3 --sample-every 5 --checkpoint-every 5";
const quiet = { code: 0, stdout: "", stderr: "" };

beforeAll(async () => {
  folder = await makeFolder();
  await writeIdxFolder(at("data"), 130);
  for (const words of [`${train} --steps 24 --out whole`, `${train} --steps 15 --out half`]) {
    const [first, second] = await runCliRanks(2, words, folder.path);
    expect(first).toMatchObject({ code: 0 });
    expect(second).toEqual(quiet);
  }
});
afterAll(() => folder.remove());

describe("two ranks", () => {
  it("are one run: the first of them writes what one process writes, and speaks", async () => {
    expect(await runCli(`${train} --steps 24 --out alone`.split(" "), folder.path)).toMatchObject({
      code: 0,
    });
    const [ours, theirs] = [await contents("whole"), await contents("alone")];
    expect(Object.keys(ours).sort()).toEqual(Object.keys(theirs).sort());
    const events = (await readdir(at("whole"))).filter((name) => name.includes("tfevents"));
    expect(events).toHaveLength(1);
    const losses = async (name: string) =>
      (await readFile(at(name, "stats.jsonl"), "utf8"))
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
    const [lines, lonely] = [await losses("whole"), await losses("alone")];
    expect(lines.map(({ step, epoch, batch }) => [step, epoch, batch])).toEqual(
      lonely.map(({ step, epoch, batch }) => [step, epoch, batch]),
    );
    // Not to rounding: batch normalisation is of the rows of a rank.
    for (const [i, { generatorLoss }] of lines.entries())
      expect(generatorLoss).toBeCloseTo(lonely[i].generatorLoss, 1);
  });

  it("are one to rounding with --sync-batch-norm, one image for a rank included", async () => {
    // 130 images: the last batch of an epoch has two.
    const words = `${train} --steps 12 --sync-batch-norm --out`;
    const ranks = await runCliRanks(2, `${words} synced`, folder.path);
    const alone = await runCli(`${words} unsynced`.split(" "), folder.path);
    for (const { code } of [...ranks, alone]) expect(code).toBe(0);
    const lines = async (name: string) =>
      (await readFile(at(name, "stats.jsonl"), "utf8"))
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
    const theirs = await lines("unsynced");
    for (const [i, { generatorLoss, discriminatorLoss }] of (await lines("synced")).entries()) {
      expect(generatorLoss).toBeCloseTo(theirs[i].generatorLoss, 4);
      expect(discriminatorLoss).toBeCloseTo(theirs[i].discriminatorLoss, 4);
    }
    const { kind } = JSON.parse(await readFile(at("synced", "plan.json"), "utf8"));
    expect(kind).toBe("planned");
  });

  it("go on where they stopped, and end with the bytes of ranks that never did", async () => {
    await cp(at("half"), at("resumed"), { recursive: true });
    const words = "train --resume --steps 24 --out resumed";
    const [first, second] = await runCliRanks(2, words, folder.path);
    expect(first).toMatchObject({ code: 0 });
    expect(first?.stderr).toContain("on 2 ranks of cpu, 1 thread\n");
    expect(first?.stderr).toContain("from step 15 on");
    expect(second).toEqual(quiet);
    expect(await contents("resumed")).toEqual(await contents("whole"));
  });

  it("are gone on with by one process", async () => {
    await cp(at("half"), at("fewer"), { recursive: true });
    const words = "train --resume --steps 24 --out fewer".split(" ");
    expect(await runCli(words, folder.path)).toMatchObject({ code: 0 });
    expect(Object.keys(await contents("fewer"))).toEqual(Object.keys(await contents("whole")));
  });

  it("evaluate on the first, whose word on the best checkpoint is that of all", async () => {
    const often = "--checkpoint-every 100 --evaluate-every 5 --evaluate-samples 80";
    const words = `${withOptions(train, often)} --steps 11 --out judged`;
    const [first, second] = await runCliRanks(2, words, folder.path);
    expect(first).toMatchObject({ code: 0 });
    expect(second).toEqual(quiet);
    const lines = (await readFile(at("judged/evaluations.jsonl"), "utf8")).trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).step)).toEqual([5, 10]);
    const best = JSON.parse(await readFile(at("judged/checkpoints/best.json"), "utf8"));
    expect(await readdir(at("judged/checkpoints"))).toContain(String(best.step).padStart(6, "0"));
  });
});

/** What a run of 40 steps leaves that nobody killed. */
async function undisturbed(): Promise<Record<string, string>> {
  if (!(await readdir(folder.path)).includes("unkilled"))
    for (const rank of await runCliRanks(2, `${train} --steps 40 --out unkilled`, folder.path))
      expect(rank).toMatchObject({ code: 0 });
  return contents("unkilled");
}

describe("a rank that ends", () => {
  it("by SIGKILL ends the run with 75 and its name, and the same command line goes on", async () => {
    const words = `${train} --steps 40 --restartable --out killed`;
    const ranks = await startCliRanks(2, words, folder.path);
    await ranks[0]?.says(/\[Epoch 3\//);
    ranks[1]?.child.kill("SIGKILL");
    const [first] = await allEnded(ranks);
    expect(first?.code).toBe(75);
    expect(first?.stderr).toMatch(
      /^rank 0: Expected rank 1 to take part but received nothing: it has ended, .*300 s \(.*\)\n$/m,
    );
    const summary = JSON.parse(await readFile(at("killed/summary.json"), "utf8"));
    expect(summary).toMatchObject({ state: "failed", code: "ERR_RANK" });
    // What it has is half of a step.
    expect(await readdir(at("killed/weights"))).toEqual([]);
    for (const rank of await runCliRanks(2, words, folder.path))
      expect(rank).toMatchObject({ code: 0 });
    expect(await contents("killed")).toEqual(await undisturbed());
  });

  it("by a signal stops all after the same step, saved; the others exit with 75", async () => {
    const words = `${train} --steps 100000 --out stopped --dashboard 0`;
    const ranks = await startCliRanks(2, words, folder.path);
    await ranks[0]?.says(/\[Epoch 1\//);
    // The first of them alone shows the run on a page.
    await ranks[0]?.says(/^The dashboard is at http/m);
    ranks[1]?.child.kill("SIGTERM");
    const [first, second] = await allEnded(ranks);
    expect(first).toMatchObject({ code: 75 });
    expect(second).toEqual({ code: 143, stdout: "", stderr: "" });
    const { state, step, checkpoint } = JSON.parse(
      await readFile(at("stopped/summary.json"), "utf8"),
    );
    expect(state).toBe("stopped");
    expect(checkpoint).toBe(`checkpoints/${String(step).padStart(6, "0")}`);
  });

  it.each([
    ["whole", "it holds another run; --resume goes on with that one"],
    // Found out only when all is loaded, and the folder made.
    ["/proc/none", "no such file or folder"],
  ])("before the first step says why, and so do the others: --out %s", async (out, why) => {
    const [first, second] = await runCliRanks(2, `${train} --out ${out}`, folder.path);
    const sentence = `Expected a new or empty folder that can be written for --out but received "${out}" (${why})`;
    expect(first).toEqual({ code: 2, stdout: "", stderr: `rank 0: ${sentence}\n` });
    const told = `Expected all 2 ranks to take part but received an error of rank 0: ${sentence}`;
    expect(second).toEqual({ code: 1, stdout: "", stderr: `rank 1: ${told}\n` });
  });

  it.each([
    [1, "nowhere"],
    [0, "nowhere"],
  ])("before it meets them says why, and so do the others: rank %i", async (who, data) => {
    const own = {
      [who]: { words: `${train.replace("--data data", `--data ${data}`)} --out none` },
    };
    const since = performance.now();
    const ends = await runCliRanks(2, `${train} --out none`, folder.path, own);
    // Long before the timeout, of 300 seconds.
    expect((performance.now() - since) / 1000).toBeLessThan(100);
    const sentence = `Expected mnist, stacked-mnist, a folder or a file for --data but received "${data}" (no such file or folder)`;
    const told = `Expected all 2 ranks to take part but received an error of rank ${who}: ${sentence}`;
    expect(ends[who]).toEqual({ code: 2, stdout: "", stderr: `rank ${who}: ${sentence}\n` });
    const other = 1 - who;
    expect(ends[other]).toEqual({ code: 1, stdout: "", stderr: `rank ${other}: ${told}\n` });
    expect(await readdir(folder.path)).not.toContain("none");
  });

  it("says it to one that comes later, too", async () => {
    const wait = "await new Promise((done) => setTimeout(done, 4000))";
    const late = `--import=data:text/javascript,${encodeURIComponent(wait)}`;
    const own = {
      1: { words: `${train.replace("--data data", "--data nowhere")} --out none` },
      2: { env: { NODE_OPTIONS: late } },
    };
    const ends = await runCliRanks(3, `${train} --out none`, folder.path, own);
    expect(ends.map(({ code }) => code)).toEqual([1, 2, 1]);
    for (const rank of [0, 2])
      expect(ends[rank]?.stderr).toMatch(
        new RegExp(`^rank ${rank}: .* received an error of rank 1: .*"nowhere"`),
      );
  });

  it("as it left out a broken image says which", async () => {
    const levels = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`${i}.png`, 5 * i]));
    await writeTree(at("pictures"), levels);
    await cp(at("pictures"), at("pictures-1"), { recursive: true });
    await writeFile(at("pictures-1/7.png"), "no picture");
    const words = (data: string) =>
      `train --preset mlp --data ${data} --size 8 --channels 1 --batch 8 --out none`;
    const own = { 1: { words: words("pictures-1") } };
    const [first, second] = await runCliRanks(2, words("pictures"), folder.path, own);
    const sentence = "Expected 40, as rank 0 has it, for images of rank 1 but received 39";
    expect(first?.stderr).toContain(`rank 0: ${sentence}\n`);
    expect(second?.stderr).toMatch(
      /^rank 1: Left out 1 of the files as broken: .*7\.png.*\nrank 1: (.*)\n$/,
    );
    expect(second?.stderr).toContain(`rank 1: ${sentence}\n`);
  });

  it("in the middle of a run says why, and the others, which exit with 75, do so, too", async () => {
    const words = withOptions(train, "--steps 1000000 --log-every 1 --out lost");
    const ranks = await startCliRanks(2, words, folder.path);
    await ranks[0]?.says(/\[Epoch 1\//);
    // Where rank 0 is to write its next sample.
    await rm(at("lost/samples"), { recursive: true });
    const [first, second] = await allEnded(ranks);
    expect([first?.code, second?.code]).toEqual([1, 75]);
    const sentence = /^rank 0: (Expected .*)\n$/m.exec(first?.stderr ?? "")?.[1];
    expect(second?.stderr).toBe(
      `rank 1: Expected all 2 ranks to take part but received an error of rank 0: ${sentence}\n`,
    );
  });
});

describe("ranks, misused", () => {
  const refused = async (words: string, own: Parameters<typeof runCliRanks>[3] = {}) => {
    const ends = await runCliRanks(2, words, folder.path, own);
    expect(await readdir(folder.path)).not.toContain("none");
    return ends.map(({ code, stderr }) => [code, stderr]);
  };

  it.each([
    [
      "--rollbacks 2",
      "Expected 0 where several ranks train, of which none goes back by itself, for --rollbacks but received 2",
    ],
    ["--timeout 0", "Expected a number in [1, 86400] for --timeout but received 0"],
  ])("refuse %s", async (flags, sentence) => {
    expect(await refused(`${train} --out none ${flags}`)).toEqual(
      [0, 1].map((rank) => [2, `rank ${rank}: ${sentence}\n`]),
    );
  });

  it("refuse --device cuda:7: each has the GPU of its LOCAL_RANK", async () => {
    expect(await refused(`${train} --out none --device cuda:7`)).toEqual(
      [0, 1].map((rank) => [
        2,
        `rank ${rank}: Expected "cpu" or "cuda", of which this rank has the one of its LOCAL_RANK ${rank}, for --device but received "cuda:7"\n`,
      ]),
    );
  });

  it("train on the CPU, or not at all, where they have no GPU of their own", () => {
    const team = { group: { localRank: 999 } } as Team;
    expect(chooseDevice("auto", "--device", team)).toBe("cpu");
    for (const device of ["cuda", "cuda:999"] as const)
      expect(() => chooseDevice(device, "--device", team)).toThrow(
        /^Expected .* for --device but received "cuda:999"/,
      );
  });

  it("share what they train on, a CPU or a GPU of any number", () => {
    const on = (device: Device) => sharedOf({ device, batch: 32, seed: 1 } as RunConfig);
    expect(on("cuda:1")).toEqual({ device: "cuda", batch: 32 });
    expect(on("cuda:1")).toEqual(on("cuda:0"));
    expect(on("cpu")).not.toEqual(on("cuda:0"));
  });

  it("refuse options that differ", async () => {
    const sentence = "Expected 7, as rank 0 has it, for sampleEvery of rank 1 but received 8";
    const own = { 1: { words: withOptions(train, "--out none --sample-every 8") } };
    expect(await refused(withOptions(train, "--out none --sample-every 7"), own)).toEqual(
      [0, 1].map((rank) => [1, `rank ${rank}: ${sentence}\n`]),
    );
  });

  it("compare what is in force, whether it was asked for or not", async () => {
    const own = {
      1: { words: withOptions(train, "--out none --execution fused --sample-every 8") },
    };
    const sentence = "Expected 5, as rank 0 has it, for sampleEvery of rank 1 but received 8";
    expect(await refused(`${train} --out none`, own)).toEqual(
      [0, 1].map((rank) => [1, `rank ${rank}: ${sentence}\n`]),
    );
  });

  it("refuse a seed that one of them alone was given", async () => {
    const sentence = "Expected none, as rank 0 has it, for seed of rank 1 but received 1";
    const own = { 1: { words: `${train} --out none` } };
    expect(await refused(`${train.replace(" --seed 1", "")} --out none`, own)).toEqual(
      [0, 1].map((rank) => [1, `rank ${rank}: ${sentence}\n`]),
    );
  });

  it("refuse --resume on one of them", async () => {
    const own = { 1: { words: "train --resume --out half" } };
    const sentence = "Expected false, as rank 0 has it, for resume of rank 1 but received true";
    expect(await refused(`${train} --out none`, own)).toEqual(
      [0, 1].map((rank) => [1, `rank ${rank}: ${sentence}\n`]),
    );
  });

  it.each([
    [
      "another seed",
      " --restartable",
      " --restartable --seed 8",
      "1, as rank 0 has it, for seed of rank 1 but received 8",
    ],
    [
      "no --restartable",
      " --restartable",
      "",
      "true, as rank 0 has it, for restartable of rank 1 but received false",
    ],
    [
      "another preset for a run that goes on",
      " --restartable",
      " --restartable --preset gan",
      '"mlp", as rank 0 has it, for preset of rank 1 but received "gan"',
    ],
  ])("refuse %s on one of them", async (_, first, second, what) => {
    const own = { 1: { words: withOptions(train, `--out half${second}`) } };
    expect(await refused(`${train} --out half${first}`, own)).toEqual(
      [0, 1].map((rank) => [1, `rank ${rank}: Expected ${what}\n`]),
    );
  });

  it.each<["RANK" | "WORLD_SIZE", NodeJS.ProcessEnv, string]>([
    [
      "WORLD_SIZE",
      {},
      "rank 0: Expected a whole number from 1 to 65536 for WORLD_SIZE but received undefined",
    ],
    ["RANK", {}, "Expected a whole number from 0 to 0 for RANK but received undefined"],
    ["RANK", { RANK: "" }, 'Expected a whole number from 0 to 0 for RANK but received ""'],
  ])("refuse to begin where one is not told its %s: %j", async (forgotten, told, sentence) => {
    const { [forgotten]: _, ...known } = rankEnvironment(0, 1, 1);
    const env = { ...known, ...told };
    const { code, stderr } = await start(
      process.execPath,
      [mainFile, ...`${train} --out none`.split(" ")],
      folder.path,
      env,
    ).ended;
    expect([code, stderr]).toEqual([2, `${sentence}\n`]);
  });

  it("need a folder that can be found again where their launcher restarts them", async () => {
    const env = { TORCHELASTIC_MAX_RESTARTS: "3" };
    const [first] = await refused(train, { 0: { env } });
    expect(first).toEqual([
      2,
      "rank 0: Expected a folder that a restart finds again for --out but received nothing\n",
    ]);
  });

  it("tell of a dry run once, as one process does", async () => {
    const [first, second] = await runCliRanks(2, `${train} --dry-run`, folder.path);
    expect(first).toMatchObject({ code: 0 });
    expect(first?.stdout).toContain("Nothing was written.");
    expect(second).toEqual(quiet);
  });
});

// Without PyTorch there is no torchrun; CI has to have one.
const python = (await pythonEnvironment({ create: false })) as { python: string } | null;
const impossible = python === null && process.env.CI === undefined;

it.skipIf(impossible)("torchrun starts them, and after a failure again: they go on", async () => {
  if (python === null) throw new Error("Expected a PyTorch in CI but found none");
  const { RANK, WORLD_SIZE, ...none } = rankEnvironment(0, 1, 1);
  const launch = "-m torch.distributed.run --no-python --nproc-per-node 2 --max-restarts 1";
  const words = `${train} --steps 40 --out elastic`.split(" ");
  const args = [...launch.split(" "), process.execPath, mainFile, ...words];
  const env = { OMP_NUM_THREADS: none.OMP_NUM_THREADS, LOGLEVEL: "ERROR" };
  const agent = start(python.python, args, folder.path, env);
  await agent.says(/\[Epoch 3\//);
  process.kill(await childOfRank(1, agent.child.pid as number), "SIGKILL");
  const { code, stderr } = await agent.ended;
  expect(code).toBe(0);
  expect(stderr).toMatch(/^ {2}seed 1, into elastic, from step \d+ on$/m);
  expect(await contents("elastic")).toEqual(await undisturbed());
});

/** The process that an agent started as this rank. */
async function childOfRank(rank: number, agent: number): Promise<number> {
  const children = await readFile(`/proc/${agent}/task/${agent}/children`, "utf8");
  for (const child of children.trim().split(" ")) {
    const variables = await readFile(`/proc/${child}/environ`, "utf8");
    if (variables.split("\0").includes(`RANK=${rank}`)) return Number(child);
  }
  throw new Error(`the agent has no child of rank ${rank}`);
}
