// The checkpoints in a run's folder: which of them stay, and which is the best.
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Trainer } from "../../lib/index.js";
import { type Best, Checkpoints } from "../../lib/run/checkpoints.js";
import type { Evaluation } from "../../lib/run/evaluations.js";
import { Meter } from "../../lib/run/meter.js";
import { makeFolder } from "../helpers/folder.js";

let folder: { readonly path: string; remove(): Promise<void> };
const at = (...parts: string[]) => join(folder.path, "checkpoints", ...parts);

beforeAll(async () => {
  folder = await makeFolder();
});
beforeEach(() => mkdir(at()));
afterEach(() => rm(at(), { recursive: true }));
afterAll(() => folder.remove());

const names = async () => (await readdir(at())).sort();
const fid = (step: number, value: number): Best => ({ step, metric: "fid", value });

/** What a run saves of a step: a folder that has nothing in it. */
const trainerAt = (
  step: number,
  save: (path: string) => Promise<unknown> = (path) => mkdir(path),
) => ({ step, saveWith: save }) as unknown as Trainer;

describe("save()", () => {
  it("keeps the newest few, and the best beside them", async () => {
    const checkpoints = new Checkpoints(at(), 2);
    for (const step of [1, 2, 3, 4, 5])
      await checkpoints.save(trainerAt(step), new Meter(), step === 2 ? fid(2, 3) : undefined);
    expect(await names()).toEqual(["000002", "000004", "000005", "best.json"]);
  });

  it("lets the best one be the best until one that is better is there", async () => {
    const checkpoints = new Checkpoints(at(), 1);
    await checkpoints.save(trainerAt(1), new Meter(), fid(1, 3));
    const full = trainerAt(2, () => Promise.reject(new Error("no room")));
    await expect(checkpoints.save(full, new Meter(), fid(2, 1))).rejects.toThrow("no room");
    expect(await checkpoints.best()).toEqual(fid(1, 3));
    await checkpoints.save(trainerAt(3), new Meter());
    expect(await names()).toEqual(["000001", "000003", "best.json"]);
  });
});

describe("best()", () => {
  it.each([
    ["of a checkpoint that is gone", JSON.stringify(fid(7, 3))],
    ["that has no value", '{ "step": 5, "metric": "fid", "value": null }'],
    ["that has no step", '{ "metric": "fid", "value": 3 }'],
    ["that was cut short", '{ "step": 5, "met'],
  ])("is none by a record %s", async (_, text) => {
    await mkdir(at("000005"));
    await writeFile(at("best.json"), text);
    expect(await new Checkpoints(at()).best()).toBeUndefined();
  });
});

describe("recallBest()", () => {
  const evaluation = (step: number, value: unknown) =>
    ({ step, values: { fid: value } }) as unknown as Evaluation;

  it("takes the lowest, and of equal ones the first, whose checkpoint is there", async () => {
    for (const name of ["000004", "000008", "000012"]) await mkdir(at(name));
    const checkpoints = new Checkpoints(at());
    const all = [evaluation(12, 2), evaluation(6, 1), evaluation(8, 2), evaluation(4, "0")];
    await checkpoints.recallBest(all);
    expect(await checkpoints.best()).toEqual(fid(8, 2));
  });

  it("leaves no record where none of them is", async () => {
    await mkdir(at("000004"));
    await writeFile(at("best.json"), JSON.stringify(fid(4, 1)));
    await new Checkpoints(at()).recallBest([evaluation(8, 2)]);
    expect(await names()).toEqual(["000004"]);
  });
});
