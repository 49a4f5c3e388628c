// A disk that fails once, in the middle of a run: where the run goes on nothing of it is missing.
import type * as fs from "node:fs/promises";
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { planResume } from "../../lib/run/plan.js";
import { TrainingRun } from "../../lib/run/training.js";
import { makeFolder } from "../helpers/folder.js";
import { writeIdxFolder } from "../helpers/idx.js";
import { prepareSmallRun } from "../helpers/small-run.js";
import { eventsIn } from "../helpers/tfevents.js";

/** What fails, once: the writing that `count` others to such a name came before. */
let failing: { name: RegExp; count: number } | undefined;
/** Throws where this is the one. */
function touch(path: unknown): void {
  if (failing === undefined || !failing.name.test(basename(String(path)))) return;
  if (failing.count-- > 0) return;
  failing = undefined;
  throw Object.assign(new Error("EIO: i/o error, write"), { code: "EIO", syscall: "write" });
}
vi.mock("node:fs/promises", async (load) => {
  const real = await load<typeof fs>();
  return {
    ...real,
    rename: async (...paths: Parameters<typeof real.rename>) => {
      touch(paths[1]);
      return real.rename(...paths);
    },
    open: async (...given: Parameters<typeof real.open>) => {
      const file = await real.open(...given);
      const { appendFile } = file;
      file.appendFile = async (content, ...more) => {
        try {
          if (given[1] === "a") touch(given[0]);
        } catch (error) {
          // A part arrives, as on a disk that fills up.
          await appendFile.call(file, (content as string).slice(0, 5));
          throw error;
        }
        return appendFile.call(file, content, ...more);
      };
      return file;
    },
  };
});

let folder: { readonly path: string; remove(): Promise<void> };
const at = (...parts: string[]) => join(folder.path, ...parts);
beforeAll(async () => {
  folder = await makeFolder();
  await writeIdxFolder(at("data"), 130);
});
afterAll(() => folder.remove());

const every = { sampleEvery: 3, checkpointEvery: 5, logEvery: 3, rollbacks: 1 };

async function begin(name: string): Promise<void> {
  using run = await prepareSmallRun(at("data"), at(name), every);
  for await (const _ of run.train());
}

async function goOn(name: string): Promise<void> {
  const plan = planResume({ resume: true, out: at(name) }, (option) => option);
  using run = await TrainingRun.resume(plan);
  for await (const _ of run.train());
}

/** What a run told, but for its clock. */
async function told(name: string) {
  const text = await readFile(at(name, "stats.jsonl"), "utf8");
  const untimed = { seconds: 0, imagesPerSecond: 0 };
  const stats = text.split("\n").map((line) => line && { ...JSON.parse(line), ...untimed });
  const shown = (await eventsIn(at(name))).flatMap(({ step, what }) =>
    what.case === "summary" ? what.value.value.map(({ tag }) => `${step} ${tag}`) : [],
  );
  const files = await readdir(at(name), { recursive: true });
  const named = files.filter((file) => /plan\.json$|png$|weights/.test(file)).sort();
  return { stats, shown: [...new Set(shown)].sort(), named };
}

describe("what a disk that fails once takes is made up for", () => {
  beforeAll(() => begin("whole"));

  it.each([
    ["a line of the statistics", /^stats\.jsonl$/, 2],
    // Each file begins with a record of its version; a tick and a grid are a record each.
    ["a tick of TensorBoard's", /tfevents/, 6],
    ["a grid of TensorBoard's", /tfevents/, 7],
    ["a sample grid", /^9\.png$/, 0],
    ["the plan", /^plan\.json$/, 0],
  ])("%s", async (what, name, count) => {
    const run = what.replaceAll(/\W+/g, "-");
    failing = { name, count };
    await expect(begin(run)).rejects.toMatchObject({ code: "ERR_OUTPUT" });
    expect(failing).toBeUndefined();
    await goOn(run);
    expect(await told(run)).toEqual(await told("whole"));
  });
});
