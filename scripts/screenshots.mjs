#!/usr/bin/env node
// `npm run screenshots -- FOLDER`: the pictures of docs/dashboard.md, of a folder's newest runs.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const [folder = "runs"] = process.argv.slice(2);
if (!existsSync(folder)) {
  console.error(
    `Expected a folder of runs for the pictures but received ${JSON.stringify(folder)}`,
  );
  process.exit(2);
}
const { status } = spawnSync(
  process.execPath,
  [join(root, "node_modules/vitest/vitest.mjs"), "run", "test/dashboard/screenshots.test.ts"],
  {
    cwd: root,
    env: { ...process.env, SPARRING_SCREENSHOTS: resolve(folder) },
    stdio: "inherit",
  },
);
process.exitCode = status ?? 1;
