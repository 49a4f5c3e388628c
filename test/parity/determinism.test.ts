// A seed and a number of threads give the same bytes every time, in both executions.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { setThreads, threads } from "../../lib/index.js";
import { type PresetName, presetNames } from "../../lib/presets.js";
import {
  type Execution,
  fingerprintOf,
  smallImages,
  smallTrainer,
  trainFor,
} from "../helpers/presets.js";

async function fingerprint(name: PresetName, execution: Execution, seed: number) {
  using trainer = smallTrainer(name, execution, seed);
  using data = await smallImages(name);
  const losses = await trainFor(trainer, data, 4);
  return `${losses} ${await fingerprintOf(trainer)}`;
}

describe.each([1, 2])("with %d threads", (count) => {
  let before: number;
  beforeAll(async () => {
    before = await threads();
    await setThreads(count);
  });
  afterAll(() => setThreads(before));

  describe.each(["eager", "fused"] as const)("%s", (execution) => {
    it.each(presetNames)(
      "%s has equal bytes for equal seeds, and others for another",
      async (name) => {
        const first = await fingerprint(name, execution, 5);
        expect(await fingerprint(name, execution, 5)).toBe(first);
        expect(await fingerprint(name, execution, 6)).not.toBe(first);
      },
    );
  });
});
