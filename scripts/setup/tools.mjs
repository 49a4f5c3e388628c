// Checks the tools that a build needs; each missing one is a sentence with the command that
// installs it.
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { run } from "./command.mjs";
import { expected, SetupError } from "./errors.mjs";
import { compareVersions, parseVersion } from "./versions.mjs";

const oldestNode = "20.17.0";
const oldestCmake = "3.20.0";
const oldestCompiler = { "g++": "11.0.0", "clang++": "14.0.0" };

// What the tools are called where, in the order in which the package managers are looked for.
const packageManagers = {
  "apt-get": { install: "sudo apt install", compiler: "g++", cmake: "cmake", make: "ninja-build" },
  dnf: { install: "sudo dnf install", compiler: "gcc-c++", cmake: "cmake", make: "ninja-build" },
  pacman: { install: "sudo pacman -S", compiler: "gcc", cmake: "cmake", make: "ninja" },
  zypper: { install: "sudo zypper install", compiler: "gcc-c++", cmake: "cmake", make: "ninja" },
  brew: { install: "brew install", compiler: "gcc", cmake: "cmake", make: "ninja" },
};

/** The path of a program, null where it is not on the PATH. */
export function findProgram(name, environment = process.env) {
  const folders = (environment.PATH ?? "").split(delimiter).filter(Boolean);
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

/**
 * What PyTorch's wheels, and the addon's own code, are for. npm refuses elsewhere, but a clone or
 * `--force` asks nobody.
 */
export function checkPlatform({ platform, arch, glibc } = thisPlatform()) {
  const isLinux = platform === "linux" && arch === "x64";
  if (isLinux && glibc) return;
  const received = `${platform} ${arch}${isLinux ? " without glibc" : ""}`;
  throw expected("Linux on x86-64 with glibc", "the platform", received);
}

function thisPlatform() {
  const { platform, arch, report } = process;
  // The report looks at the whole process: not where the answer is known without it.
  const glibc = platform === "linux" && report.getReport().header.glibcVersionRuntime;
  return { platform, arch, glibc };
}

/** Checked before anything else: an older Node fails in ways that explain nothing. */
export function checkNode(version = process.versions.node) {
  if (compareVersions(parseVersion(version), parseVersion(oldestNode)) >= 0) return;
  throw new SetupError(
    `Expected version ${oldestNode} or newer for Node.js but received ${version}; install one: https://nodejs.org`,
  );
}

/**
 * @param {NodeJS.ProcessEnv} [environment]
 * @returns {Promise<{ compiler: string, label: string, generator: string, launcher: string | null
 *   }>} `compiler` as it was named, `label` for people, the CMake generator, and ccache where it
 *   works
 */
export async function checkTools(environment = process.env) {
  const [compiler, cmake] = await Promise.all([
    checkCompiler(environment),
    checkCmake(environment),
  ]);
  const ninja = findProgram("ninja", environment);
  const make =
    ninja || findProgram("make", environment)
      ? null
      : missing("make", "ninja or make", "a build tool", "none", environment);
  const problems = [compiler.problem, cmake.problem, make].filter(Boolean);
  if (problems.length > 0) throw new SetupError(problems.join("\n"));
  return {
    compiler: compiler.name,
    label: `${compiler.label}, CMake ${cmake.version}, ${ninja ? "Ninja" : "make"}`,
    generator: ninja ? "Ninja" : "Unix Makefiles",
    launcher: await findCcache(environment),
  };
}

/**
 * Where its folder cannot be written, ccache fails instead of compiling: a container's user may
 * have no home at all.
 */
async function findCcache(environment) {
  const program = findProgram("ccache", environment);
  if (!program) return null;
  const { code, stdout } = await run(program, ["-k", "cache_dir"], { env: environment });
  return code === 0 && canWrite(stdout.trim()) ? program : null;
}

/** Whether a folder can be written, or made. */
function canWrite(folder) {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch ({ code }) {
    return code === "ENOENT" && folder !== dirname(folder) && canWrite(dirname(folder));
  }
}

async function checkCompiler(environment) {
  const names = environment.CXX ? [environment.CXX] : ["g++", "clang++"];
  const seen = [];
  for (const name of names) {
    const found = await compilerVersion(name, environment);
    if (!found) continue;
    const { kind, version } = found;
    if (compareVersions(parseVersion(version), parseVersion(oldestCompiler[kind])) >= 0) {
      return { name, label: `${kind} ${version}` };
    }
    seen.push(`${kind} ${version}`);
  }
  const what = "g++ 11 or newer, or clang++ 14 or newer,";
  const received =
    seen.join(", ") || (environment.CXX ? `${environment.CXX}, which does not run` : "none");
  return {
    problem: missing(
      "compiler",
      what,
      environment.CXX ? "CXX" : "the C++ compiler",
      received,
      environment,
    ),
  };
}

/** CXX may hold parameters ("ccache g++"), as CMake allows. */
async function compilerVersion(name, environment) {
  const [program, ...parameters] = name.trim().split(/\s+/);
  const { code, stdout } = await run(program, [...parameters, "--version"], { env: environment });
  if (code !== 0) return null;
  const clang = /clang version (\d+\.\d+(?:\.\d+)?)/.exec(stdout);
  if (clang) return { kind: "clang++", version: clang[1] };
  // "g++ (Debian 12.2.0-14) 12.2.0", "g++ (GCC) 11.5.0 20240719 (Red Hat 11.5.0-2)": the first one
  // outside brackets.
  const gnu = /(\d+\.\d+(?:\.\d+)?)/.exec(stdout.split("\n")[0].replace(/\([^)]*\)/g, ""));
  return gnu && { kind: "g++", version: gnu[1] };
}

async function checkCmake(environment) {
  const { code, stdout } = await run("cmake", ["--version"], { env: environment });
  const version = code === 0 ? /version (\d+\.\d+\.\d+)/.exec(stdout)?.[1] : undefined;
  const recent = version && compareVersions(parseVersion(version), parseVersion(oldestCmake)) >= 0;
  if (recent) return { version };
  return {
    problem: missing(
      "cmake",
      `version ${oldestCmake} or newer`,
      "CMake",
      version ?? "none",
      environment,
    ),
  };
}

function missing(tool, what, name, received, environment) {
  const manager =
    Object.keys(packageManagers).find((program) => findProgram(program, environment)) ?? "apt-get";
  const { install, [tool]: names } = packageManagers[manager];
  return `Expected ${what} for ${name} but received ${received}; install it: ${install} ${names}`;
}
