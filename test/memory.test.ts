import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { addon } from "../lib/addon.js";
import { collect, labelledImages, tinyTrainer } from "./helpers/training.js";

describe("memory", () => {
  it("refuses a batch whose step cannot fit, before it starts, and goes on with a smaller one", async () => {
    const trainer = tinyTrainer();
    const data = await labelledImages(64);
    const native = addon();
    const { availableMemory } = native;
    native.availableMemory = () => 20_000;
    try {
      // Outputs of 16 + 16 + 64 + 64 numbers in the generator, 16 + 16 + 1 in the discriminator.
      await expect(collect(trainer.run(data, { steps: 1, batchSize: 32 }))).rejects.toMatchObject({
        code: "ERR_MEMORY",
        message:
          "Expected a batch whose step fits into 0 MB of free host memory for batchSize but received 32 (it holds at least 0 MB)",
      });
    } finally {
      native.availableMemory = availableMemory;
    }
    expect(await collect(trainer.run(data, { steps: 1, batchSize: 32 }))).toHaveLength(1);
  });

  it("knows what the system has left", () => {
    const free = addon().availableMemory("cpu");
    expect(free).toBeGreaterThan(100e6);
    expect(free).toBeLessThan(1e15);
  });

  it("where it runs out in the middle of a step, says what was needed and free, and goes on", async () => {
    const script = fileURLToPath(new URL("little-memory.mjs", import.meta.url));
    // An address space that the small batch fits into and the large one does not.
    const command = 'ulimit -v 4000000 && exec "$0" "$1"';
    const { stdout } = await promisify(execFile)("bash", ["-c", command, process.execPath, script]);
    const [first, second] = stdout.trim().split("\n") as [string, string];
    expect(JSON.parse(first)).toEqual({
      code: "ERR_MEMORY",
      message: expect.stringMatching(
        /^Expected enough host memory for this work but it ran out \(you tried to allocate \d+ bytes\); a smaller batch or image needs less \(a step on 20000 images holds at least [\d.]+ GB, and [\d.]+ GB of host memory are free\)$/,
      ),
    });
    expect(JSON.parse(second)).toEqual({ step: 1 });
  });
});
