// A run that leaves the numbers: it stops, or goes back to its last checkpoint as often as it was allowed to.
import { existsSync } from "node:fs";
import { readdir, readFile, rename, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { SparringError, Trainer } from "../../lib/index.js";
import { Judge } from "../../lib/run/evaluation.js";
import { planResume, planRun } from "../../lib/run/plan.js";
import { TrainingRun } from "../../lib/run/training.js";
import { runCli } from "../helpers/cli.js";
import { makeFolder } from "../helpers/folder.js";
import { writeIdxFolder } from "../helpers/idx.js";
import { prepareSmallRun } from "../helpers/small-run.js";

let folder: { readonly path: string; remove(): Promise<void> };
const at = (...parts: string[]) => join(folder.path, ...parts);
const { run: original, saveWith } = Trainer.prototype;
const { evaluate } = Judge.prototype;

beforeAll(async () => {
  folder = await makeFolder();
  await writeIdxFolder(at("data"), 130);
});
afterEach(() => {
  Trainer.prototype.run = original;
  Trainer.prototype.saveWith = saveWith;
  Judge.prototype.evaluate = evaluate;
});
afterAll(() => folder.remove());

/** Trainers that fail so many times as they come to a step. */
function fail(times: number, step = 9): void {
  let left = times;
  Trainer.prototype.run = function (data, options) {
    if (this.step === step && left-- > 0)
      throw new SparringError(
        "ERR_DIVERGED",
        "Expected finite losses for step 10 but received [NaN, 1]",
      );
    return original.call(this, data, options);
  };
}

async function train(
  name: string,
  rollbacks: number,
  more: object = {},
  notes: string[] = [],
): Promise<string[]> {
  using run = await prepareSmallRun(at("data"), at(name), { rollbacks, ...more });
  for await (const _ of run.train({ onNote: (note) => notes.push(note) }));
  return notes;
}

async function lines(name: string, file: string): Promise<Record<string, unknown>[]> {
  const text = await readFile(at(name, file), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

describe("a run that diverges", () => {
  it("goes back to its last checkpoint, with other random numbers and the reason written down", async () => {
    await train("undisturbed", 0);
    fail(2);
    const notes = await train("saved", 3);
    const reason = "Expected finite losses for step 10 but received [NaN, 1]";
    expect(notes).toEqual([
      `Went back from step 9 to 5 (1 of 3): ${reason}`,
      `Went back from step 9 to 5 (2 of 3): ${reason}`,
    ]);
    expect(await lines("saved", "events.jsonl")).toEqual([
      { event: "rollback", attempt: 1, from: 9, to: 5, reason },
      { event: "rollback", attempt: 2, from: 9, to: 5, reason },
    ]);
    const [saved, undisturbed] = [
      await lines("saved", "stats.jsonl"),
      await lines("undisturbed", "stats.jsonl"),
    ];
    expect(saved.map(({ step }) => step)).toEqual([3, 6, 9, 12, 15]);
    expect(saved[0]?.generatorLoss).toBe(undisturbed[0]?.generatorLoss);
    for (const i of [2, 3, 4])
      expect(saved[i]?.generatorLoss).not.toBe(undisturbed[i]?.generatorLoss);
    expect((await readdir(at("saved", "checkpoints"))).sort()).toEqual([
      "000005",
      "000010",
      "000015",
    ]);
  });

  it("draws others each time, so that it does not end as it did before", async () => {
    const { restore } = Trainer;
    const seeds: unknown[] = [];
    Trainer.restore = (saved, options) => {
      seeds.push(options?.seed);
      return restore.call(Trainer, saved, options);
    };
    try {
      fail(3);
      await train("reseeded", 3);
    } finally {
      Trainer.restore = restore;
    }
    expect(seeds).toEqual([2, 3, 4]);
  });

  it("waits for the checkpoint that is being written, and goes back to that one", async () => {
    Trainer.prototype.saveWith = async function (path, run) {
      await saveWith.call(this, `${path}-slow`, run);
      await setTimeout(300);
      await rename(`${path}-slow`, path);
    };
    fail(1, 6);
    expect(await train("written", 1)).toEqual([
      expect.stringMatching(/^Went back from step 6 to 5 \(1 of 1\): /),
    ]);
  });

  it("is warned of nothing by what it did not do", async () => {
    fail(1);
    const disturbed = Trainer.prototype.run;
    Trainer.prototype.run = async function* (data, options) {
      for await (const tick of disturbed.call(this, data, options)) {
        // All alike from step 10 on, and different in step 6 alone, which is done again.
        const isFirst = existsSync(at("unwarned/events.jsonl")) === false;
        const diversity = isFirst && tick.step === 6 ? 1 : 0.1;
        yield tick.health ? { ...tick, health: { ...tick.health, diversity } } : tick;
      }
    };
    await train("unwarned", 1);
    expect((await lines("unwarned", "stats.jsonl")).map(({ warnings }) => warnings)).toEqual([
      ...[[], [], [], [], []],
    ]);
  });

  it("has the losses of the steps before the checkpoint in the next line", async () => {
    fail(1);
    const disturbed = Trainer.prototype.run;
    Trainer.prototype.run = async function* (data, options) {
      for await (const tick of disturbed.call(this, data, options))
        yield { ...tick, generatorLoss: tick.step <= 5 ? 1 : 4 };
    };
    await train("mean", 1);
    expect((await lines("mean", "stats.jsonl")).map((tick) => tick.generatorLoss)).toEqual([
      ...[1, 2, 4, 4, 4],
    ]);
  });

  it("goes back further where the newest checkpoint is not intact, and forgets that one", async () => {
    let isFirst = true;
    const fids = [3, 1, 4, 5];
    Judge.prototype.evaluate = async () => ({ fid: { value: fids.shift() } }) as never;
    Trainer.prototype.run = async function* (data, options) {
      if (this.step === 12 && isFirst) {
        isFirst = false;
        const newest = at("torn/checkpoints/000010");
        while (!existsSync(newest)) await setTimeout(5);
        await truncate(join(newest, "generator.safetensors"), 100);
        throw new SparringError("ERR_DIVERGED", "Expected finite losses");
      }
      yield* original.call(this, data, options);
    };
    const judged = { evaluateEvery: 5, evaluateSamples: 80 };
    const notes = await train("torn", 1, judged);
    expect(notes).toEqual([
      expect.stringMatching(/^Skipped a checkpoint that is not intact: .*000010/),
      "Went back from step 12 to 5 (1 of 1): Expected finite losses",
    ]);
    const evaluations = await lines("torn", "evaluations.jsonl");
    expect(evaluations.map(({ step }) => step)).toEqual([5, 10, 15]);
    const best = { step: 5, metric: "fid", value: 3 };
    expect(await lines("torn", "checkpoints/best.json")).toEqual([best]);
  });

  it("is told of in a line of its own where a kill cut the one before it short", async () => {
    await train("cut", 1, { steps: 10 });
    await writeFile(at("cut/events.jsonl"), '{"event": "rollb');
    const request = { resume: at("cut"), steps: 15 };
    using run = await TrainingRun.resume(planResume(request, (option) => option));
    fail(1, 12);
    for await (const _ of run.train());
    expect(await lines("cut", "events.jsonl")).toEqual([
      expect.objectContaining({ event: "rollback", from: 12, to: 10 }),
    ]);
  });

  it("does not go back beyond the step since which other rules hold", async () => {
    await train("changed", 0, { steps: 10 });
    const request = { resume: at("changed"), lr: 1e-4, steps: 15, rollbacks: 1 };
    using run = await TrainingRun.resume(planResume(request, (option) => option));
    fail(1, 12);
    const newest = at("changed/checkpoints/000010/generator.safetensors");
    await truncate(newest, 100);
    const notes: string[] = [];
    const training = async () => {
      for await (const _ of run.train({ onNote: (note) => notes.push(note) }));
    };
    await expect(training()).rejects.toMatchObject({ code: "ERR_DIVERGED" });
    expect(notes).toEqual([
      "No rollback: Expected a checkpoint of step 10 or later, as other rules hold since then, for a rollback but received one of step 5",
    ]);
  });

  it("lets go of the networks that it leaves", async () => {
    fail(1);
    const request = {
      ...{ preset: "mlp", data: at("data"), size: 8, batch: 32, threads: 1, seed: 1, steps: 15 },
      ...{ checkpointEvery: 5, logEvery: 3, rollbacks: 1, out: at("freed") },
    };
    const run = await TrainingRun.prepare(planRun(request, (option) => option));
    const { generator, discriminator } = run;
    for await (const _ of run.train());
    const left = [generator, discriminator, run.generator, run.discriminator];
    expect(new Set(left).size).toBe(4);
    run[Symbol.dispose]();
    for (const network of left)
      await expect(network.saveWeights(at("never"))).rejects.toMatchObject({
        code: "ERR_DISPOSED",
      });
  });

  it("stops after as many times as were allowed", async () => {
    fail(Number.POSITIVE_INFINITY);
    await expect(train("lost", 2)).rejects.toMatchObject({ code: "ERR_DIVERGED" });
    expect(await lines("lost", "events.jsonl")).toHaveLength(2);
    expect((await readdir(at("lost", "checkpoints"))).sort()).toEqual(["000005"]);
  });

  it("stops at once where nothing was allowed, or there is no checkpoint yet", async () => {
    fail(1);
    await expect(train("plain", 0)).rejects.toMatchObject({ code: "ERR_DIVERGED" });
    fail(1, 3);
    const notes: string[] = [];
    await expect(train("early", 1, {}, notes)).rejects.toMatchObject({ code: "ERR_DIVERGED" });
    expect(notes).toEqual([
      `No rollback: Expected an intact checkpoint for a rollback but received "${at("early/checkpoints")}" (it has none)`,
    ]);
    const words =
      "train --preset mlp --data data --size 8 --batch 32 --lr 9e15 --steps 20 --rollbacks 5 --out gone";
    const { code, stderr } = await runCli(words.split(" "), folder.path);
    expect(code).toBe(1);
    expect(stderr).toMatch(/(Expected finite|Expected probabilities).*lower the learning rate\n$/);
    expect(await readdir(at("gone"))).not.toContain("events.jsonl");
  });
});
