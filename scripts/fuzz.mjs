#!/usr/bin/env node
// `npm run test:fuzz`: every property of test/fuzz for ten minutes, from fresh seeds. Prints how many inputs each was
// tried with, and for one that fails the seed, the counterexample and the file in test/corpus/ that keeps it.
//   npm run test:fuzz -- 60             a minute for each
//   npm run test:fuzz -- 60 safetensors only the files of that name
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const [seconds = "600", ...names] = process.argv.slice(2);
if (!(Number(seconds) > 0)) {
  console.error(
    `Expected a number of seconds above 0 for npm run test:fuzz but received ${seconds}`,
  );
  process.exit(2);
}
const files = names.length === 0 ? ["test/fuzz"] : names.map((name) => `test/fuzz/${name}`);
const child = spawn(process.execPath, ["node_modules/vitest/vitest.mjs", "run", ...files], {
  cwd: root,
  env: { OMP_WAIT_POLICY: "passive", ...process.env, SPARRING_FUZZ_SECONDS: seconds },
  stdio: "inherit",
});
child.on("close", (code) => {
  process.exitCode = code ?? 1;
});
