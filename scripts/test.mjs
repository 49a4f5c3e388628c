#!/usr/bin/env node
// `npm test`: the test binary of the native core, then vitest for everything above it. Ends with
// one line of totals.
//   npm test -- test/images.test.ts     only these vitest files
//   npm test -- native                  only the core's tests; what follows goes to doctest (-tc="adam*")
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pythonEnvironment } from "./python-env.mjs";
import { coreTests } from "./setup/stamp.mjs";
import { add, coreTotals, describeTotals, none, vitestTotals } from "./test/totals.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
// Threads that spin while they wait make tests on a shared machine up to ten times slower.
const environment = { OMP_WAIT_POLICY: "passive", ...process.env };

/** Starts a program with its output shown as it comes; resolves to its output and exit code. */
function show(program, parameters, env) {
  return new Promise((resolve) => {
    const child = spawn(program, parameters, {
      cwd: root,
      env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (chunk) => {
      output += chunk;
      process.stdout.write(chunk);
    });
    child.on("error", (error) => resolve({ code: 1, output: error.message }));
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

async function runCore(parameters) {
  const binary = join(root, coreTests);
  if (!existsSync(binary)) {
    console.error(
      `Expected the test binary of the core at ${binary} but received none; run: npm run setup -- --tests`,
    );
    return { ...none, failed: 1 };
  }
  return coreTotals(await show(binary, parameters, environment));
}

async function runVitest(parameters) {
  const folder = mkdtempSync(join(tmpdir(), "sparring-test-"));
  const report = join(folder, "report.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  try {
    // Made here, once and with its line, rather than in the first test that asks for it.
    await pythonEnvironment();
    const { code } = await show(process.execPath, [vitest, "run", ...reporters, ...parameters], {
      ...environment,
      // vitest's own colours survive the pipe.
      ...(process.stdout.isTTY && !process.env.NO_COLOR && { FORCE_COLOR: "1" }),
    });
    return vitestTotals(existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : null, code);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Whether an argument names test files; anything else (a flag, a flag's value) narrows nothing by
 * itself.
 */
function namesFiles(argument) {
  return (
    !argument.startsWith("-") &&
    (/[/]|\.ts$/.test(argument) || existsSync(join(root, "test", argument)))
  );
}

async function main(parameters) {
  const onlyCore = parameters[0] === "native";
  let totals = none;
  if (onlyCore || !parameters.some(namesFiles))
    totals = add(totals, await runCore(onlyCore ? parameters.slice(1) : []));
  if (!onlyCore) totals = add(totals, await runVitest(parameters));
  console.log(describeTotals(totals));
  return totals.failed === 0 && totals.passed > 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
