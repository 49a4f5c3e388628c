// summary.json: how a run ended, whichever way it did; and a sweep, which is a folder of runs.
import { access, appendFile, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { SparringError, type Tick, Trainer } from "../../lib/index.js";
import { planResume } from "../../lib/run/plan.js";
import { TrainingRun } from "../../lib/run/training.js";
import { runCli, startCli } from "../helpers/cli.js";
import { makeFolder } from "../helpers/folder.js";
import { writeIdxFolder } from "../helpers/idx.js";
import { prepareSmallRun } from "../helpers/small-run.js";

let folder: { readonly path: string; remove(): Promise<void> };
const at = (...parts: string[]) => join(folder.path, ...parts);
const { run: original, saveWith } = Trainer.prototype;
const readJson = async (...parts: string[]) => JSON.parse(await readFile(at(...parts), "utf8"));

beforeAll(async () => {
  folder = await makeFolder();
  await writeIdxFolder(at("data"), 130);
});
afterEach(() => {
  Trainer.prototype.run = original;
  Trainer.prototype.saveWith = saveWith;
});
afterAll(() => folder.remove());

const prepare = (name: string, more: object = {}) => prepareSmallRun(at("data"), at(name), more);

/** What the trainer tells or does, changed on the way. */
function intercept(change: (tick: Tick) => Tick): void {
  Trainer.prototype.run = async function* (data, options) {
    for await (const tick of original.call(this, data, options)) yield change(tick);
  };
}

async function train(name: string, more: object = {}): Promise<void> {
  using run = await prepare(name, more);
  for await (const _ of run.train());
}

describe("summary.json", () => {
  it("tells of a run that did all its steps", async () => {
    await train("done");
    const [summary, config] = [
      await readJson("done/summary.json"),
      await readJson("done/config.json"),
    ];
    const lines = (await readFile(at("done/stats.jsonl"), "utf8")).trim().split("\n");
    const ticks = lines.map((line) => JSON.parse(line));
    const last = ticks.at(-1);
    expect(summary).toEqual({
      state: "done",
      reason: null,
      code: null,
      step: 15,
      steps: 15,
      epochs: 3,
      seconds: last.seconds,
      imagesPerSecond: expect.any(Number),
      discriminatorLoss: last.discriminatorLoss,
      generatorLoss: last.generatorLoss,
      health: last.health,
      warnings: [],
      rollbacks: 0,
      checkpoint: "checkpoints/000015",
      device: "cpu",
      precision: "float32",
      threads: 1,
      versions: config.versions,
    });
    const speeds = ticks.map((tick) => tick.imagesPerSecond);
    expect(summary.imagesPerSecond).toBeGreaterThanOrEqual(Math.min(...speeds));
    expect(summary.imagesPerSecond).toBeLessThanOrEqual(Math.max(...speeds));
  });

  it.each(["doubled//run", "trailing/", "./dotted"])(
    "names the last checkpoint from the folder, however %s is written",
    async (written) => {
      const out = `${relative(process.cwd(), folder.path)}/${written}`;
      await train(written, { out, steps: 5 });
      expect((await readJson(written, "summary.json")).checkpoint).toBe("checkpoints/000005");
    },
  );

  it("of a run whose last checkpoint found no room says so; its weights are there if they do", async () => {
    Trainer.prototype.saveWith = () => {
      throw new SparringError("ERR_OUTPUT", "Expected room");
    };
    await expect(train("room", { steps: 3 })).rejects.toThrow("Expected room");
    expect(await readJson("room/summary.json")).toMatchObject({
      state: "failed",
      reason: "Expected room",
      code: "ERR_OUTPUT",
      step: 3,
      checkpoint: null,
    });
    expect(await readdir(at("room/weights"))).toEqual([
      "discriminator.safetensors",
      "generator.safetensors",
    ]);
  });

  it("tells of warnings with their first steps, and of rollbacks", async () => {
    let failures = 1;
    intercept((tick) => {
      if (tick.step === 9 && failures-- > 0)
        throw new SparringError("ERR_DIVERGED", "Expected finite");
      const { health } = tick;
      // From step 9 on all fakes are alike.
      const diversity = tick.step < 9 ? 1 : 0;
      return health === undefined ? tick : { ...tick, health: { ...health, diversity } };
    });
    await train("warned", { rollbacks: 1 });
    const { rollbacks, warnings, state } = await readJson("warned/summary.json");
    expect({ rollbacks, warnings, state }).toEqual({
      rollbacks: 1,
      state: "done",
      warnings: [{ warning: "collapsing", firstStep: 9, ticks: 3 }],
    });
  });

  it("tells of no warning by what only somebody who watches was shown", async () => {
    intercept((tick) => {
      const { health } = tick;
      // Different between the ticks, which are every three steps, and alike in them.
      const diversity = tick.step % 3 === 0 ? 0.1 : 1;
      return health === undefined ? tick : { ...tick, health: { ...health, diversity } };
    });
    using run = await prepare("watched");
    const shown: boolean[] = [];
    for await (const { complete } of run.train({ secondsApart: 1e-9 })) shown.push(complete);
    expect(shown).toEqual(Array.from({ length: 15 }, (_, i) => i % 3 === 2));
    expect((await readJson("watched/summary.json")).warnings).toEqual([]);
  });

  it("tells the same warnings where a run was stopped and went on", async () => {
    intercept((tick) => {
      const { health } = tick;
      // Alike from step 6 on, and what they are compared with was before the stop.
      const diversity = tick.step < 6 ? 1 : 0.1;
      return health === undefined ? tick : { ...tick, health: { ...health, diversity } };
    });
    await train("whole");
    await train("halves", { steps: 5 });
    const request = { resume: true, out: at("halves"), steps: 15 };
    using run = await TrainingRun.resume(planResume(request, (option) => option));
    for await (const _ of run.train());
    const [{ warnings }, halves] = [
      await readJson("whole/summary.json"),
      await readJson("halves/summary.json"),
    ];
    expect(warnings).toEqual([{ warning: "collapsing", firstStep: 6, ticks: 4 }]);
    expect(halves.warnings).toEqual(warnings);
  });

  it("is refused where it cannot be removed, as a run goes on", async () => {
    await train("blocked", { steps: 5 });
    await rm(at("blocked/summary.json"));
    await mkdir(at("blocked/summary.json"));
    const request = { resume: at("blocked"), steps: 6 };
    using run = await TrainingRun.resume(planResume(request, (option) => option));
    await expect(run.train().next()).rejects.toMatchObject({
      code: "ERR_OUTPUT",
      message: `Expected a writable file for the summary but received "${at("blocked/summary.json")}" (it is a folder)`,
    });
    expect(run.step).toBe(5);
  });

  it("tells why a run failed, with the last checkpoint that there is", async () => {
    intercept((tick) => {
      if (tick.step === 12) throw new SparringError("ERR_DIVERGED", "Expected finite losses");
      return tick;
    });
    await expect(train("failed")).rejects.toMatchObject({ code: "ERR_DIVERGED" });
    expect(await readJson("failed/summary.json")).toMatchObject({
      state: "failed",
      reason: "Expected finite losses",
      code: "ERR_DIVERGED",
      checkpoint: "checkpoints/000010",
    });
  });

  it("names a checkpoint that was still being written as somebody left the loop", async () => {
    Trainer.prototype.saveWith = async function (...given) {
      await setTimeout(300);
      return saveWith.apply(this, given);
    };
    using run = await prepare("slow");
    for await (const { tick } of run.train()) if (tick.step === 6) break;
    expect(await readJson("slow/summary.json")).toMatchObject({
      ...{ state: "stopped", step: 6, checkpoint: "checkpoints/000005" },
    });
  });

  it("of a run that fails half way has what it had learned until then", async () => {
    using run = await prepare("broken", { sampleEvery: 7 });
    const trained = (async () => {
      for await (const { tick } of run.train())
        if (tick.step === 6) await rm(at("broken/samples"), { recursive: true });
    })();
    await expect(trained).rejects.toMatchObject({ code: "ERR_OUTPUT" });
    expect(await readJson("broken/summary.json")).toMatchObject({
      ...{ state: "failed", step: 7, checkpoint: "checkpoints/000007" },
    });
    expect(await readdir(at("broken/weights"))).toEqual([
      "discriminator.safetensors",
      "generator.safetensors",
    ]);
  });

  it("of one that failed in its first step has nothing to tell of losses", async () => {
    Trainer.prototype.run = () => {
      throw new Error("no luck");
    };
    await expect(train("unlucky")).rejects.toThrow("no luck");
    expect(await readJson("unlucky/summary.json")).toMatchObject({
      state: "failed",
      reason: "no luck",
      code: null,
      step: 0,
      seconds: null,
      imagesPerSecond: null,
      generatorLoss: null,
      health: null,
      warnings: [],
    });
  });

  it("leaves out a line of stats.jsonl that is no tick", async () => {
    using run = await prepare("spoilt");
    for await (const { tick } of run.train())
      if (tick.step === 6)
        for (const line of ['{"step": 7, "generatorLo', "[]", '{"step": "7"}', '{"step": 7}'])
          await appendFile(at("spoilt/stats.jsonl"), `${line}\n`);
    expect(await readJson("spoilt/summary.json")).toMatchObject({
      state: "done",
      step: 15,
      generatorLoss: expect.any(Number),
      imagesPerSecond: expect.any(Number),
    });
  });

  it("that cannot be written does not take the place of why a run failed", async () => {
    intercept((tick) => {
      if (tick.step === 9) throw new Error("no luck");
      return tick;
    });
    using run = await prepare("taken");
    const notes: string[] = [];
    const training = run.train({ onNote: (note) => notes.push(note) });
    await expect(async () => {
      for await (const { tick } of training)
        if (tick.step === 3) await mkdir(at("taken/summary.json"));
    }).rejects.toThrow("no luck");
    expect(notes).toEqual([
      `No summary: Expected a writable file for the summary but received "${at("taken/summary.json")}" (it is a folder)`,
    ]);
  });

  it("is not there while a run goes on; then of the whole run, and not of the part since it was resumed", async () => {
    using run = await prepare("left");
    for await (const { tick } of run.train()) if (tick.step === 6) break;
    expect(await readJson("left/summary.json")).toMatchObject({ state: "stopped", step: 6 });
    const { child, says, ended } = startCli(
      "train --preset mlp --data data --size 8 --batch 32 --steps 100000 --log-every 3 --out signal".split(
        " ",
      ),
      folder.path,
    );
    await says(/\[Epoch 1\//);
    await expect(access(at("signal/summary.json"))).rejects.toThrow("ENOENT");
    child.kill("SIGTERM");
    expect(await ended).toMatchObject({ code: 143 });
    const stopped = await readJson("signal/summary.json");
    expect(stopped).toMatchObject({ state: "stopped", reason: null, steps: 100_000 });
    const steps = stopped.step + 3;
    const words = `train --resume --out signal --steps ${steps}`.split(" ");
    expect(await runCli(words, folder.path)).toMatchObject({ code: 0 });
    const done = await readJson("signal/summary.json");
    expect(done).toMatchObject({ state: "done", step: steps, steps });
    expect(done.seconds).toBeGreaterThan(stopped.seconds);
  });
});

it("runs of a sweep go into a folder of their own that need not be there", async () => {
  for (const lr of ["1e-4", "4e-4"]) {
    const words = `train --preset mlp --data data --size 8 --batch 32 --steps 3 --lr ${lr} --out sweep/${lr}`;
    expect(await runCli(words.split(" "), folder.path)).toMatchObject({ code: 0 });
  }
  expect((await readdir(at("sweep"))).sort()).toEqual(["1e-4", "4e-4"]);
  expect(await readJson("sweep/4e-4/summary.json")).toMatchObject({ state: "done" });
});
