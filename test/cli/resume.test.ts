// `sparring train --resume`: a run that was stopped, by whatever, ends as one that was not.
import { appendFile, mkdir, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { setThreads, threads } from "../../lib/index.js";
import { planResume, planRun } from "../../lib/run/plan.js";
import { parseRunConfig } from "../../lib/run/parse-config.js";
import { TrainingRun } from "../../lib/run/training.js";
import { runCli, startCli } from "../helpers/cli.js";
import { writeIdxFolder } from "../helpers/idx.js";
import { writeTree } from "../helpers/image-folder.js";
import { runCliRanks } from "../helpers/ranks.js";
import { useRuns } from "../helpers/runs.js";

const { at, run, contents, checkpoints, readJson, copy } = useRuns();
const small =
  "train --preset mlp --data data --size 8 --batch 32 --threads 1 --seed 1 --log-every 3 --sample-every 4 --checkpoint-every 5";

beforeAll(async () => {
  await writeIdxFolder(at("data"), 130);
  const whole = await run(`${small} --steps 24 --out whole`);
  expect(whole).toMatchObject({ code: 0 });
  expect(await run(`${small} --steps 12 --out half`)).toMatchObject({ code: 0 });
});

/** A run of its own that stopped after 12 of its steps, as if by a power failure. */
const half = (name: string) => copy("half", name);

describe("a run", () => {
  it("keeps its newest three checkpoints, one of them at the end", async () => {
    expect(await checkpoints("whole")).toEqual(["000015", "000020", "000024"]);
    expect(await checkpoints("half")).toEqual(["000005", "000010", "000012"]);
    expect(await run(`${small} --steps 12 --keep-checkpoints 1 --out one`)).toMatchObject({
      code: 0,
    });
    expect(await checkpoints("one")).toEqual(["000012"]);
  });

  it("that goes on has the files of one that was never stopped, to the byte", async () => {
    const name = await half("longer");
    const ended = await run(`train --resume --out ${name} --steps 24`);
    expect(ended.code).toBe(0);
    expect(ended.stderr).toMatch(/, from step 12 on$/m);
    const [ours, theirs] = [await contents(name), await contents("whole")];
    // The checkpoint at its former end is one of its three newest.
    expect(Object.keys(ours).sort()).toEqual(Object.keys(theirs).sort());
    // It also had a line and a sample of its former end: those stay.
    const { "stats.jsonl": stats, ...files } = ours;
    const { "stats.jsonl": expected, ...wanted } = theirs;
    expect(files).toEqual(wanted);
    const lines = (text = "") => text.trim().split("\n");
    expect(lines(stats)).toEqual(lines(expected));
  });

  it("goes back by itself no more where ranks go on with it, and says so", async () => {
    expect(await run(`${small} --rollbacks 1 --steps 10 --out rolled`)).toMatchObject({ code: 0 });
    const words = "train --resume --out rolled --steps";
    const note =
      "No rollbacks, which the run began with: where several ranks train none goes back by itself";
    const alone = await run(`${words} 11`);
    expect(alone).toMatchObject({ code: 0, stderr: expect.not.stringContaining(note) });
    const [first, second] = await runCliRanks(2, `${words} 12`, at());
    expect(first).toMatchObject({ code: 0, stderr: expect.stringContaining(note) });
    expect(second).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  it("that has ended stays as it is, with the tick that its end cut short", async () => {
    expect(await run(`${small} --steps 14 --out ended`)).toMatchObject({ code: 0 });
    const before = await contents("ended");
    expect(before["stats.jsonl"]).toMatch(/"step":14,[^\n]*\n$/);
    expect(await run("train --resume --out ended")).toMatchObject({ code: 0 });
    expect(await contents("ended")).toEqual(before);
  });

  it("killed half way goes on from its last checkpoint, and does the steps since then again", async () => {
    const { child, says, ended } = startCli(
      `${small} --steps 100000 --out killed`.split(" "),
      at(),
    );
    await says(/\[Batch 4\/5\][\s\S]*\[Batch 4\/5\][\s\S]*\[Batch 4\/5\]/);
    child.kill("SIGKILL");
    await ended;
    const last = Number((await checkpoints("killed")).filter((one) => /^\d+$/.test(one)).at(-1));
    expect(last).toBeGreaterThanOrEqual(5);
    const steps = last + 20;
    expect(await run(`train --resume --out killed --steps ${steps}`)).toMatchObject({ code: 0 });
    expect(await run(`${small} --steps ${steps} --out unkilled`)).toMatchObject({ code: 0 });
    expect(await contents("killed")).toEqual(await contents("unkilled"));
  });

  it("stopped by Ctrl+C can go on from there", async () => {
    const { child, says, ended } = startCli(
      `${small} --steps 100000 --out stopped`.split(" "),
      at(),
    );
    await says(/\[Epoch 1\//);
    child.kill("SIGINT");
    expect(await ended).toMatchObject({ code: 130 });
    const last = Number((await checkpoints("stopped")).at(-1));
    const lines = (await readFile(at("stopped", "stats.jsonl"), "utf8")).trim().split("\n");
    expect(JSON.parse(lines.at(-1) as string).step).toBe(last);
    const ended2 = await run(`train --resume --out stopped --steps ${last + 3}`);
    expect(ended2).toMatchObject({ code: 0 });
  });

  it("that has all of its steps says what takes it further", async () => {
    const { code, stderr } = await run(`train --resume --out ${await half("done")}`);
    expect(code).toBe(0);
    const told = ", from step 12 on: all are done, and --steps or --epochs takes it further";
    expect(stderr.split("\n").find((line) => line.endsWith(told))).toMatch(/^ {2}seed /);
  });

  it("skips checkpoints that are not intact, says why, and ends the same", async () => {
    const name = await half("damaged");
    await truncate(at(name, "checkpoints/000012/generator.safetensors"), 100);
    await mkdir(at(name, "checkpoints/.sparring-1-0123abcd.tmp"));
    await appendFile(at(name, "stats.jsonl"), '{"step": 13, "generatorLo');
    const ended = await run(`train --resume --out ${name} --steps 24`);
    expect(ended.code).toBe(0);
    expect(ended.stderr).toContain("from step 10 on");
    expect(ended.stderr).toMatch(
      /^Skipped a checkpoint that is not intact: Expected a checkpoint for --out but received "damaged\/checkpoints\/000012" \(generator\.safetensors has 100 bytes, not \d+\)$/m,
    );
    expect(await contents(name)).toEqual(await contents("whole"));
  });
});

describe("within a program", () => {
  const named = (option: string) => option;
  const resume = (name: string, steps: number) =>
    TrainingRun.resume(planResume({ resume: true, out: at(name), steps }, named));

  it("a run that was stopped before its first step goes on as one that was not", async () => {
    const request = {
      ...{ preset: "mlp", data: at("data"), size: 8, batch: 32, threads: 1, seed: 1, steps: 24 },
      ...{ logEvery: 3, sampleEvery: 4, checkpointEvery: 5, out: at("unbegun") },
    };
    {
      using run = await TrainingRun.prepare(planRun(request, named));
      for await (const _ of run.train({ signal: AbortSignal.abort() }));
    }
    expect(await checkpoints("unbegun")).toEqual(["000000"]);
    expect(await readdir(at("unbegun"))).not.toContain("stats.jsonl");
    {
      using run = await resume("unbegun", 24);
      for await (const _ of run.train());
    }
    expect(await contents("unbegun")).toEqual(await contents("whole"));
  });

  it("a run that is stopped before the first step of the rest of a tick is where it was", async () => {
    const request = {
      ...{ preset: "mlp", data: at("data"), size: 8, batch: 32, threads: 1, seed: 1, steps: 10 },
      ...{ logEvery: 3, sampleEvery: 4, checkpointEvery: 5, out: at("rest") },
    };
    {
      using run = await TrainingRun.prepare(planRun(request, named));
      for await (const _ of run.train());
    }
    {
      using run = await resume("rest", 24);
      for await (const _ of run.train({ signal: AbortSignal.abort() }));
      expect(run.step).toBe(10);
    }
    {
      using run = await resume("rest", 24);
      for await (const _ of run.train());
    }
    // It ended there once, with samples.
    const { "samples/10.png": ofThen, ...rest } = await contents("rest");
    expect(ofThen).toBeDefined();
    expect(rest).toEqual(await contents("whole"));
  });

  it("it has the threads that it had", async () => {
    const before = await threads();
    const name = await half("threads");
    await setThreads(2);
    using _ = await resume(name, 24);
    expect(await threads()).toBe(1);
    await setThreads(before);
  });

  it("it has no more threads than there are processors, and its config keeps its own", async () => {
    const before = await threads();
    const name = await half("wider");
    const config = await readJson(name, "config.json");
    await writeFile(at(name, "config.json"), JSON.stringify({ ...config, threads: 1000 }));
    const plan = planResume({ resume: true, out: at(name), steps: 24 }, named);
    const notes: string[] = [];
    using run = await TrainingRun.resume(plan, { onNote: (note) => notes.push(note) });
    const processors = availableParallelism();
    expect([await threads(), run.config.threads]).toEqual([processors, processors]);
    const text = `${processors} CPU thread${processors === 1 ? "" : "s"} in place of the run's 1000, `;
    expect(notes).toEqual([expect.stringMatching(new RegExp(`^${text}as `))]);
    expect((await readJson(name, "config.json")).threads).toBe(1000);
    await setThreads(before);
  });

  it("it has no summary while it goes on", async () => {
    using run = await resume(await half("going"), 24);
    for await (const _ of run.train()) {
      expect(await readdir(at("going"))).not.toContain("summary.json");
      break;
    }
    expect(await readdir(at("going"))).toContain("summary.json");
  });
});

it("a run's config.json is read as it was written", async () => {
  const config = await readJson("half/config.json");
  expect(parseRunConfig(config)).toEqual(config);
});

describe("the folder of a run that goes on", () => {
  it("is left as it is where the network that it was to be judged by is gone", async () => {
    const name = await half("unjudged");
    const config = await readJson(name, "config.json");
    const judged = { ...config, evaluateEvery: 5, evaluateFeatures: at("gone.pt") };
    await writeFile(at(name, "config.json"), JSON.stringify(judged));
    // A line that goes where the run goes on: its step is after the checkpoint's.
    await appendFile(at(name, "stats.jsonl"), '{"step":13}\n');
    const before = await contents(name);
    const { code, stderr } = await run(`train --resume --out ${name} --steps 24`);
    expect(code).not.toBe(0);
    expect(stderr).toContain("gone.pt");
    expect(await contents(name)).toEqual(before);
  });

  it.each<[string, (newest: string) => Promise<unknown>, RegExp]>([
    [
      "a later version wrote",
      async (newest) => {
        const file = join(newest, "checkpoint.json");
        const manifest = JSON.parse(await readFile(file, "utf8"));
        await writeFile(file, JSON.stringify({ ...manifest, version: 2 }));
      },
      /its format is version 2; this Sparring reads 1 to 1/,
    ],
    [
      "the system does not let be read",
      // Root may read anything but what is a folder.
      async (newest) => {
        await rm(join(newest, "training.safetensors"));
        await mkdir(join(newest, "training.safetensors"));
      },
      /training\.safetensors: it is a folder/,
    ],
  ])("leaves alone a checkpoint that %s: nothing is trained over it", async (name, spoil, why) => {
    const one = await half(name.replaceAll(" ", "-"));
    await spoil(at(one, "checkpoints/000012"));
    const before = await contents(one);
    const ended = await run(`train --resume --out ${one} --steps 24`);
    expect(ended).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(why) });
    expect(await contents(one)).toEqual(before);
  });

  it("gets the folders again that it lost, and loses what a killed process was writing", async () => {
    const name = await half("mended");
    for (const part of ["samples", "weights"]) await rm(at(name, part), { recursive: true });
    await mkdir(at(name, "samples"));
    for (const part of [".", "samples", "checkpoints"])
      await writeFile(at(name, part, ".sparring-1-0123abcd.tmp"), "half");
    expect(await run(`train --resume --out ${name} --steps 24`)).toMatchObject({ code: 0 });
    const { "samples/0.png": _, ...others } = await contents("whole");
    // The grid of the step that it goes on from is drawn, too.
    const drawn = ["4", "8"].map((step) => `samples/${step}.png`);
    const wanted = Object.entries(others).filter(([path]) => !drawn.includes(path));
    expect(await contents(name)).toEqual(Object.fromEntries(wanted));
  });

  it("is refused where its statistics cannot be read, and does not begin them anew", async () => {
    const name = await half("pipe");
    await rm(at(name, "stats.jsonl"));
    execFileSync("mkfifo", [at(name, "stats.jsonl")]);
    expect(await run(`train --resume --out ${name} --steps 24`)).toEqual({
      code: 2,
      stdout: "",
      stderr:
        'Expected a file that can be read for statistics but received "pipe/stats.jsonl" (it is no regular file)\n',
    });
    expect(await checkpoints(name)).toEqual(await checkpoints("half"));
  });

  it("is refused where it cannot be one, before anything changes", async () => {
    const name = await half("fileful");
    await rm(at(name, "weights"), { recursive: true });
    await writeFile(at(name, "weights"), "a letter");
    const before = await contents(name);
    expect(await run(`train --resume --out ${name} --steps 24`)).toEqual({
      code: 2,
      stdout: "",
      stderr:
        'Expected a new or empty folder that can be written for --out but received "fileful/weights" (it is a file)\n',
    });
    expect(await contents(name)).toEqual(before);
  });
});

it("images that have to be packed again are named by their folder", async () => {
  const env = { XDG_CACHE_HOME: at("cache") };
  const levels = Array.from({ length: 40 }, (_, i) => [`${i}.png`, 5 * i] as const);
  await writeTree(at("pictures"), Object.fromEntries(levels));
  const words = `${small.replace("--data data", "--data pictures")} --steps 3 --out packed`;
  expect(await runCli(words.split(" "), at(), env)).toMatchObject({ code: 0 });
  await rm(at("cache"), { recursive: true });
  const again = "train --resume --out packed --steps 4".split(" ");
  const { code, stderr } = await runCli(again, at(), env);
  expect(code).toBe(0);
  expect(stderr).toContain(`Packing 40 images of ${at("pictures")}\n`);
});
