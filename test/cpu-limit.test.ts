// The processors that a container may use, and the threads that there are then.
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { makeFolder } from "./helpers/folder.js";
import { writeTree } from "./helpers/image-folder.js";

type Real = typeof import("../lib/cpu-limit.js");

const limits = vi.hoisted(() => ({ here: Number.POSITIVE_INFINITY }));
vi.mock("../lib/cpu-limit.js", async (original) => ({
  ...(await original<Real>()),
  cpuLimit: () => limits.here,
}));
const { cpuLimit } = await vi.importActual<Real>("../lib/cpu-limit.js");

let folder: Awaited<ReturnType<typeof makeFolder>>;
const at = (name: string) => join(folder.path, name);
beforeAll(async () => {
  folder = await makeFolder();
});
afterAll(() => folder.remove());

describe("a container's limit", () => {
  const none = Number.POSITIVE_INFINITY;
  it.each([
    ["docker's", "0::/\n", { "cpu.max": "150000 100000\n" }, 1.5],
    ["none", "0::/\n", { "cpu.max": "max 100000\n" }, none],
    [
      "the lowest of all above",
      "0::/a/b\n",
      { "a/b/cpu.max": "max 100000", "a/cpu.max": "50000 100000" },
      0.5,
    ],
    [
      "that of cgroups 1",
      "9:cpu,cpuacct:/docker/x\n8:memory:/y\n",
      { "cpu/cpu.cfs_quota_us": "400000\n", "cpu/cpu.cfs_period_us": "100000\n" },
      4,
    ],
    [
      "none of cgroups 1",
      "9:cpu:/\n0::/\n",
      { "cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n" },
      none,
    ],
    ["nothing there", "", {}, none],
  ] as const)("%s", async (name, groups, files, limit) => {
    const texts = [["../../../proc/self/cgroup", groups], ...Object.entries(files)];
    const bytes = texts.map(([path, text]) => [
      `sys/fs/cgroup/${path}`,
      Buffer.from(text as string),
    ]);
    await writeTree(at(name), Object.fromEntries(bytes));
    expect(cpuLimit(at(name))).toBe(limit);
  });
});

describe("the threads of a program", () => {
  /** With a module that has just been loaded, as a program's first call finds it. */
  async function firstThreads(limit: number, named?: string): Promise<number> {
    limits.here = limit;
    vi.stubEnv("OMP_NUM_THREADS", named);
    vi.stubEnv("MKL_NUM_THREADS", undefined);
    vi.resetModules();
    const { threads } = await import("../lib/index.js");
    return threads();
  }
  let usual: number;
  beforeAll(async () => {
    usual = await firstThreads(Number.POSITIVE_INFINITY);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    const { setThreads } = await import("../lib/index.js");
    await setThreads(usual);
  });

  it("are no more than the limit leaves processors, and at least one", async () => {
    expect(usual).toBeGreaterThan(1);
    expect(await firstThreads(usual + 0.5)).toBe(usual);
    expect(await firstThreads(1.9)).toBe(1);
  });

  it("are one where less than a processor is left", async () => {
    expect(await firstThreads(0.25)).toBe(1);
  });

  it("are as many as the user has named", async () => {
    expect(await firstThreads(1, `${usual}`)).toBe(usual);
  });
});
