#!/usr/bin/env node
// `npm test`: the test binary of the native core, then vitest for everything above it. Ends with
// one line of totals.
//   npm test -- test/images.test.ts     only these vitest files
//   npm test -- native                  only the core's tests; what follows goes to doctest (-tc="adam*")
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pythonEnvironment } from "./python-env.mjs";
import { runCore } from "./test/core.mjs";
import { environment, root, runProgram } from "./test/program.mjs";
import { add, describeTotals, none, vitestTotals } from "./test/totals.mjs";

async function runVitest(parameters) {
  const folder = mkdtempSync(join(tmpdir(), "sparring-test-"));
  const report = join(folder, "report.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  try {
    const { code } = await runProgram(
      process.execPath,
      [vitest, "run", ...reporters, ...parameters],
      {
        env: {
          ...environment,
          // vitest's own colours survive the pipe.
          ...(process.stdout.isTTY && !process.env.NO_COLOR && { FORCE_COLOR: "1" }),
        },
        show: (text) => process.stdout.write(text),
      },
    );
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
  const wantsCore = onlyCore || !parameters.some(namesFiles);
  const [core] = await Promise.all([
    wantsCore ? runCore(onlyCore ? parameters.slice(1) : []) : none,
    // Made here, once and with its line, rather than in the first test that asks for it.
    onlyCore ? null : pythonEnvironment(),
  ]);
  const totals = onlyCore ? core : add(core, await runVitest(parameters));
  console.log(describeTotals(totals));
  return totals.failed === 0 && totals.passed > 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
