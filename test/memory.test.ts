import { execFile, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { addon } from "../lib/addon.js";
import { Generator, layers as l } from "../lib/index.js";
import { collect, labelledImages, tinyDiscriminator, tinyTrainer } from "./helpers/training.js";

describe("memory", () => {
  it("refuses a network whose weights cannot fit, before the system ends the process for them", async () => {
    const native = addon();
    const { availableMemory } = native;
    native.availableMemory = () => 1e9;
    // 16 GB and some: less than many machines have in all.
    const layers = [2 ** 26, 15, 2 ** 26, 15, 2 ** 26].map((units) => l.linear(units));
    const refusal = expect.objectContaining({
      code: "ERR_MEMORY",
      message:
        "Expected layers whose weights fit into 1.0 GB of free host memory for architecture but received weights of 17.7 GB",
    });
    try {
      expect(() => new Generator({ latent: { noise: 3 }, layers })).toThrow(refusal);
    } finally {
      native.availableMemory = availableMemory;
    }
    using generator = new Generator({ latent: { noise: 3 }, layers: [l.linear(60)] });
    await generator.ready();
  });

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

  it("counts what is held of each pair of samples that are compared", async () => {
    const last = [l.minibatchDiscrimination(1000), l.linear(1)];
    using trainer = tinyTrainer({ discriminator: tinyDiscriminator(last) });
    using data = await labelledImages(64);
    const native = addon();
    const { availableMemory } = native;
    native.availableMemory = () => 30e6;
    try {
      // Of reals and of fakes 64 x 64 x 1000 numbers, beside outputs of 16 + 16 + 1016 + 1.
      await expect(collect(trainer.run(data, { steps: 1, batchSize: 64 }))).rejects.toThrow(
        "fits into 30 MB of free host memory for batchSize but received 64 (it holds at least 33 MB)",
      );
    } finally {
      native.availableMemory = availableMemory;
    }
    expect(await collect(trainer.run(data, { steps: 1, batchSize: 64 }))).toHaveLength(1);
  });

  it("counts ADA's finer grid, and what is interpolated on it", async () => {
    using trainer = tinyTrainer({ ada: {}, execution: "eager" });
    using data = await labelledImages(64);
    const native = addon();
    const { availableMemory } = native;
    native.availableMemory = () => 0.6e6;
    try {
      // Beside 160 outputs of the generator 29 x 29 values of the grid, and of 26 x 26 samples the
      // places across and down three times. The discriminator's 33 come when these are gone.
      await expect(collect(trainer.run(data, { steps: 1, batchSize: 64 }))).rejects.toThrow(
        "fits into 1 MB of free host memory for batchSize but received 64 (it holds at least 1 MB)",
      );
      // Nothing goes to a finer grid, or one sample after the other.
      const copying = { ada: { transforms: ["blit", "color"] }, execution: "eager" } as const;
      for (const options of [copying, { ada: {}, execution: "fused" } as const]) {
        using other = tinyTrainer(options);
        expect(await collect(other.run(data, { steps: 1, batchSize: 64 }))).toHaveLength(1);
      }
    } finally {
      native.availableMemory = availableMemory;
    }
    const { buffers } = await trainer.explain({ batchSize: 64 });
    expect(buffers).toBe(4 * 64 * (160 + 29 ** 2 + 6 * 26 ** 2));
    expect(await collect(trainer.run(data, { steps: 1, batchSize: 64 }))).toHaveLength(1);
  });

  const tellsOfPeaks = existsSync("/proc/self/status");
  it.skipIf(!tellsOfPeaks).each([1, 3])(
    "is what a step with ADA on images of %d channels takes at least, and not much less",
    async (channels) => {
      const script = fileURLToPath(new URL("ada-memory.mjs", import.meta.url));
      const { stdout } = await promisify(execFile)(process.execPath, [script, `${channels}`]);
      const { peak, buffers } = JSON.parse(stdout);
      expect(buffers).toBeGreaterThan(300e6);
      expect(peak).toBeGreaterThan(buffers);
      // Blocks of memory that wait for a tensor of their size count, too.
      expect(peak).toBeLessThan(3 * buffers);
    },
  );

  it("knows what the system has left", () => {
    const free = addon().availableMemory("cpu");
    expect(free).toBeGreaterThan(100e6);
    expect(free).toBeLessThan(1e15);
  });

  // Where that is not allowed there is nothing to try it with.
  const mayMount = spawnSync("unshare", ["-rm", "true"]).status === 0;
  it.skipIf(!mayMount).each([
    ["of a container", "0::/", "/sys/fs/cgroup"],
    ["of a job's group", "0::/slurm/job_7", "/sys/fs/cgroup/slurm/job_7"],
    ["of a group above it", "0::/slurm/job_7/step_0", "/sys/fs/cgroup/slurm/job_7"],
  ])("knows the limit %s, under which what is kept of files is free", async (_, group, folder) => {
    // In a mount namespace of its own, with a group of 8 GiB in which 8.0 GB are of files.
    const files = {
      "memory.max": 8 * 2 ** 30,
      "memory.current": 8_570_000_000,
      "memory.stat": "anon 500000000\\ninactive_file 7000000000\\nactive_file 1000000000",
    };
    const writes = Object.entries(files).map(
      ([name, text]) => `printf '${text}\\n' > ${folder}/${name}`,
    );
    const script = [
      "mount -t tmpfs none /sys/fs/cgroup",
      `mkdir -p ${folder}`,
      ...writes,
      `printf '${group}\\n' > /sys/fs/cgroup/own`,
      "mount --bind /sys/fs/cgroup/own /proc/$$/cgroup",
      `exec "$0" -e 'import("./dist/addon.js").then((it) => console.log(it.addon().availableMemory("cpu")))'`,
    ].join(" && ");
    const root = fileURLToPath(new URL("..", import.meta.url));
    const { stdout } = await promisify(execFile)(
      "unshare",
      ["-rm", "sh", "-c", script, process.execPath],
      { cwd: root },
    );
    expect(Number(stdout)).toBeGreaterThan(7.9e9);
    expect(Number(stdout)).toBeLessThan(8.1e9);
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
        /^Expected enough host memory for this work but it ran out \(you tried to allocate \d+ bytes\); a smaller batch, image or network needs less \(a step on 20000 images holds at least [\d.]+ GB, and [\d.]+ GB of host memory are free\)$/,
      ),
    });
    expect(JSON.parse(second)).toEqual({ step: 1 });
  });

  const mayLimit = tellsOfPeaks && spawnSync("prlimit", ["--version"]).status === 0;
  it.skipIf(!mayLimit)("where there is none for a thread, refuses work, and goes on", async () => {
    const script = fileURLToPath(new URL("no-thread.mjs", import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [script], { timeout: 30_000 });
    const [refusals, later] = stdout.trim().split("\n") as [string, string];
    const refusal = {
      code: "ERR_MEMORY",
      message:
        "Expected a thread for this work but the system gave none (Resource temporarily unavailable); fewer processes, or a higher limit of them, make room",
    };
    expect(JSON.parse(refusals)).toEqual([refusal, refusal]);
    expect(JSON.parse(later)).toBe("done");
  });

  it.skipIf(!mayLimit)(
    "where there is none for a kernel, says so, and makes it later",
    async () => {
      const script = fileURLToPath(new URL("no-kernel.mjs", import.meta.url));
      const command = ["--expose-gc", "--min-semi-space-size=16", script];
      const { stdout } = await promisify(execFile)(process.execPath, command, { timeout: 60_000 });
      const [refused, later] = stdout.trim().split("\n") as [string, string];
      const refusal = {
        code: "ERR_MEMORY",
        message:
          "Expected enough host memory for this work but it ran out; a smaller batch, image or network needs less",
      };
      const refusals = JSON.parse(refused);
      expect(refusals.length).toBeGreaterThan(3);
      expect(refusals).toEqual(refusals.map(() => refusal));
      expect(JSON.parse(later)).toEqual({ made: Array(9).fill(3), threads: 1 });
    },
  );

  it("where it runs out for an answer, says so and goes on, as V8 would not", async () => {
    const script = fileURLToPath(new URL("little-arrays.mjs", import.meta.url));
    // 100 MB of images twice, and 400 of values in the engine; as much again is not there.
    const command = 'ulimit -d 1000000 && exec "$0" "$1"';
    const { stdout } = await promisify(execFile)("bash", ["-c", command, process.execPath, script]);
    const [first, second] = stdout.trim().split("\n") as [string, string];
    expect(JSON.parse(first)).toEqual({
      code: "ERR_MEMORY",
      message: expect.stringMatching(
        /^Expected enough host memory for this work but it ran out(?: \(.*\))?; a smaller batch, image or network needs less$/,
      ),
    });
    expect(JSON.parse(second)).toEqual({ values: 1024 * 1024 });
  });
});
