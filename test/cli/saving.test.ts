// What a run saves while it trains, and what becomes of it where that does not work.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { SparringError, Trainer } from "../../lib/index.js";
import { Judge } from "../../lib/run/evaluation.js";
import { planResume } from "../../lib/run/plan.js";
import { TrainingRun } from "../../lib/run/training.js";
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

/** Trains 15 steps, with a checkpoint every 5. Returns what it was told, and why it failed. */
async function train(
  name: string,
  more: object = {},
): Promise<{ notes: string[]; error: unknown }> {
  const notes: string[] = [];
  using run = await prepareSmallRun(at("data"), at(name), more);
  try {
    for await (const _ of run.train({ onNote: (note) => notes.push(note) }));
    return { notes, error: undefined };
  } catch (error) {
    return { notes, error };
  }
}

/** Saving that fails at one step, once. */
function failToSave(step: number, error: unknown): void {
  let isLeft = true;
  Trainer.prototype.saveWith = function (path, run) {
    if (this.step !== step || !isLeft) return saveWith.call(this, path, run);
    isLeft = false;
    return Promise.reject(error);
  };
}

const noRoom = new SparringError("ERR_OUTPUT", "Expected room");
const checkpoints = async (name: string) => (await readdir(at(name, "checkpoints"))).sort();

describe("a checkpoint that cannot be taken", () => {
  it.each([
    ["of ours", noRoom, "Expected room"],
    [
      "of the system's",
      Object.assign(new Error("EBUSY: resource busy or locked, rmdir 'x'"), { syscall: "rmdir" }),
      "resource busy or locked",
    ],
  ])("for a reason %s is told of, and the run goes on", async (kind, error, why) => {
    failToSave(5, error);
    const name = kind.replaceAll(" ", "-");
    expect(await train(name)).toEqual({
      notes: [`No checkpoint of step 5: ${why}`],
      error: undefined,
    });
    expect(await checkpoints(name)).toEqual(["000010", "000015"]);
  });

  it("because of a bug ends the run, which saves what it has", async () => {
    const bug = new TypeError("x is not a function");
    failToSave(5, bug);
    expect(await train("bug")).toEqual({ notes: [], error: bug });
    expect(await checkpoints("bug")).toEqual(["000010"]);
  });
});

describe("an evaluation", () => {
  const judged = { evaluateEvery: 5, evaluateSamples: 80 };
  const fids = (values: unknown[]) => {
    Judge.prototype.evaluate = async () => {
      const value = values.shift();
      if (value instanceof Error) throw value;
      return { fid: { value } } as never;
    };
  };
  const linesOf = async (name: string) =>
    (await readFile(at(name, "evaluations.jsonl"), "utf8")).trim().split("\n");

  it("of samples that are no images is told of, and the run goes on", async () => {
    fids([new SparringError("ERR_DATA", "Expected images"), 4, 4]);
    expect(await train("unmeasured", judged)).toEqual({
      notes: ["No evaluation of step 5: Expected images"],
      error: undefined,
    });
    expect((await linesOf("unmeasured")).map((line) => JSON.parse(line).step)).toEqual([10, 15]);
    // Of equal ones the first is the best.
    const best = JSON.parse(await readFile(at("unmeasured/checkpoints/best.json"), "utf8"));
    expect(best).toEqual({ step: 10, metric: "fid", value: 4 });
  });

  it("is made after as many steps as were asked for, whatever else is done when", async () => {
    fids([4, 3, 2]);
    await train("apart", { ...judged, evaluateEvery: 4 });
    expect((await linesOf("apart")).map((line) => JSON.parse(line).step)).toEqual([4, 8, 12]);
  });

  it("that fails for another reason ends the run", async () => {
    const bug = new TypeError("x is not a function");
    fids([bug]);
    expect(await train("unmeasurable", judged)).toEqual({ notes: [], error: bug });
  });
});

describe("a run that is stopped before the evaluation of its step", () => {
  const figures: Readonly<Record<number, number>> = { 5: 4, 10: 2, 15: 3 };
  /** Trains until the signal, and then to the end. Returns how both ended. */
  async function inTwo(name: string, signal: AbortSignal): Promise<unknown[]> {
    const stateOf = async () =>
      JSON.parse(await readFile(at(name, "summary.json"), "utf8")).state as unknown;
    {
      const judged = { evaluateEvery: 5, evaluateSamples: 80 };
      using run = await prepareSmallRun(at("data"), at(name), judged);
      for await (const _ of run.train({ signal }));
    }
    const first = await stateOf();
    const plan = planResume({ resume: at(name) }, (option) => option);
    using run = await TrainingRun.resume(plan);
    for await (const _ of run.train());
    return [first, await stateOf()];
  }
  const told = async (name: string) => ({
    lines: (await readFile(at(name, "evaluations.jsonl"), "utf8"))
      .trim()
      .split("\n")
      .map((line) => [JSON.parse(line).step, JSON.parse(line).values.fid]),
    best: JSON.parse(await readFile(at(name, "checkpoints/best.json"), "utf8")),
  });
  const whole = {
    lines: Object.entries(figures).map(([step, fid]) => [Number(step), fid]),
    best: { step: 10, metric: "fid", value: 2 },
  };

  it.each([10, 15])("of %d is evaluated where it goes on", async (last) => {
    const stop = new AbortController();
    let step = 0;
    Judge.prototype.evaluate = async () => ({ fid: { value: figures[step] } }) as never;
    Trainer.prototype.run = async function* (this: Trainer, ...given: Parameters<typeof original>) {
      yield* original.apply(this, given);
      step = this.step;
      if (step === last) stop.abort();
    } as never;
    const name = `stopped-in-${last}`;
    expect(await inTwo(name, stop.signal)).toEqual(["stopped", "done"]);
    expect(await told(name)).toEqual(whole);
  });

  it.each([10, 15])("of %d, or in it, as well", async (last) => {
    const stop = new AbortController();
    let step = 0;
    Judge.prototype.evaluate = async function (this: Judge, generator, drawn, signal) {
      if (step === last) stop.abort();
      if (signal?.aborted) return evaluate.call(this, generator, drawn, signal);
      return { fid: { value: figures[step] } } as never;
    };
    Trainer.prototype.run = async function* (this: Trainer, ...given: Parameters<typeof original>) {
      yield* original.apply(this, given);
      step = this.step;
    } as never;
    const name = `stopped-at-${last}`;
    expect(await inTwo(name, stop.signal)).toEqual(["stopped", "done"]);
    expect(await told(name)).toEqual(whole);
  });
});

it("a run that fails says so where its last state cannot be saved, and fails as it did", async () => {
  const bad = new Error("no luck");
  Trainer.prototype.run = function (data, options) {
    if (this.step === 9) throw bad;
    return original.call(this, data, options);
  };
  failToSave(9, noRoom);
  expect(await train("both")).toEqual({
    notes: ["Not all of step 9 is saved: Expected room"],
    error: bad,
  });
  expect(await readdir(at("both/weights"))).toHaveLength(2);
});
