// A trainer that was saved and loaded ends with the bytes of one that was never stopped.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { setThreads, threads, Trainer } from "../../lib/index.js";
import { type PresetName, presetNames } from "../../lib/presets.js";
import { makeFolder } from "../helpers/folder.js";
import {
  type Execution,
  fingerprintOf,
  smallImages,
  smallTrainer,
  trainFor,
} from "../helpers/presets.js";

let folder: { readonly path: string; remove(): Promise<void> };
let before: number;
beforeAll(async () => {
  folder = await makeFolder();
  before = await threads();
});
afterAll(async () => {
  await setThreads(before);
  await folder.remove();
});

/** 3 steps, a checkpoint, then 4: the epoch of five batches ends in between. */
async function interrupted(name: PresetName, execution: Execution, path: string) {
  using trainer = smallTrainer(name, execution);
  using data = await smallImages(name);
  const losses = await trainFor(trainer, data, 3);
  await trainer.save(path);
  return losses;
}

async function uninterrupted(name: PresetName, execution: Execution) {
  using trainer = smallTrainer(name, execution);
  using data = await smallImages(name);
  const losses = await trainFor(trainer, data, 7);
  return { losses, fingerprint: await fingerprintOf(trainer) };
}

describe.each([1, 2])("with %d threads", (count) => {
  beforeAll(() => setThreads(count));

  describe.each(["eager", "fused"] as const)("%s", (execution) => {
    const paths: string[] = [];
    const ends: string[] = [];

    it.each(presetNames)("%s goes on bit for bit", async (name) => {
      const path = `${folder.path}/${name}-${execution}-${count}`;
      const first = await interrupted(name, execution, path);
      const whole = await uninterrupted(name, execution);
      paths.push(path);
      ends.push(whole.fingerprint);
      using trainer = await Trainer.load(path);
      using data = await smallImages(name);
      expect(trainer.step).toBe(3);
      const rest = await trainFor(trainer, data, 4);
      expect([...first, ...rest]).toEqual(whole.losses);
      expect(await fingerprintOf(trainer)).toBe(whole.fingerprint);
    });

    it("all of them go on in a new process, too", async () => {
      const script = fileURLToPath(new URL("child.mjs", import.meta.url));
      const { stdout } = await promisify(execFile)(process.execPath, [
        script,
        `${count}`,
        ...paths,
      ]);
      expect(stdout.trim().split("\n")).toEqual(ends);
      expect(ends).toHaveLength(presetNames.length);
    });
  });
});
