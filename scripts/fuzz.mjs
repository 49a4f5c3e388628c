#!/usr/bin/env node
// `npm run test:fuzz`: every property of test/fuzz for ten minutes, and as long networks that
// nobody chose, from fresh seeds. Prints how many inputs each was tried with, and for one that
// fails the seed, the counterexample and the file in test/corpus/ that keeps it.
//   npm run test:fuzz -- 60             a minute for each
//   npm run test:fuzz -- 60 safetensors only the files of that name
//   npm run test:fuzz -- 60 networks    only networks: both executions against each other
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { coreTests } from "./setup/stamp.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const [seconds = "600", ...names] = process.argv.slice(2);
if (!(Number(seconds) > 0)) {
  console.error(
    `Expected a number of seconds above 0 for npm run test:fuzz but received ${seconds}`,
  );
  process.exit(2);
}
const environment = {
  OMP_WAIT_POLICY: "passive",
  ...process.env,
  SPARRING_FUZZ_SECONDS: seconds,
};

/** Resolves to its exit code. */
function show(program, parameters) {
  return new Promise((resolve) => {
    const child = spawn(program, parameters, { cwd: root, env: environment, stdio: "inherit" });
    child.on("error", () => resolve(1));
    child.on("close", (code) => resolve(code ?? 1));
  });
}

function fuzzNetworks() {
  const binary = join(root, coreTests);
  if (existsSync(binary)) return show(binary, ["-tc=*networks that were drawn*"]);
  console.error(
    `Expected the test binary of the core at ${binary} but received none; run: npm run setup -- --tests`,
  );
  return 1;
}

function fuzzFiles(files) {
  return show(process.execPath, ["node_modules/vitest/vitest.mjs", "run", ...files]);
}

const files = names.filter((name) => name !== "networks").map((name) => `test/fuzz/${name}`);
const codes = [];
if (names.length === 0 || files.length < names.length) codes.push(await fuzzNetworks());
if (names.length === 0) files.push("test/fuzz");
if (files.length > 0) codes.push(await fuzzFiles(files));
process.exitCode = Math.max(...codes);
