// Finds and loads the native addon, once; checks that its libtorch is the one it was built for.
import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cpuLimit, processorsOf } from "./cpu-limit.js";
import { isErrorCode, SparringError, traced } from "./errors.js";
import { again, cureOf, isCutShort, rebuild } from "./loading.js";
import type { NativeAddon } from "./native.js";

/** What the build wrote beside the addon. */
export interface BuildInfo {
  /** Its compiler, as it was named. */
  readonly compiler?: string | undefined;
  readonly libtorch: {
    readonly directory: string;
    readonly version: string;
    readonly cuda: string | null;
  };
}

const require = createRequire(import.meta.url);
const packageRoot = fileURLToPath(new URL("../", import.meta.url));
/** Where the set-up puts the addon of this package. */
export const buildFolder = join(packageRoot, "build", "Release");
/** What mends a libtorch that only the user who installed it can read. */
const share = "install Sparring again with XDG_CACHE_HOME set to a folder that every user can read";
let loaded: NativeAddon | undefined;

/** The addon; the first call loads it. Throws ERR_LIBTORCH with what to do. */
export function addon(): NativeAddon {
  loaded ??= load(buildFolder);
  return loaded;
}

/** Loads the addon of a build folder. */
export function load(folder: string): NativeAddon {
  const build = readBuild(folder);
  checkVersion(build, libtorchVersion(build.libtorch.directory));
  checkWorkingFolder();
  checkWhole(folder, build);
  let native: NativeAddon;
  try {
    native = waitingBriefly(folder, () => require(join(folder, "sparring.node")));
  } catch (cause) {
    const why = (cause as Error).message.replace(/\.$/, "");
    const libraries = join(build.libtorch.directory, "lib");
    throw new SparringError(
      "ERR_LIBTORCH",
      `The native addon cannot be loaded: ${why}; ${cureOf(cause, [folder, libraries])}`,
      { cause },
    );
  }
  checkLoaded(native, build);
  keepToLimit(native);
  return native;
}

/**
 * libtorch begins with a thread for each core of the machine. Where a container may use fewer, they
 * would wait for each other; who has named a number gets it.
 */
function keepToLimit(native: NativeAddon): void {
  const { OMP_NUM_THREADS, MKL_NUM_THREADS } = process.env;
  const limit = cpuLimit();
  if (limit === Infinity || OMP_NUM_THREADS !== undefined || MKL_NUM_THREADS !== undefined) return;
  // Before all else that the engine will do; it may be ending already.
  native.limitThreads(processorsOf(limit)).catch(() => {});
}

/**
 * MKL, which libtorch computes with, aborts the process where it is first needed in a folder that
 * is not there any more, as a server's is after a deployment. Node keeps what `process.cwd()` said.
 */
function checkWorkingFolder(): void {
  try {
    realpathSync.native(".");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT") return;
    throw new SparringError(
      "ERR_LIBTORCH",
      "The native addon cannot be loaded: the working folder of this process has been removed; " +
        "start it anew, or change to another folder with process.chdir()",
      { cause },
    );
  }
}

/** What the loader would end the process over. A file that is missing it can tell of itself. */
function checkWhole(folder: string, { libtorch: { directory } }: BuildInfo): void {
  const check = (path: string, cure: string) => {
    if (!existsSync(path) || !isCutShort(path)) return;
    const why = `${path} is cut short`;
    throw new SparringError("ERR_LIBTORCH", `The native addon cannot be loaded: ${why}; ${cure}`);
  };
  for (const name of ["waiting.node", "sparring.node"]) check(join(folder, name), again);
  for (const name of ["libc10.so", "libtorch_cpu.so"])
    check(join(directory, "lib", name), `delete ${directory} and ${rebuild}`);
}

/**
 * Between two parallel regions OpenMP's threads wait, by spinning at first and then by sleeping.
 * Its default, a spin of milliseconds, costs a factor of 2 to 50 on a machine that has anything
 * else to do; none at all costs small networks a factor of 2 on one that has not. Its library reads
 * the environment when it is loaded, and only then.
 */
function waitingBriefly<T>(folder: string, work: () => T): T {
  const { env } = process;
  if (env.OMP_WAIT_POLICY !== undefined || env.GOMP_SPINCOUNT !== undefined) return work();
  // A worker's `process.env` is a copy, which no library reads; the user may have set it outside of
  // that.
  const waiting = require(join(folder, "waiting.node"));
  const isOurs: boolean = waiting.begin();
  try {
    return work();
  } finally {
    if (isOurs) waiting.end();
  }
}

/** Reads what the build wrote. Throws ERR_LIBTORCH where it did not, or something else did. */
export function readBuild(folder: string): BuildInfo {
  const refuse = (why: string, cause?: unknown) =>
    new SparringError("ERR_LIBTORCH", `The native addon ${why}; ${rebuild}`, { cause });
  let text: string;
  try {
    text = readFileSync(join(folder, "build.json"), "utf8");
  } catch (cause) {
    throw unbuilt(folder, cause);
  }
  const build = parseBuild(text);
  if (build === undefined) throw refuse("is not usable: build.json in build/Release is damaged");
  return build;
}

/** In a bundle the folder is beside that, where nothing is ever built. */
function unbuilt(folder: string, cause: unknown): SparringError {
  return new SparringError(
    "ERR_LIBTORCH",
    `The native addon has not been built (no build.json in ${folder}); ${rebuild}, or, where a bundler took Sparring in, leave \`sparring\` external`,
    { cause },
  );
}

function parseBuild(text: string): BuildInfo | undefined {
  try {
    const build: BuildInfo = JSON.parse(text);
    const { directory, version } = build.libtorch;
    return typeof directory === "string" && typeof version === "string" ? build : undefined;
  } catch {
    return undefined;
  }
}

function checkVersion(build: BuildInfo, found: string | undefined): void {
  const { version, directory } = build.libtorch;
  if (found === undefined) throw noLibtorch(build, whyUnreadable(directory));
  if (found !== version) {
    throw new SparringError(
      "ERR_LIBTORCH",
      `Expected libtorch ${version}, which the addon was built for, in ${directory} but received ${found}; ${rebuild}`,
    );
  }
}

/**
 * The error about a libtorch that has gone, or is there for others: root's cache is closed to
 * everyone else.
 */
export function noLibtorch({ libtorch }: BuildInfo, code: string | undefined): SparringError {
  const { directory } = libtorch;
  const whys: Readonly<Record<string, string>> = {
    EACCES: `it cannot be read by this user; ${share}`,
    ERR_ACCESS_DENIED: `it cannot be read under --permission; start Node with --allow-fs-read=${directory}`,
  };
  const why = whys[code ?? ""] ?? `it is not there any more; ${rebuild}`;
  return new SparringError(
    "ERR_LIBTORCH",
    `Expected libtorch ${libtorch.version} in ${directory} but received none: ${why}`,
  );
}

function whyUnreadable(path: string): string | undefined {
  try {
    readdirSync(path);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
}

/** LD_LIBRARY_PATH can put another libtorch before the one the addon names. */
function checkLoaded(native: NativeAddon, build: BuildInfo): void {
  const directory = dirname(dirname(realpathSync(native.libtorchFile)));
  if (directory === realpathSync(build.libtorch.directory)) return;
  const found = libtorchVersion(directory) ?? "an unknown version";
  if (found === native.libtorchVersion) return;
  throw new SparringError(
    "ERR_LIBTORCH",
    `Expected libtorch ${native.libtorchVersion}, which the addon was built for, in this process but received ${found} from ${directory}; unset LD_LIBRARY_PATH, or ${rebuild}`,
  );
}

/** Reads the version from the headers of a libtorch folder. */
function libtorchVersion(directory: string): string | undefined {
  try {
    const text = readFileSync(join(directory, "include/torch/headeronly/version.h"), "utf8");
    const part = (name: string) =>
      new RegExp(`#define TORCH_VERSION_${name} (\\d+)`).exec(text)?.[1];
    return `${part("MAJOR")}.${part("MINOR")}.${part("PATCH")}`;
  } catch {
    return undefined;
  }
}

/** A native error as a SparringError whose stack points at the caller. */
export function toSparringError(cause: unknown): SparringError {
  if (cause instanceof SparringError) return cause;
  const { code, message } = cause as { code?: unknown; message: string };
  return new SparringError(isErrorCode(code) ? code : "ERR_NATIVE", message, { cause });
}

/** Awaits native work; a failure carries the stack of the JavaScript call that asked for it. */
export function crossing<T>(work: () => Promise<T>): Promise<T> {
  return traced(async () => {
    try {
      return await work();
    } catch (cause) {
      throw toSparringError(cause);
    }
  });
}

/** Calls native code that answers at once. */
export function direct<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw toSparringError(cause);
  }
}
