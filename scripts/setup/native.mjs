// Builds the addon and the core's test binary: cmake-js configures, CMake builds.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, freemem } from "node:os";
import { dirname, join } from "node:path";
import { firstError, run } from "./command.mjs";
import { SetupError } from "./errors.mjs";

// Relative to the package. Apart from build/ itself, where node-gyp keeps files of the same names
// as CMake's.
const tree = "build/cmake";
const output = "build/Release";
const log = "build/setup.log";
// One file that includes torch's headers takes this much memory.
const bytesPerJob = 1.5e9;

/**
 * @param {string} root the package's folder
 * @param {{ libtorch: import("./probe.mjs").Libtorch, tools: object, tests: boolean, hasTests:
 *   boolean, force?: boolean, verbose?: boolean, detail?: (text: string) => void }} options `tests`
 *   builds the test binary too; `hasTests` says whether its sources are there, which a packed
 *   package leaves out
 */
export async function buildNative(root, options) {
  const { libtorch, tools, tests, hasTests, force } = options;
  const key = [libtorch.directory, libtorch.version, tools.compiler, tools.generator, root].join(
    "|",
  );
  // CMake keeps the paths and flags it has found once: another libtorch or compiler needs a new
  // tree. So does an addon that was damaged: to the build it is newer than its sources.
  if (force || cachedKey(root) !== key) rmSync(join(root, tree), { recursive: true, force: true });
  const defines = {
    SPARRING_LIBTORCH: libtorch.directory,
    SPARRING_OUTPUT: join(root, output),
    // Configured whenever possible, built when asked for: alternating `npm start` and `npm test`
    // rebuilds nothing.
    SPARRING_TESTS: hasTests ? "ON" : "OFF",
    SPARRING_SETUP_KEY: key,
    // Who builds once wants all of it soon. Who changes a file or two many times says OFF.
    SPARRING_UNITY: process.env.SPARRING_UNITY ?? "ON",
    ...(tools.launcher && { CMAKE_CXX_COMPILER_LAUNCHER: tools.launcher }),
  };
  mkdirSync(join(root, tree), { recursive: true });
  writeFileSync(join(root, log), "");
  const compiler = process.env.CXX ? [] : ["--cxx", tools.compiler];
  const custom = Object.entries(defines).map(([name, value]) => `--CD${name}=${value}`);
  await cmakeJs(
    root,
    ["configure", "--generator", tools.generator, ...compiler, ...custom],
    options,
  );
  const target = tests ? [] : ["--target", "sparring_addon"];
  await cmakeJs(root, ["build", "--parallel", String(jobs()), ...target], options);
  // The precompiled header and the objects are half a gigabyte. Only where the sources change are
  // they of use again.
  if (!hasTests) rmSync(join(root, tree), { recursive: true, force: true });
}

async function cmakeJs(root, parameters, { verbose, detail = () => {} }) {
  const program = join(packageFolder(root, "cmake-js"), "bin/cmake-js");
  const folders = ["--directory", root, "--out", join(root, tree)];
  const progress = (line) => {
    const match = /^\[\s*(\d+\/\d+|\d+%)\]/.exec(line);
    if (match) detail(match[1]);
  };
  // ccache refuses precompiled headers unless told that their time macros do not matter.
  const env = {
    CCACHE_SLOPPINESS: "pch_defines,time_macros",
    // Paths below the package count as relative: another clone, or the installed package, compiles
    // the same files. (Those compiled as one, too, in which CMake includes files by their whole
    // paths: once the preprocessor has run.)
    CCACHE_BASEDIR: root,
    ...process.env,
  };
  const { code, output: text } = await run(process.execPath, [program, ...parameters, ...folders], {
    cwd: root,
    env,
    verbose,
    onLine: progress,
  });
  writeFileSync(join(root, log), text, { flag: "a" });
  if (code === 0) return;
  const shown = verbose ? "" : `${firstError(text)}\n\n`;
  throw new SetupError(`${shown}The native build failed; all it printed is in ${join(root, log)}`);
}

/**
 * Where a dependency lies: beside the package's files in a clone, anywhere above them where it is
 * installed.
 * @param {string} root
 * @param {string} name
 */
export function packageFolder(root, name) {
  return dirname(createRequire(join(root, "package.json")).resolve(`${name}/package.json`));
}

function cachedKey(root) {
  try {
    return /^SPARRING_SETUP_KEY:\w+=(.*)$/m.exec(
      readFileSync(join(root, tree, "CMakeCache.txt"), "utf8"),
    )?.[1];
  } catch {
    return undefined;
  }
}

/** As many compilers as there are cores, and memory. */
function jobs() {
  return Math.max(1, Math.min(availableParallelism(), Math.floor(freemem() / bytesPerJob)));
}
