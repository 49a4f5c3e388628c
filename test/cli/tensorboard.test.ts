// Event files as TensorBoard's own reader finds them: of a whole run, a resumed one, one that was killed, and one that went back.
import { createHash } from "node:crypto";
import { appendFile, cp, mkdir, readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SparringError, Trainer } from "../../lib/index.js";
import { TensorBoardLog } from "../../lib/run/tensorboard.js";
import { runCli } from "../helpers/cli.js";
import { makeFolder } from "../helpers/folder.js";
import { writeIdxFolder } from "../helpers/idx.js";
import { referee } from "../helpers/referee.js";
import { prepareSmallRun } from "../helpers/small-run.js";

/** Step, value, wall time. */
type Scalar = [number, number, number];
/** Step, SHA-256, width, height, wall time. */
type Picture = [number, string, number, number, number];
interface Found {
  readonly tags: { readonly scalars: string[]; readonly images: string[] };
  readonly scalars: Record<string, Scalar[]>;
  readonly images: Record<string, Picture[]>;
}

let folder: { readonly path: string; remove(): Promise<void> };
let found: Record<"whole" | "resumed" | "killed" | "rolled", Found>;
let version: string;
/** Without a Python to ask, only tags and steps can be compared: the rest is of other runs. */
let live: boolean;
let [began, ended] = [0, 0];
const at = (...parts: string[]) => join(folder.path, ...parts);
const run = async (words: string) => {
  expect(await runCli(words.split(" "), folder.path)).toMatchObject({ code: 0 });
};
const eventFiles = async (name: string) =>
  (await readdir(at(name))).filter((file) => file.includes("tfevents")).sort();
const small =
  "train --preset mlp --data data --size 8 --batch 32 --threads 1 --seed 1 --log-every 3 --sample-every 4 --checkpoint-every 5";

/** A run that fails once as it comes to step 9, and goes back to 5. */
async function rollBack(): Promise<void> {
  const { run: original } = Trainer.prototype;
  let left = 1;
  Trainer.prototype.run = function (data, options) {
    if (this.step === 9 && left-- > 0) throw new SparringError("ERR_DIVERGED", "Expected finite");
    return original.call(this, data, options);
  };
  try {
    const more = { sampleEvery: 4, rollbacks: 1 };
    using training = await prepareSmallRun(at("data"), at("rolled"), more);
    for await (const _ of training.train());
  } finally {
    Trainer.prototype.run = original;
  }
}

beforeAll(async () => {
  folder = await makeFolder();
  await writeIdxFolder(at("data"), 130);
  began = Date.now() / 1000;
  await run(`${small} --steps 24 --out whole`);
  ended = Date.now() / 1000;
  await run(`${small} --steps 12 --out resumed`);
  await cp(at("resumed"), at("killed"), { recursive: true });
  await run("train --resume --out resumed --steps 24");
  // As if it had been killed in the middle of a record of step 15, after one of 15: its checkpoint is of step 12.
  const [file = ""] = await eventFiles("killed");
  const later = await readFile(at("whole", (await eventFiles("whole"))[0] as string));
  const earlier = await readFile(at("killed", file));
  await appendFile(at("killed", file), later.subarray(earlier.length));
  await truncate(at("killed", file), later.length - 7);
  await run("train --resume --out killed --steps 24");
  await rollBack();
  const names = ["whole", "resumed", "killed", "rolled"] as const;
  const verdict = await referee<{ runs: Found[]; version: string }>(
    "event-files",
    "event-files.py",
    [names.map((name) => at(name)).join(), at("killed", file)],
  );
  found = Object.fromEntries(names.map((name, i) => [name, verdict.value.runs[i]])) as typeof found;
  version = verdict.value.version;
  live = verdict.live;
});
afterAll(() => folder.remove());

async function statsOf(name: string): Promise<Record<string, never>[]> {
  const text = await readFile(at(name, "stats.jsonl"), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

/** Why values are not compared. */
const another = "the committed reference is of another run";

const steps = (events: readonly (Scalar | Picture)[] = []) => events.map(([step]) => step);

describe("TensorBoard's reader finds", () => {
  it("tags that group: health, learning rates and losses, and samples as images", () => {
    const { tags } = found.whole;
    expect(version).toBe("brain.Event:2");
    expect(tags.images).toEqual(["samples"]);
    expect(tags.scalars).toEqual([
      "health/discriminatorGradientNorm",
      "health/diversity",
      "health/fakeAccuracy",
      "health/fakeScore",
      "health/generatorGradientNorm",
      "health/realAccuracy",
      "health/realScore",
      "learningRate/discriminator",
      "learningRate/generator",
      "loss/discriminator",
      "loss/generator",
      "speed/imagesPerSecond",
    ]);
  });

  it("every tick of stats.jsonl, with its values", async ({ skip }) => {
    skip(!live, another);
    const { scalars } = found.whole;
    const stats = await statsOf("whole");
    const values = (read: (tick: Record<string, never>) => number) =>
      stats.map((tick) => [tick.step, Math.fround(read(tick))]);
    const told = (tag: string) => scalars[tag]?.map(([step, value]) => [step, value]);
    expect(told("loss/discriminator")).toEqual(values((tick) => tick.discriminatorLoss as never));
    expect(told("loss/generator")).toEqual(values((tick) => tick.generatorLoss as never));
    expect(told("learningRate/generator")).toEqual(
      values((tick) => tick.generatorLearningRate as never),
    );
    expect(told("speed/imagesPerSecond")).toEqual(values((tick) => tick.imagesPerSecond as never));
    expect(told("health/diversity")).toEqual(
      values((tick) => (tick.health as unknown as { diversity: number }).diversity),
    );
  });

  it("a sample grid at each step that has one", () => {
    expect(steps(found.whole.images.samples)).toEqual([0, 4, 8, 12, 16, 20, 24]);
  });

  it("the sample grids, byte for byte, with their sizes", async ({ skip }) => {
    skip(!live, another);
    for (const [step, hash, width, height] of found.whole.images.samples ?? []) {
      const png = await readFile(at("whole/samples", `${step}.png`));
      expect(hash).toBe(createHash("sha256").update(png).digest("hex"));
      expect(await sharp(png).metadata()).toMatchObject({ width, height, channels: 3 });
    }
  });

  it("when each was, in order", ({ skip }) => {
    skip(!live, another);
    const times = Object.values(found.whole.scalars).flatMap((events) => events.map((e) => e[2]));
    expect(Math.min(...times)).toBeGreaterThan(began);
    expect(Math.max(...times)).toBeLessThan(ended);
    const losses = found.whole.scalars["loss/generator"]?.map((event) => event[2]) ?? [];
    expect(losses).toEqual(losses.toSorted((a, b) => a - b));
  });

  it("each step of a resumed run once", async () => {
    expect(await eventFiles("resumed")).toHaveLength(2);
    expect(steps(found.resumed.scalars["loss/generator"])).toEqual(
      steps(found.whole.scalars["loss/generator"]),
    );
    expect(steps(found.resumed.images.samples)).toEqual(steps(found.whole.images.samples));
  });

  it("the same of one that was killed in the middle of a record and had done more than its checkpoint", async () => {
    for (const tag of ["loss/generator", "health/diversity"])
      expect(found.killed.scalars[tag]?.map(([step, value]) => [step, value])).toEqual(
        found.whole.scalars[tag]?.map(([step, value]) => [step, value]),
      );
    expect(steps(found.killed.images.samples)).toEqual(steps(found.whole.images.samples));
  });

  it("of a run that went back only what counts", () => {
    expect(steps(found.rolled.scalars["loss/generator"])).toEqual([3, 6, 9, 12, 15]);
    expect(steps(found.rolled.images.samples)).toEqual([0, 4, 8, 12, 15]);
  });

  it("of a run that went back the values of stats.jsonl", async ({ skip }) => {
    skip(!live, another);
    const stats = await statsOf("rolled");
    const told = found.rolled.scalars["loss/generator"]?.map(([step, value]) => [step, value]);
    expect(told).toEqual(
      stats.map(({ step, generatorLoss }) => [step, Math.fround(generatorLoss as never)]),
    );
  });
});

it("there are none where none are wanted, and a flag goes before the file", async () => {
  await run(`${small} --steps 3 --no-tensorboard --out without`);
  expect(await eventFiles("without")).toEqual([]);
  await run("train --resume --out without --steps 6");
  expect(await eventFiles("without")).toEqual([]);
  await run("train without/config.json --tensorboard --out with");
  expect(await eventFiles("with")).toHaveLength(1);
});

it("a session is read after those before it, also where the clock went back", async () => {
  await mkdir(at("clock"));
  await writeFile(at("clock/events.out.tfevents.9999999998.500.other.1"), "");
  await TensorBoardLog.open(at("clock"), 3);
  const [, newest] = await eventFiles("clock");
  expect(newest).toMatch(/^events\.out\.tfevents\.9999999998\.501\./);
});
