#!/usr/bin/env node
// `npm run bench` and `sparring bench`: Sparring against PyTorch, the same networks, data and
// libtorch, in turn. --help lists what it can be asked.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pythonEnvironment } from "../scripts/python-env.mjs";
import { run } from "../scripts/setup/command.mjs";
import { SetupError, UsageError } from "../scripts/setup/errors.mjs";
import { createReport } from "../scripts/setup/report.mjs";
import { readStamp } from "../scripts/setup/stamp.mjs";
import { version } from "../dist/version.js";
import { caseNamed, caseNames } from "./cases.mjs";
import { killAll } from "./contestant.mjs";
import { runCase } from "./contest.mjs";
import { DataFiles } from "./data.mjs";
import { busyNote, describeMachine } from "./machine.mjs";
import { parseOptions } from "./options.mjs";
import { checkFiles, writeFiles } from "./output.mjs";
import { questions } from "./questions.mjs";
import { describe } from "./report.mjs";
import { roundsOf } from "./rounds.mjs";
import { geometricMean } from "./stats.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
/** What the user called it by. */
const name = process.env.SPARRING_BENCH ?? "npm run bench";
const paces = {
  quick: { turnSeconds: 0.3, trialSeconds: 0.3 },
  full: { turnSeconds: 1.5, trialSeconds: 2 },
};

async function main(argv) {
  const options = parseOptions(argv, caseNames, name);
  if ("help" in options) {
    process.stdout.write(options.help);
    return;
  }
  await checkFiles(options);
  const report = createReport();
  const machine = describeMachine();
  const python = await findPython(report);
  const torch = await checkTorch(python);
  const busy = busyNote();
  if (busy) report.note(busy);
  const result = await inScratch(async (folder) => {
    const arena = { python, files: new DataFiles(folder) };
    const cases = await runCases(arena, options, report);
    const extras = await ask(arena, options, report);
    return summarise({ argv, options, machine, torch, cases, extras });
  });
  console.log(describe(result));
  await writeFiles(options, result);
}

async function findPython(report) {
  const python = await pythonEnvironment({ report });
  if (python) return python;
  throw new SetupError(`Expected PyTorch of libtorch's version for ${name} but received none`);
}

/** A comparison of two libtorches would say nothing about ours. */
async function checkTorch({ python, env }) {
  const program = "import torch; print(torch.__version__, torch.backends.cpu.get_cpu_capability())";
  const { code, output, stdout } = await run(python, ["-c", program], { env });
  if (code !== 0) throw new SetupError(`PyTorch cannot be imported: ${output.trim()}`);
  const [torch, kernels] = stdout.trim().split(" ");
  const { version: libtorch } = readStamp(root).libtorch;
  if (torch.split("+")[0] === libtorch) return { version: torch, kernels };
  throw new SetupError(`Expected version ${libtorch} for PyTorch but received ${torch}`);
}

/** A folder that goes when the work is done, also when a signal ends it. */
async function inScratch(work) {
  let folder;
  const remove = () => folder && rmSync(folder, { recursive: true, force: true });
  const stop = (code) => () => {
    killAll();
    remove();
    process.exit(code);
  };
  const handlers = { SIGINT: stop(130), SIGTERM: stop(143) };
  // Listened to before there is a folder: a signal right after it would leave it there.
  for (const [signal, handler] of Object.entries(handlers)) process.once(signal, handler);
  try {
    folder = mkdtempSync(join(tmpdir(), "sparring-bench-"));
    return await work(folder);
  } finally {
    for (const [signal, handler] of Object.entries(handlers)) process.off(signal, handler);
    killAll();
    remove();
  }
}

async function runCases(arena, options, report) {
  const { only, cases, threads, quick, compile } = options;
  const results = [];
  if (!only.includes("cases")) return results;
  const pace = { rounds: roundsOf(options), ...(quick ? paces.quick : paces.full) };
  for (const one of cases.map(caseNamed)) {
    await report.step(`${one.name}: ${one.title}`, async (detail) => {
      const result = await runCase(arena, one, {
        threads,
        pace,
        quick,
        compile,
        onProgress: detail,
      });
      results.push(result);
      return `${one.name}: ${result.ratioEager.toFixed(2)} times as fast as PyTorch eager`;
    });
  }
  return results;
}

/** The other questions. */
async function ask(arena, { only, threads, rounds, quick }, report) {
  const extras = {};
  for (const { name, run } of questions.filter(({ name }) => only.includes(name)))
    await report.step(name, async (onProgress) => {
      extras[name] = await run(arena, { threads, rounds, quick, onProgress });
    });
  return extras;
}

function summarise({ argv, options, machine, torch, cases, extras }) {
  const { threads, quick, compile } = options;
  const mean = (key) => (cases.length > 0 ? geometricMean(cases.map((one) => one[key])) : null);
  const { libtorch } = readStamp(root);
  return {
    machine: { ...machine, kernels: torch.kernels },
    versions: {
      sparring: version(),
      node: process.versions.node,
      libtorch: libtorch.version,
      torch: torch.version,
    },
    threads,
    rounds: roundsOf(options),
    quick,
    compile,
    date: new Date().toISOString(),
    command: repeat(argv),
    gemmGflops: cases.length > 0 ? Math.max(...cases.map((one) => one.ceiling.gemmGflops)) : null,
    geomean: { ratioEager: mean("ratioEager"), ratioCompile: mean("ratioCompile") },
    cases,
    extras,
  };
}

/** The line that asks for the same again. */
function repeat(argv) {
  const separator = name.startsWith("npm") && argv.length > 0 ? ["--"] : [];
  return [name, ...separator, ...argv].join(" ");
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof UsageError) process.exitCode = 2;
  else process.exitCode = 1;
  console.error(error instanceof SetupError ? error.message : error);
}
