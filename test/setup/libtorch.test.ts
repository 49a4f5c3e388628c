import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import {
  driverFiles,
  findLibtorch,
  hasNvidiaDriver,
  namedLibtorch,
} from "../../scripts/setup/libtorch.mjs";
import { probe } from "../../scripts/setup/probe.mjs";
import { fakeLibtorch, silentReport, temporaryFolder, writeFiles } from "./helpers.js";

const nothing = {
  importableTorch: async () => ({ problem: "python3 has no torch" }),
  pipProblem: async () => "python3 has no pip",
  downloadLibtorch: async () => ({ problem: "no network" }),
  hasDriver: () => false,
};

/** Runs the search in a world of its own. */
function search(
  world: Partial<typeof nothing>,
  options: { cuda?: boolean; LIBTORCH?: string } = {},
) {
  const cache = temporaryFolder();
  const report = silentReport();
  const environment = { XDG_CACHE_HOME: cache, LIBTORCH: options.LIBTORCH };
  const find = () =>
    findLibtorch({
      environment,
      cuda: options.cuda ?? false,
      report,
      search: { ...nothing, ...world },
    });
  return {
    cached: (name: string) => join(cache, "sparring/libtorch", name, "torch"),
    report,
    find,
  };
}

describe("a wrong LIBTORCH", () => {
  const named =
    (LIBTORCH: string, cuda = false) =>
    () =>
      namedLibtorch({ LIBTORCH }, { cuda });

  it("is refused where the folder is not there", () => {
    const folder = join(temporaryFolder(), "missing");
    expect(named(folder)).toThrow(
      `Expected a folder with the include/ and lib/ of libtorch for LIBTORCH but received ${folder} (no such folder)`,
    );
  });

  it("is refused where the folder holds something else", () => {
    const folder = temporaryFolder();
    expect(named(folder)).toThrow(
      `Expected a folder with the include/ and lib/ of libtorch for LIBTORCH but received ${folder} (no lib/libtorch_cpu.so in it)`,
    );
  });

  it("is refused where the headers are missing", () => {
    const folder = temporaryFolder();
    writeFiles(folder, { "lib/libtorch_cpu.so": "", "lib/libc10.so": "" });
    expect(named(folder)).toThrow(`but received ${folder} (no include/ATen/ATen.h in it)`);
  });

  it("is refused out of range", () => {
    const folder = fakeLibtorch(temporaryFolder(), "2.10.0");
    expect(named(folder)).toThrow(
      `Expected libtorch 2.11 to 2.14 for LIBTORCH but received 2.10.0 in ${folder}`,
    );
  });

  it("is refused with the ABI from before C++11", () => {
    const folder = fakeLibtorch(temporaryFolder());
    writeFiles(folder, { "lib/libc10.so": "" });
    expect(named(folder)).toThrow(`but received ${folder} (a build with the pre-C++11 ABI)`);
  });

  it("is refused as a CPU build with --cuda", () => {
    const folder = fakeLibtorch(temporaryFolder());
    expect(named(folder, true)).toThrow(
      `Expected a CUDA build of libtorch for LIBTORCH but received 2.13.0 (cpu) in ${folder}`,
    );
  });

  it("is not replaced by another way that would work", async () => {
    const good = fakeLibtorch(temporaryFolder());
    const importableTorch = vi.fn(async () => ({ folder: good, problem: undefined }));
    const { find } = search({ importableTorch } as never, { LIBTORCH: join(good, "nowhere") });
    await expect(find()).rejects.toThrow("for LIBTORCH but received");
    expect(importableTorch).not.toHaveBeenCalled();
  });
});

describe("the search", () => {
  it("takes LIBTORCH before everything else, also as a site-packages folder", async () => {
    const folder = temporaryFolder();
    fakeLibtorch(join(folder, "torch"), "2.12.1");
    const { find, cached } = search({}, { LIBTORCH: folder });
    fakeLibtorch(cached("2.13.0+cpu"));
    expect(await find()).toMatchObject({ directory: join(folder, "torch"), version: "2.12.1" });
  });

  it("takes python3's torch before the cache", async () => {
    const folder = fakeLibtorch(temporaryFolder(), "2.12.0");
    const { find, cached } = search({ importableTorch: async () => ({ folder }) } as never);
    fakeLibtorch(cached("2.13.0+cpu"));
    expect(await find()).toMatchObject({ directory: folder });
  });

  it("says why it goes on from a torch that is out of range", async () => {
    const folder = fakeLibtorch(temporaryFolder(), "2.9.1");
    const { find, cached, report } = search({ importableTorch: async () => ({ folder }) } as never);
    fakeLibtorch(cached("2.13.0+cpu"));
    expect(await find()).toMatchObject({ version: "2.13.0" });
    expect(report.lines[0]).toBe(
      "not the torch of python3: it is 2.9.1, Sparring needs 2.11 to 2.14",
    );
  });

  it("takes the CPU build of the pinned version from a cache that holds several", async () => {
    const { find, cached } = search({});
    fakeLibtorch(cached("2.14.1+cpu"), "2.14.1");
    fakeLibtorch(cached("2.13.0+cu130"), "2.13.0", "13.0");
    fakeLibtorch(cached("2.13.0+cpu"));
    expect(await find()).toMatchObject({ directory: cached("2.13.0+cpu"), cuda: null });
  });

  it("takes a CUDA build from the cache where there is no other", async () => {
    const { find, cached } = search({});
    fakeLibtorch(cached("2.14.1+cu130"), "2.14.1", "13.0");
    expect(await find()).toMatchObject({ version: "2.14.1", cuda: "13.0" });
  });

  it("does not take a CPU build with --cuda", async () => {
    const { find, cached } = search({}, { cuda: true });
    fakeLibtorch(cached("2.13.0+cpu"));
    await expect(find()).rejects.toThrow("no CUDA build of 2.11 to 2.14 in it");
  });

  it("does not take a CPU torch of python3 with --cuda", async () => {
    const folder = fakeLibtorch(temporaryFolder());
    const importableTorch = async () => ({ folder });
    const { find, cached } = search({ importableTorch } as never, { cuda: true });
    fakeLibtorch(cached("2.14.1+cu130"), "2.14.1", "13.0");
    expect(await find()).toMatchObject({ version: "2.14.1", cuda: "13.0" });
  });

  it("downloads last, with the next requirement where one is not to be had", async () => {
    const { libtorch } = probe(fakeLibtorch(temporaryFolder()));
    const asked: string[] = [];
    const downloadLibtorch = async (_folder: string, { requirement }: { requirement: string }) => {
      asked.push(requirement);
      return asked.length === 1 ? { problem: "not found" } : { libtorch };
    };
    const { find } = search({ downloadLibtorch, pipProblem: async () => null } as never);
    expect(await find()).toBe(libtorch);
    expect(asked).toEqual(["torch==2.13.0+cpu", "torch==2.13.0"]);
  });

  it("makes do with a CPU build where a driver asks for CUDA that cannot be had", async () => {
    const { find, cached, report } = search({ hasDriver: () => true });
    fakeLibtorch(cached("2.13.0+cpu"));
    expect(await find()).toMatchObject({ cuda: null });
    expect(report.lines).toContain("no CUDA build of libtorch could be had; taking a CPU build");
  });
});

it("the search ends with one screen that lists each way, why it failed and its command", async () => {
  const { find } = search({ pipProblem: async () => null } as never);
  const error = await find().then(String, (reason: Error) => reason.message);
  const screen = error.replace(/the cache \S+/, "the cache FOLDER");
  expect(
    screen,
  ).toBe(`Expected libtorch 2.11 to 2.14 for the native addon but received none of these:
  - LIBTORCH: not set
  - the torch of python3: python3 has no torch
  - the cache FOLDER no build of 2.11 to 2.14 in it
  - pip download torch==2.13.0+cpu: no network
  - pip download torch==2.13.0: no network
  - pip download torch==2.14.1: no network

Any one of these ways is enough; run \`npm run setup\` afterwards:
  1. Name a libtorch that is already here (a folder with include/ and lib/, or a site-packages folder):
       LIBTORCH=/path/to/libtorch npm run setup
  2. Install PyTorch for python3, whose torch package is a libtorch:
       python3 -m pip install torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu
  3. Unzip LibTorch (Linux, C++, CPU) from https://pytorch.org/get-started/locally and name it as in 1.
  4. Let the set-up download it: it needs the network, python3 and pip:
       sudo apt install python3-pip     (Fedora: sudo dnf install python3-pip)`);
});

it("a cache that cannot be written is named once, and nothing is downloaded for it", async () => {
  const downloadLibtorch = vi.fn(nothing.downloadLibtorch);
  const { cached, find } = search({ pipProblem: async () => "", downloadLibtorch });
  const folder = join(cached("any"), "../..");
  writeFiles(join(folder, "../.."), { sparring: "a file" });
  const error = await find().catch((cause: Error) => cause);
  const lines = String(error)
    .split("\n")
    .filter((line) => line.includes("pip"));
  expect(lines[0]).toBe(
    `  - a download by pip: ${folder} cannot be written (it is not a folder); set XDG_CACHE_HOME to a folder that can be`,
  );
  expect(downloadLibtorch).not.toHaveBeenCalled();
});

describe("an NVIDIA driver", () => {
  it.each([
    ["its version", "version"],
    ["its device, where a sandbox shows no version", "nvidiactl"],
    ["nvidia-smi on the PATH", "bin/nvidia-smi"],
  ])("is there by %s", (_, present) => {
    const folder = temporaryFolder();
    const world = {
      path: `${join(folder, "none")}:${join(folder, "bin")}`,
      files: [join(folder, "version"), join(folder, "nvidiactl")],
    };
    expect(hasNvidiaDriver(world)).toBe(false);
    writeFiles(folder, { [present]: "" });
    expect(hasNvidiaDriver(world)).toBe(true);
  });

  it("is looked for where the addon looks, which would find no GPU with a CPU build", () => {
    const header = new URL("../../native/core/runtime/cuda.h", import.meta.url);
    const [, list] = /has_nvidia_driver\([^{]*\{([^}]*)\}/.exec(readFileSync(header, "utf8")) ?? [];
    expect(list?.match(/[^"\s,]+/g)).toEqual(driverFiles);
  });
});
