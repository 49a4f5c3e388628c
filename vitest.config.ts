import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** What uses every core by itself, or waits for others with patience: it would suffer from company. */
const alone = [
  "test/cpu-limit.test.ts",
  "test/memory.test.ts",
  "test/trainer/beside.test.ts",
  "test/cli/stop.test.ts",
  "test/cli/terminal.test.ts",
  "test/dashboard/**/*.test.ts",
  "test/distributed/hosts.test.ts",
  "test/distributed/lost.test.ts",
  "test/distributed/meeting.test.ts",
  "test/distributed/name.test.ts",
  "test/distributed/stop.test.ts",
  "test/distributed/train.test.ts",
  "test/lifetime/**/*.test.ts",
];

export default defineConfig({
  test: {
    // A process a file is what users have; worker threads would share one libtorch.
    pool: "forks",
    setupFiles: ["test/helpers/same-bytes.ts"],
    // Several times what the longest takes on two idle cores: it finds what hangs, and is no measurement.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // How long is polled for: a machine that does other work, too, is slow, not wrong.
    expect: { poll: { timeout: 30_000 } },
    // libgomp's threads spin while they wait: on two shared cores that costs more than it gives.
    env: { OMP_WAIT_POLICY: "passive" },
    projects: [
      {
        extends: true,
        test: {
          name: "side by side",
          include: ["test/**/*.test.ts"],
          exclude: alone,
          // Most of these start programs, one after the other, which keep one core busy.
          maxWorkers: Math.min(2, availableParallelism()),
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "alone",
          include: alone,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
