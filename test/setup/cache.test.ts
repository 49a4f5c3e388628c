import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { defaultCachePath } from "../../lib/data/folder/cache.js";
import {
  cachedLibtorch,
  cacheFolder,
  incomingFolder,
  moveIntoPlace,
} from "../../scripts/setup/cache.mjs";
import { fakeLibtorch, fakeProgram, temporaryFolder, writeFiles } from "./helpers.js";

const script = (name: string) =>
  fileURLToPath(new URL(`../../scripts/setup/${name}`, import.meta.url));

/** Starts downloadLibtorch in a process of its own, with `python3` as its only program. */
function startDownload(folder: string, python3: string): ChildProcess {
  const programs = temporaryFolder();
  fakeProgram(programs, "python3", python3);
  const code = `
    const { downloadLibtorch } = await import(${JSON.stringify(script("download.mjs"))});
    const result = await downloadLibtorch(process.argv[1], { requirement: "torch" }, { cuda: false });
    console.log(JSON.stringify(result));`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code, folder], {
    env: { PATH: `${programs}:/usr/bin:/bin` },
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  onTestFinished(() => killGroup(child));
  return child;
}

function killGroup(child: ChildProcess) {
  try {
    process.kill(-(child.pid as number), "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

/** A pip that succeeds, and an unpacker that is half done for a minute. */
const hangsWhileUnpacking = `
case "$*" in
  *"pip download"*) while [ "$1" != "--dest" ]; do shift; done; : > "$2/torch.whl" ;;
  *) mkdir -p "$2/torch/lib"; : > "$2/torch/lib/libtorch_cpu.so"; sleep 60 ;;
esac`;

async function until(condition: () => boolean) {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 400) throw new Error("Expected the condition to come true but received none");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe("an interrupted set-up", () => {
  it("leaves nothing half-done, and its remains go with the next one", async () => {
    const folder = temporaryFolder();
    const child = startDownload(folder, hangsWhileUnpacking);
    const halfDone = () =>
      readdirSync(folder).some((name) =>
        existsSync(join(folder, name, "unpacked/torch/lib/libtorch_cpu.so")),
      );
    await until(halfDone);
    killGroup(child);
    await new Promise((resolve) => child.on("close", resolve));
    const [remains] = readdirSync(folder);
    expect(remains).toMatch(/^\.incoming-\d+@/);
    expect(cachedLibtorch(folder, { cuda: false })).toBeUndefined();
    const mine = incomingFolder(folder);
    expect(readdirSync(folder)).toEqual([mine.slice(folder.length + 1)]);
  });

  it("does not lose the folder of one that still runs", async () => {
    const folder = temporaryFolder();
    startDownload(folder, hangsWhileUnpacking);
    await until(() => readdirSync(folder).length === 1);
    incomingFolder(folder);
    expect(readdirSync(folder)).toHaveLength(2);
  });

  it("leaves nothing where unpacking fails", async () => {
    const folder = temporaryFolder();
    const child = startDownload(
      folder,
      `case "$*" in *"pip download"*) ;; *) echo "zipfile.BadZipFile: bad checksum" >&2; exit 1 ;; esac`,
    );
    let output = "";
    child.stdout?.on("data", (chunk) => {
      output += chunk;
    });
    await new Promise((resolve) => child.on("close", resolve));
    expect(JSON.parse(output)).toEqual({
      problem: "unpacking failed: zipfile.BadZipFile: bad checksum",
    });
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("the cache folder", () => {
  it("ignores a relative XDG_CACHE_HOME, as its specification says", () => {
    expect(cacheFolder({ XDG_CACHE_HOME: "cache" })).toMatch(/^\/.*\/\.cache\/sparring$/);
    expect(cacheFolder({ XDG_CACHE_HOME: "/cache" })).toBe("/cache/sparring");
  });

  it.each(["", "house"])("is no folder of the working directory's where HOME is %j", (home) => {
    const usual = join(userInfo().homedir, ".cache/sparring");
    expect(cacheFolder({}, () => home)).toBe(usual);
  });

  it("is asked for where a user has no home folder", () => {
    const nobody = () => {
      throw new Error("ENOENT");
    };
    expect(() => cacheFolder({}, nobody)).toThrow(
      "Expected a home folder, or XDG_CACHE_HOME, for the cache but received none",
    );
  });

  it.each([undefined, "cache", "/cache"])("is that of packed images, too: %s", async (chosen) => {
    onTestFinished(() => void vi.unstubAllEnvs());
    vi.stubEnv("XDG_CACHE_HOME", chosen);
    const form = { size: 8, channels: 1, crop: "center" } as const;
    const path = await defaultCachePath(temporaryFolder(), form, 1);
    expect(dirname(path)).toBe(join(cacheFolder(), "packed"));
  });

  it("keeps a complete folder that another process has put there first", () => {
    const folder = temporaryFolder();
    fakeLibtorch(join(folder, "2.13.0+cpu/torch"));
    writeFileSync(join(folder, "2.13.0+cpu/first"), "");
    fakeLibtorch(join(folder, "mine/torch"));
    moveIntoPlace(join(folder, "mine"), join(folder, "2.13.0+cpu"));
    expect(existsSync(join(folder, "2.13.0+cpu/first"))).toBe(true);
  });

  it("replaces a damaged folder", () => {
    const folder = temporaryFolder();
    writeFiles(folder, { "2.13.0+cpu/torch/lib/libc10.so": "" });
    fakeLibtorch(join(folder, ".mine/torch"));
    moveIntoPlace(join(folder, ".mine"), join(folder, "2.13.0+cpu"));
    expect(cachedLibtorch(folder, { cuda: false })?.version).toBe("2.13.0");
  });
});

/** Makes a wheel with Python's own zipfile. */
function makeWheel(path: string, names: string[]) {
  const code =
    "import sys, zipfile\nwith zipfile.ZipFile(sys.argv[1], 'w') as z:\n  for n in sys.argv[2:]: z.writestr(n, n)";
  expect(spawnSync("python3", ["-c", code, path, ...names]).status).toBe(0);
}

describe.skipIf(spawnSync("python3", ["--version"]).status !== 0)("unpacking a wheel", () => {
  const unpack = (folder: string, wheel: string) =>
    spawnSync("python3", [script("unpack_wheels.py"), folder, wheel], { encoding: "utf8" });

  it("fails on a truncated wheel", () => {
    const folder = temporaryFolder();
    const wheel = join(folder, "torch.whl");
    writeFileSync(wheel, "PK\u0003\u0004 and then the connection broke");
    const { status, stderr } = unpack(join(folder, "out"), wheel);
    expect(status).not.toBe(0);
    expect(stderr).toContain("BadZipFile");
  });

  it("takes what a native program needs, and leaves what Python needs", () => {
    const folder = temporaryFolder();
    const wanted = [
      "nvidia/cu13/lib/libcudart.so.13",
      "torch-2.13.0.dist-info/METADATA",
      "torch/include/ATen/ATen.h",
      "torch/lib/libgomp.so.1",
      "torch/lib/libtorch_cpu.so",
      "torch/version.py",
    ];
    const unwanted = [
      "nvidia/cu13/lib/libcudart_static.a",
      "torch/__init__.py",
      "torch/bin/protoc",
      "torch/lib/libtorch_python.so",
      "torch/test/test_ops",
    ];
    makeWheel(join(folder, "torch.whl"), [...wanted, ...unwanted]);
    expect(unpack(join(folder, "out"), join(folder, "torch.whl")).status).toBe(0);
    const found = readdirSync(join(folder, "out"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, "out").length + 1));
    expect(found.sort()).toEqual(wanted);
    expect(existsSync(join(folder, "torch.whl"))).toBe(false);
  });
});
