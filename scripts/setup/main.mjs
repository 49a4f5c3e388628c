// The set-up from end to end. Each part asks first whether it has anything to do.
import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { help, parseArguments } from "./arguments.mjs";
import { dependencyProblem, insideNpmInstall, installDependencies } from "./dependencies.mjs";
import { expected, SetupError, UsageError } from "./errors.mjs";
import { findLibtorch, namedLibtorch } from "./libtorch.mjs";
import { withLock } from "./lock.mjs";
import { buildNative } from "./native.mjs";
import { createReport } from "./report.mjs";
import * as stamps from "./stamp.mjs";
import { checkNode, checkPlatform, checkTools } from "./tools.mjs";
import { buildTypescript } from "./typescript.mjs";
import { writeProblem } from "./writable.mjs";

const packageRoot = realpathSync(fileURLToPath(new URL("../..", import.meta.url)));

/**
 * @param {string[]} argv
 * @returns {Promise<number>} the exit code
 */
export async function main(argv, { root = packageRoot, report = createReport() } = {}) {
  try {
    checkPlatform();
    checkNode();
    const options = parseArguments(argv);
    if (options.help) process.stdout.write(help);
    else await setUp(root, { ...options, report });
    return 0;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    const isUsage = error instanceof UsageError;
    // Before a mistake on the command line nothing else was printed.
    report.write(`${isUsage ? "" : "\n"}${error.message}\n`);
    return isUsage ? 2 : 1;
  }
}

async function setUp(root, requested) {
  const { report } = requested;
  // A packed package leaves the tests out.
  const hasTests = filesIn(join(root, "native/core/test")).some((name) => name.endsWith(".cc"));
  const options = { ...requested, hasTests, tests: requested.tests && hasTests };
  if (isComplete(root, options)) return;
  checkWritable(root);
  await withLock(
    root,
    async () => {
      // Another set-up may have done it all while this one waited.
      if (isComplete(root, options)) return;
      await ensureDependencies(root, options);
      await ensureNative(root, options);
      await ensureTypescript(root, options);
    },
    () => report.note("waiting for another set-up of this folder"),
  );
}

/** Asked before anything is downloaded: whoever may not write here must not wait for that first. */
function checkWritable(root) {
  for (const folder of [join(root, "build"), join(root, "build/Release")]) {
    const problem = writeProblem(folder);
    if (problem !== null)
      throw expected("a folder that can be written", "the build", `${folder} (${problem})`);
  }
}

/** The quick look: reads files, starts nothing. */
function isComplete(root, options) {
  const state = inspect(root, options);
  const complete = !needsDependencies(root) && state.native && state.typescript;
  if (complete)
    options.report.step(`up to date, libtorch ${state.stamp.libtorch.label}`, async () => {});
  return complete;
}

function inspect(root, { tests, cuda, force }) {
  const stamp = stamps.readStamp(root);
  const inputs = stamps.hashInputs(root);
  const libtorch = stamps.libtorchIsCurrent(stamp, {
    named: namedLibtorch(process.env, { cuda }),
    cuda,
  });
  return {
    stamp,
    inputs,
    libtorch,
    native: !force && libtorch && stamps.nativeIsCurrent(root, stamp, inputs, { tests }),
    typescript: stamps.typescriptIsCurrent(root, stamp, inputs),
  };
}

function needsDependencies(root) {
  return !insideNpmInstall() && dependencyProblem(root) !== null;
}

async function ensureDependencies(root, { report, verbose }) {
  if (!needsDependencies(root)) return;
  await report.step(`npm packages (${dependencyProblem(root)})`, async () => {
    await installDependencies(root, { verbose });
    return "npm packages installed";
  });
}

async function ensureNative(root, options) {
  const { report, tests, hasTests, cuda, force, verbose } = options;
  const state = inspect(root, options);
  if (state.native) return;
  const tools = await findTools(report);
  const libtorch = state.libtorch
    ? state.stamp.libtorch
    : await findLibtorch({ cuda, verbose, report });
  // Whoever forces it does not trust the addon. Any other is what its stamp says until it is
  // replaced: then CMake removes that.
  if (force) stamps.removeStamp(root);
  await report.step(`native addon${tests ? " and core tests" : ""}: compiling`, async (detail) => {
    await buildNative(root, { libtorch, tools, tests, hasTests, force, verbose, detail });
    return `native addon${tests ? " and core tests" : ""} built`;
  });
  const { native, tests: testInputs } = state.inputs;
  stamps.writeStamp(root, {
    sparring: JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version,
    libtorch,
    compiler: tools.compiler,
    inputs: {
      native,
      tests: tests ? testInputs : null,
      typescript: state.stamp?.inputs.typescript ?? null,
    },
  });
}

function filesIn(folder) {
  return existsSync(folder) ? readdirSync(folder) : [];
}

async function findTools(report) {
  let tools;
  await report.step("tools", async () => {
    tools = await checkTools();
    return `Node ${process.versions.node}, ${tools.label}${tools.launcher ? ", ccache" : ""}`;
  });
  return tools;
}

async function ensureTypescript(root, options) {
  const { report, verbose } = options;
  const { stamp, inputs, typescript } = inspect(root, options);
  if (typescript) return;
  await report.step("TypeScript: compiling", async () => {
    await buildTypescript(root, { verbose });
    return "TypeScript compiled";
  });
  stamps.writeStamp(root, { ...stamp, inputs: { ...stamp.inputs, typescript: inputs.typescript } });
}
