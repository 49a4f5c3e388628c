// `sparring train --restartable`: a command line that is started again goes on with what it began.
import { chmod, mkdir, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { planRun, type RunRequest } from "../../lib/run/plan.js";
import { planRestart } from "../../lib/run/restart.js";
import { runCli, withOptions } from "../helpers/cli.js";
import { writeIdxFolder } from "../helpers/idx.js";
import { asNobody } from "../helpers/nobody.js";
import { useRuns } from "../helpers/runs.js";

const { at, run, contents, readJson, copy } = useRuns();
const small =
  "train --preset mlp --data data --size 8 --batch 32 --threads 1 --log-every 3 --sample-every 5 --checkpoint-every 5 --restartable";

beforeAll(async () => {
  // The last batch of an epoch has two images, often the same two: the seed is drawn.
  await writeIdxFolder(at("data"), 130);
  expect(await run(`${small} --steps 24 --out whole`)).toMatchObject({ code: 0 });
});

const seedOf = async (name: string) => (await readJson(name, "config.json")).seed;

describe("a command line that comes again", () => {
  it("goes on with what it began, to the same bytes", async () => {
    const seed = await seedOf("whole");
    const words = `${small} --seed ${seed} --out on`;
    const began = await run(`${words} --steps 15`);
    expect(began).toMatchObject({ code: 0 });
    expect(began.stderr).not.toContain("from step");
    const again = await run(`${words} --steps 24`);
    expect(again).toMatchObject({ code: 0 });
    expect(again.stderr).toContain("from step 15 on");
    expect(await contents("on")).toEqual(await contents("whole"));
  });

  it("is no reason to begin again where the checkpoints cannot be looked at", async () => {
    await copy("whole", "unseen");
    await rename(at("unseen/checkpoints"), at("aside"));
    await writeFile(at("unseen/checkpoints"), "no folder");
    const again = await run(`${small} --steps 24 --out unseen`);
    const path = at("unseen/checkpoints");
    expect(again).toMatchObject({
      code: 2,
      stderr: `Expected a folder that can be read for checkpoints but received "unseen/checkpoints" (a part of the path is not a folder)\n`,
    });
    await rm(path);
    await rename(at("aside"), path);
    expect(await contents("unseen")).toEqual(await contents("whole"));
  });

  it("is no reason to begin where the folder cannot be looked at", async () => {
    const request = { data: at("data"), out: at("whole") };
    const plan = planRun(request, (option) => option);
    await chmod(at(), 0o711);
    await chmod(at("whole"), 0);
    try {
      await expect(asNobody(() => planRestart(plan, request))).rejects.toThrow(
        `Expected a folder that can be read for out but received "${at("whole")}" (permission denied)`,
      );
    } finally {
      await chmod(at("whole"), 0o755);
    }
  });

  it("has nothing left to do where the run is done", async () => {
    const before = await contents("whole");
    const again = await run(`${small} --steps 24 --out whole`);
    expect(again).toMatchObject({ code: 0, stdout: "" });
    expect(await contents("whole")).toEqual(before);
  });

  it.each(["--steps 24", "--epochs 4"])(
    "has nothing left to do where the run was taken further meanwhile: %s",
    async (length) => {
      const name = `further${length.slice(2).replace(" ", "")}`;
      await copy("whole", name);
      expect(await run(`train --resume ${name} --steps 30`)).toMatchObject({ code: 0 });
      const before = await contents(name);
      const again = await run(`${small} ${length} --out ${name}`);
      expect(again).toMatchObject({ code: 0, stdout: "" });
      expect(again.stderr).toContain("30 steps of 32 images");
      expect(again.stderr).toContain("from step 30 on: all are done");
      expect(await contents(name)).toEqual(before);
    },
  );

  it("goes on as far as the run was to be taken meanwhile", async () => {
    await copy("whole", "farther");
    expect(await run("train --resume farther --steps 26")).toMatchObject({ code: 0 });
    // As if it had been stopped there on its way to 30.
    const config = await readJson("farther/config.json");
    await writeFile(at("farther/config.json"), JSON.stringify({ ...config, steps: 30 }));
    const again = await run(`${small} --steps 24 --out farther`);
    expect(again).toMatchObject({ code: 0 });
    expect(again.stderr).toMatch(/30 steps of 32 images[\s\S]*from step 26 on\n/);
    expect(await readJson("farther/summary.json")).toMatchObject({
      ...{ state: "done", step: 30, steps: 30 },
    });
  });

  it("takes data that another link leads to for the same", async () => {
    await copy("whole", "linked");
    await symlink(at("data"), at("link"));
    const linked = small.replace("--data data", "--data link");
    expect(await run(`${linked} --steps 24 --out linked`)).toMatchObject({ code: 0, stdout: "" });
  });

  it("begins again, with the seed that it had drawn, where it did not come to a checkpoint", async () => {
    await copy("whole", "early");
    for (const part of ["checkpoints", "weights"]) await rm(at("early", part), { recursive: true });
    await writeFile(at("early/letter.txt"), "keep me");
    // What it had told, and was writing, before it ended.
    for (const name of ["events.jsonl", "evaluations.jsonl", ".sparring-1-0123abcd.tmp"])
      await writeFile(at("early", name), "{}\n");
    const again = await run(`${small} --steps 24 --out early`);
    expect(again).toMatchObject({ code: 0 });
    expect(again.stderr).not.toContain("from step");
    const { "letter.txt": letter, ...ours } = await contents("early");
    expect(Buffer.from(letter as string, "base64").toString()).toBe("keep me");
    expect(ours).toEqual(await contents("whole"));
    const events = (await readdir(at("early"))).filter((name) => name.includes("tfevents"));
    expect(events).toHaveLength(1);
  });

  it("takes an option that there was not yet when the run began for its default", async () => {
    await copy("whole", "older");
    const config = await readJson("older/config.json");
    for (const player of ["generator", "discriminator"]) {
      expect(config.optimizer[player].amsgrad).toBe(false);
      delete config.optimizer[player].amsgrad;
    }
    expect(config.objective.discriminatorLoss).toBe("mean");
    delete config.objective.discriminatorLoss;
    await writeFile(at("older/config.json"), JSON.stringify(config));
    expect(await run(`${small} --steps 24 --out older`)).toMatchObject({ code: 0, stdout: "" });
  });

  it("goes on where weights alone are left, which it cannot, and not where they are half written", async () => {
    await copy("whole", "lone");
    await rm(at("lone/checkpoints"), { recursive: true });
    const refused = await run(`${small} --steps 24 --out lone`);
    expect(refused).toMatchObject({
      code: 2,
      stderr: `Expected an intact checkpoint for --out but received "lone/checkpoints" (it has none; --from begins another run with its weights)\n`,
    });
    const other = await run(`${small} --steps 4 --out another --from lone`);
    expect(other).toMatchObject({ code: 0 });
    for (const name of await readdir(at("lone/weights"))) await rm(at("lone/weights", name));
    await writeFile(at("lone/weights/.sparring-1-0123abcd.tmp"), "half");
    expect(await run(`${small} --steps 24 --out lone`)).toMatchObject({ code: 0 });
    expect(await contents("lone")).toEqual(await contents("whole"));
  });
});

describe("a folder in which a run was about to begin", () => {
  const beginning = async (name: string) => {
    for (const part of ["samples", "weights", "checkpoints/.sparring-1-0123abcd.tmp"])
      await mkdir(at(name, part), { recursive: true });
    await writeFile(at(name, ".sparring-1-0123abcd.tmp"), '{"preset": "ml');
  };

  it("is one to begin in", async () => {
    await beginning("killed");
    const words = `${small} --steps 24 --seed ${await seedOf("whole")} --out killed`;
    expect(await run(words)).toMatchObject({ code: 0 });
    expect(await contents("killed")).toEqual(await contents("whole"));
  });

  it.each([
    ["beside", "letter.txt"],
    ["inside", "samples/letter.txt"],
  ])("is not where somebody keeps something %s", async (name, letter) => {
    await beginning(name);
    await writeFile(at(name, letter), "keep me");
    const before = await contents(name);
    expect(await run(`${small} --steps 24 --out ${name}`)).toEqual({
      code: 2,
      stdout: "",
      stderr: `Expected a new or empty folder that can be written for --out but received "${name}" (it is not empty)\n`,
    });
    expect(await contents(name)).toEqual(before);
  });

  it("nor without --restartable", async () => {
    await beginning("once");
    const words = `${small} --steps 24 --out once`.replace(" --restartable", "");
    expect(await run(words)).toMatchObject({ code: 2 });
  });
});

describe("a dry run of a command line that comes again", () => {
  const dry = (words: string) => run(`${small} --steps 24 --dry-run --json ${words}`);

  it("tells of the run that would begin", async () => {
    const { code, stdout } = await dry("--out dry");
    expect([code, JSON.parse(stdout).config.steps]).toEqual([0, 24]);
    await mkdir(at("begun", "samples"), { recursive: true });
    expect(await dry("--out begun")).toMatchObject({ code: 0, stderr: "" });
    expect(await readdir(at("begun"))).toEqual(["samples"]);
  });

  it.each([
    ["", "a folder that a restart finds again for --out but received nothing"],
    [
      "--out whole",
      'a folder without the run, as --dry-run tells only of one that begins, for --out but received "whole"',
    ],
    ["--out whole --batch 16", '32, as the run in "whole" has it, for --batch but received 16'],
    ["--timeout 0", "a number in [1, 86400] for --timeout but received 0"],
  ])("refuses what a run would refuse, and what goes on: %s", async (words, sentence) => {
    const before = await contents("whole");
    const ended = await runCli(
      withOptions(small, `--steps 24 --dry-run ${words}`).split(" ").filter(Boolean),
      at(),
    );
    expect(ended).toEqual({ code: 2, stdout: "", stderr: `Expected ${sentence}\n` });
    expect(await contents("whole")).toEqual(before);
  });
});

describe("another run in the folder is refused, with what differs", () => {
  it.each([
    ["--batch 16", '32, as the run in "whole" has it, for --batch but received 16'],
    ["--lr 1e-3", '0.0002, as the run in "whole" has it, for --lr but received 0.001'],
    ["--preset gan", '"mlp", as the run in "whole" has it, for --preset but received "gan"'],
    ["--threads 2", '1, as the run in "whole" has it, for --threads but received 2'],
    [
      "--no-tensorboard",
      'true, as the run in "whole" has it, for --tensorboard but received false',
    ],
    ["--size 8x16", '8, as the run in "whole" has it, for --size but received [8, 16]'],
    [
      "--sync-batch-norm",
      'false, as the run in "whole" has it, for --sync-batch-norm but received true',
    ],
  ])("%s", async (flags, sentence) => {
    const before = await contents("whole");
    const ended = await run(withOptions(small, `--steps 24 --out whole ${flags}`));
    expect(ended).toEqual({ code: 2, stdout: "", stderr: `Expected ${sentence}\n` });
    expect(await contents("whole")).toEqual(before);
  });

  it.each<[keyof RunRequest, unknown]>([
    ["data", fileURLToPath(import.meta.url)],
    ["size", 16],
    ["channels", 3],
    ["resident", false],
    ["dropLast", true],
    ["horizontalFlip", true],
    ["accumulate", 2],
    ["generatorSteps", 2],
    ["execution", "eager"],
    ["precision", "bfloat16"],
    ["reducePrecision", "bfloat16"],
    ["sampleEvery", 4],
    ["logEvery", 4],
    ["checkpointEvery", 4],
    ["keepCheckpoints", 4],
    ["rollbacks", 4],
    ["evaluateEvery", 4],
    ["evaluateSamples", 100],
    ["evaluateFeatures", fileURLToPath(import.meta.url)],
  ])("%s", async (option, value) => {
    const given = {
      ...{ preset: "mlp", data: at("data"), size: 8, batch: 32, threads: 1, steps: 24 },
      ...{ logEvery: 3, sampleEvery: 5, checkpointEvery: 5, out: at("whole") },
    };
    const plan = (request: RunRequest) =>
      planRestart(
        planRun(request, (name) => name),
        request,
      );
    expect(await plan(given)).toMatchObject({ path: at("whole") });
    await expect(plan({ ...given, [option]: value })).rejects.toMatchObject({
      code: "ERR_OUTPUT",
      message: expect.stringContaining(
        `has it, for ${option} but received ${JSON.stringify(value)}`,
      ),
    });
  });

  it("a seed of one's own", async () => {
    const ended = await run(`${small} --steps 24 --out whole --seed 3`);
    const seed = await seedOf("whole");
    expect(ended.stderr).toBe(
      `Expected ${seed}, as the run in "whole" has it, for --seed but received 3\n`,
    );
  });
});
