// The weight that BEGAN carries from update to update: what it belongs to, and where it goes.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { formatManifest, type Manifest } from "../lib/checkpoint/format.js";
import { type Objective, objectives, Trainer, type TrainerOptions } from "../lib/index.js";
import { runCli } from "./helpers/cli.js";
import { makeFolder } from "./helpers/folder.js";
import { writeIdxFolder } from "./helpers/idx.js";
import {
  fitting,
  labelledImages,
  losses,
  tinyAutoencoder,
  tinyGenerator,
  tinyTrainer,
} from "./helpers/training.js";

const folder = await makeFolder();
afterAll(() => folder.remove());

const began = objectives.boundaryEquilibrium({ gamma: 0.9, lambda: 0.3 });
const trainerOf = (options: Partial<TrainerOptions> = {}, objective: Objective = began) =>
  tinyTrainer({ ...fitting(objective), objective, ...options });

/** k, of a trainer's whole state. */
async function weightOf(trainer: Trainer): Promise<number> {
  const { tensors } = await trainer.snapshot();
  const found = tensors.find(({ name }) => name === "objective.k");
  expect(found).toMatchObject({ dtype: "float64", shape: [] });
  return new Float64Array(new Uint8Array(found?.data as Uint8Array).buffer)[0] as number;
}

it("a checkpoint without k, which somebody forged, is refused", async () => {
  const trainer = trainerOf({}, objectives.energyBased());
  await losses(trainer, await labelledImages(16));
  const path = join(folder.path, "forged");
  await trainer.save(path);
  const file = join(path, "checkpoint.json");
  const { checksum: _, ...manifest } = JSON.parse(await readFile(file, "utf8"));
  const options = { ...manifest.trainer, objective: began };
  await writeFile(file, formatManifest({ ...(manifest as Manifest), trainer: options }));
  await expect(Trainer.load(path)).rejects.toMatchObject({
    code: "ERR_CHECKPOINT",
    message: "Expected a value for objective.k in the checkpoint but received none",
  });
});

describe.each(["eager", "fused"] as const)("k of BEGAN, %s", (execution) => {
  it("is 0 at first, and part of a checkpoint: training goes on bit for bit", async () => {
    const data = await labelledImages(24);
    const [whole, half] = [trainerOf({ execution }), trainerOf({ execution })];
    expect(await weightOf(whole)).toBe(0);
    const told = await losses(whole, data, 9);
    const first = await losses(half, data, 4);
    const path = join(folder.path, execution);
    await half.save(path);
    const again = await Trainer.load(path);
    expect(await weightOf(again)).toBeGreaterThan(0);
    expect(await weightOf(again)).toBe(await weightOf(half));
    expect([...first, ...(await losses(again, data, 5))]).toEqual(told);
    expect(await weightOf(again)).toBe(await weightOf(whole));
  });

  it.each([
    { gamma: 1, end: 1 },
    { gamma: 1e-6, end: 0 },
  ])("stays within 0 and 1: $end where gamma is $gamma", async ({ gamma, end }) => {
    const far = objectives.boundaryEquilibrium({ gamma, lambda: 1e6 });
    const trainer = trainerOf({ execution }, far);
    await losses(trainer, await labelledImages(24));
    expect(await weightOf(trainer)).toBe(end);
  });

  it("follows the whole batch where it is worked on in parts", async () => {
    const data = await labelledImages(24);
    const ended = async (accumulate: number) => {
      const trainer = trainerOf({ execution, accumulate, discriminatorSteps: 2 });
      await losses(trainer, data, 4);
      return await weightOf(trainer);
    };
    const whole = await ended(1);
    expect(whole).toBeGreaterThan(0);
    expect(await ended(3)).toBeCloseTo(whole, 6);
    expect(await ended(8)).toBeCloseTo(whole, 6);
  });
});

it("a run of a config file tells of k and of the measure of convergence in its files", async () => {
  await writeIdxFolder(join(folder.path, "data"), 32);
  const config = {
    ...{ data: "data", size: 8, batch: 8, steps: 6, logEvery: 2, threads: 1, out: "run" },
    generator: tinyGenerator().architecture,
    discriminator: tinyAutoencoder("l1").architecture,
    objective: began,
  };
  await writeFile(join(folder.path, "began.json"), JSON.stringify(config));
  expect(await runCli(["train", "began.json"], folder.path)).toMatchObject({ code: 0 });
  const out = join(folder.path, "run");
  const lines = (await readFile(join(out, "stats.jsonl"), "utf8")).trim().split("\n");
  const ticks = lines.map((line) => JSON.parse(line).health);
  expect(ticks).toHaveLength(3);
  for (const { balance, convergence, realScore } of ticks) {
    expect(balance).toBeGreaterThan(0);
    expect(convergence).toBeGreaterThanOrEqual(realScore);
  }
  const events = (await readdir(out)).find((file) => file.includes("tfevents")) as string;
  const bytes = await readFile(join(out, events));
  expect(bytes.includes("health/convergence") && bytes.includes("health/balance")).toBe(true);
});
