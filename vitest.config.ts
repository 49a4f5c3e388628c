import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Training uses every core by itself; files side by side would only wait for each other.
    fileParallelism: false,
    // Worker threads of vitest would share one libtorch; a process a file is what users have.
    pool: "forks",
    // Several times what the longest takes on two idle cores: it finds what hangs, and is no measurement.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // How long is polled for: a machine that does other work, too, is slow, not wrong.
    expect: { poll: { timeout: 30_000 } },
    // libgomp's threads spin while they wait: on two shared cores that costs more than it gives.
    env: { OMP_WAIT_POLICY: "passive" },
  },
});
