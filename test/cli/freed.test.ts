// A run that cannot begin, or go on, leaves nothing of what was made for it, without waiting for the garbage collector.
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { memoryStats } from "../../lib/index.js";
import { planResume, planRun, type RunRequest } from "../../lib/run/plan.js";
import { TrainingRun } from "../../lib/run/training.js";
import { makeFolder } from "../helpers/folder.js";
import { writeIdxFolder } from "../helpers/idx.js";

let folder: { readonly path: string; remove(): Promise<void> };
const at = (...parts: string[]) => join(folder.path, ...parts);
const named = (option: string) => `--${option}`;

const small = () => ({
  preset: "mlp",
  data: at("data"),
  size: 8,
  batch: 32,
  seed: 1,
  holdOut: 0.2,
});
const judged = { evaluateEvery: 2, evaluateSamples: 70 };
const prepare = (more: RunRequest) =>
  TrainingRun.prepare(planRun({ ...small(), steps: 4, ...more }, named));
const resume = (more: RunRequest) =>
  TrainingRun.resume(planResume({ resume: true, out: at("copy"), ...more }, named));

setFlagsFromString("--expose_gc");
const collectGarbage = runInNewContext("gc") as () => void;

let before: number;
const tensors = () => memoryStats().tensors;

/** Soon: the garbage collector would come after some seconds. */
const nothingLeft = () => expect.poll(tensors, { timeout: 1500 }).toBe(before);

beforeAll(async () => {
  folder = await makeFolder();
  await writeIdxFolder(at("data"), 400);
  {
    using run = await prepare({ ...judged, out: at("whole") });
    for await (const _ of run.train());
  }
  await vi.waitFor(() => expect(tensors()).toBe(0));
});
beforeEach(() => {
  before = tensors();
});
afterAll(() => folder.remove());

/**
 * What there is while it lives: without it the tests would show nothing. What was needed only to
 * make it is left to the garbage collector, and was more than a judge on a busy machine.
 */
async function taken(making: Promise<TrainingRun>): Promise<number> {
  using _ = await making;
  let least = tensors();
  for (let same = 0; same < 20; ++same) {
    collectGarbage();
    await setTimeout(20);
    if (tensors() >= least) continue;
    least = tensors();
    same = 0;
  }
  return least - before;
}

describe("a run that begins", () => {
  it.each<[string, RunRequest, RegExp]>([
    ["with a batch that the data are too few for", { batch: 500 }, /for --batch /],
    ["with channels that the data do not have", { channels: 3 }, /for --channels /],
    ["with a share that keeps no image back", { holdOut: 0.001 }, /for --holdOut /],
    [
      "with too few samples to be judged by",
      { evaluateEvery: 2, evaluateSamples: 20 },
      /for --evaluateSamples /,
    ],
    [
      "with networks that do not go with its rules",
      {
        generator: {
          latent: { noise: 2 },
          layers: [
            { type: "linear", outFeatures: 192 },
            { type: "unflatten", shape: [3, 8, 8] },
          ],
        },
        discriminator: {
          image: [1, 8, 8],
          layers: [{ type: "flatten" }, { type: "linear", outFeatures: 1 }],
        },
      },
      /^Expected /,
    ],
  ])("%s", async (_, more, sentence) => {
    await expect(prepare({ out: at("never"), ...more })).rejects.toThrow(sentence);
    await nothingLeft();
  });

  it("has its networks, its images and its judge", async () => {
    const plain = await taken(prepare({ out: at("never") }));
    expect(plain).toBeGreaterThan(10);
    expect(await taken(prepare({ ...judged, out: at("never") }))).toBeGreaterThan(plain);
    await nothingLeft();
  });
});

describe("a run that goes on", () => {
  beforeAll(() => cp(at("whole"), at("copy"), { recursive: true }));

  it.each<[string, RunRequest, RegExp]>([
    ["to a step behind it", { steps: 3 }, /^Expected at least 4 steps, /],
    [
      "with evaluations that cannot be compared",
      { steps: 8, evaluateSamples: 75 },
      /for --evaluateSamples /,
    ],
  ])("%s", async (_, more, sentence) => {
    await expect(resume(more)).rejects.toThrow(sentence);
    await nothingLeft();
  });

  it("with other data", async () => {
    await writeIdxFolder(at("data"), 401);
    await expect(resume({ steps: 8 })).rejects.toMatchObject({ code: "ERR_DATA" });
    await nothingLeft();
    await writeIdxFolder(at("data"), 400);
    expect(await taken(resume({ steps: 8 }))).toBeGreaterThan(10);
    await nothingLeft();
  });
});
