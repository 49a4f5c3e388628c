// The weight that BEGAN carries from update to update: what it belongs to, and where it goes.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { formatManifest, type Manifest } from "../lib/checkpoint/format.js";
import { type Objective, objectives, Trainer, type TrainerOptions } from "../lib/index.js";
import { makeFolder } from "./helpers/folder.js";
import { fitting, labelledImages, losses, tinyTrainer } from "./helpers/training.js";

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
    message: "Expected objective.k in the checkpoint but there is none",
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
