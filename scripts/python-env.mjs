#!/usr/bin/env node
// The referee: a Python with the PyTorch of the libtorch in use, for tests and benchmarks. `node
// scripts/python-env.mjs` makes it where it is missing and prints its python.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheFolder } from "./setup/cache.mjs";
import { run } from "./setup/command.mjs";
import { withLock } from "./setup/lock.mjs";
import { createReport } from "./setup/report.mjs";
import { readStamp } from "./setup/stamp.mjs";
import { findProgram } from "./setup/tools.mjs";
import { pinned } from "./setup/versions.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const modules = join(root, "scripts/python");
const requirements = join(modules, "requirements.txt");
const index = "https://download.pytorch.org/whl/cpu";
// An index that does not answer is given up soon.
const patience = [
  "--retries",
  "1",
  "--timeout",
  "30",
  "--disable-pip-version-check",
  "--no-input",
  "--quiet",
];

/**
 * @typedef {object} PythonEnvironment
 * @property {string} python the program to start
 * @property {NodeJS.ProcessEnv} env what to start it with; scripts/python is on its module path
 */

/**
 * The Python environment of this checkout's libtorch, made on first use (a download of PyTorch,
 * half a minute or more).
 * @param {{ create?: boolean, report?: ReturnType<typeof createReport> }} [options] with `create`
 *   false only one that is there already counts
 * @returns {Promise<PythonEnvironment | null>} null where PyTorch cannot be had; the report says
 *   why
 */
export async function pythonEnvironment({ create = true, report = createReport() } = {}) {
  const system = findProgram("python3");
  if (!system) return refuse(report, "no python3 on the PATH");
  const { version, cuda } = readStamp(root)?.libtorch ?? { version: pinned, cuda: null };
  const folder = join(cacheFolder(), "python", fingerprint(version, cuda, system));
  const ready = readReady(folder);
  if (ready || !create) return ready;
  return withLock(folder, async () => {
    const brought = readReady(folder);
    if (brought) return brought;
    let problem = null;
    await report.step(`PyTorch ${version} for the tests that compare with it`, async () => {
      problem = await make(
        folder,
        system,
        cuda ? [`torch==${version}`] : [`torch==${version}+cpu`, `torch==${version}`],
      );
      return problem
        ? `PyTorch ${version} cannot be had`
        : `PyTorch ${version} installed for the tests`;
    });
    return problem ? refuse(report, problem) : readReady(folder);
  });
}

function refuse(report, problem) {
  report.note(`no PyTorch to compare with: ${problem}`);
  return null;
}

/** Everything that decides what an environment holds. */
function fingerprint(version, cuda, python) {
  const parts = [readFileSync(requirements, "utf8"), version, cuda ?? "cpu", realpathSync(python)];
  return createHash("sha256").update(parts.join("\0")).digest("hex").slice(0, 16);
}

/** The marker is written last: a folder without it is what an interrupted installation left. */
function readReady(folder) {
  const marker = join(folder, "ready.json");
  if (!existsSync(marker)) return null;
  const { python, packages } = JSON.parse(readFileSync(marker, "utf8"));
  // A virtual environment points to the system's python, which may have been upgraded away.
  if (!existsSync(python)) return null;
  const paths = [modules, packages, process.env.PYTHONPATH].filter(Boolean).join(":");
  return { python, env: { ...process.env, PYTHONPATH: paths, PYTHONDONTWRITEBYTECODE: "1" } };
}

/** Tries one torch requirement after the other. Returns why none worked, or null. */
async function make(folder, system, candidates) {
  let problem = null;
  for (const torch of candidates) {
    // Virtual environments cannot be moved, so there is no other name to make it under.
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const made = await install(folder, system, torch);
    if (!made.problem) {
      writeFileSync(join(folder, "ready.json"), JSON.stringify(made));
      return null;
    }
    problem = made.problem;
  }
  rmSync(folder, { recursive: true, force: true });
  return problem;
}

/**
 * Installs into a virtual environment, or a plain folder where the system's Python comes without
 * venv (Debian).
 */
async function install(folder, system, torch) {
  const packages = ["--extra-index-url", index, torch, "-r", requirements];
  const venv = join(folder, "venv");
  const { code } = await run(system, ["-m", "venv", venv]);
  const python = code === 0 ? join(venv, "bin/python") : system;
  const target = code === 0 ? null : join(folder, "packages");
  const where = target ? ["--target", target] : [];
  const pip = await run(python, ["-m", "pip", "install", ...patience, ...where, ...packages]);
  if (pip.code !== 0) return { problem: `pip install ${torch}: ${lastLine(pip.output)}` };
  const env = { ...process.env, ...(target && { PYTHONPATH: target }) };
  const works = await run(
    python,
    ["-c", "import torch, numpy, PIL, safetensors, scipy, sklearn, onnx, onnxruntime"],
    { env },
  );
  return works.code === 0 ? { python, packages: target } : { problem: lastLine(works.output) };
}

function lastLine(text) {
  return text.trim().split("\n").at(-1);
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const environment = await pythonEnvironment();
  if (environment) console.log(environment.python);
  else process.exitCode = 1;
}
