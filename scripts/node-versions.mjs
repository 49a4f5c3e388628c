#!/usr/bin/env node
// `npm run check:node`: the addon that is built here under the oldest Node that is promised, and
// the newest of each line since; under the last one once more with its permission model. Under each
// a tiny pair is trained and written to files, and all have to end with the same bits. A line for
// each; exit code 1 with a sentence where one fails. Node comes from npm's package `node`, and
// stays in its cache.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./setup/command.mjs";
import { permissionsFor, problemWith, versionsOf } from "./node-versions/verdict.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const child = fileURLToPath(new URL("node-versions/train.mjs", import.meta.url));
const readJson = (path) => JSON.parse(readFileSync(join(root, path), "utf8"));

/**
 * Under a version of Node: what it trained, or why it did not.
 *
 * @param {string[]} flags of Node
 * @param {string} folder where its files go
 */
async function train(version, flags, folder) {
  const node = ["node", ...flags, child, folder];
  const { code, output, stdout } = await run(
    "npm",
    ["exec", "--yes", `--package=node@${version}`, "--", ...node],
    { cwd: root },
  );
  const lines = output.trim().split("\n");
  const warning = lines.find((line) => /Warning: /.test(line));
  if (warning !== undefined) return { problem: `Node ${version} warns: ${warning}` };
  if (code === 0) return { trained: JSON.parse(stdout) };
  const reason = lines.find((line) => /^(\w*Error\b|npm error)/.test(line)) ?? lines.at(-1);
  return { problem: `Node ${version} does not train: ${reason}` };
}

const versions = versionsOf(readJson("package.json").engines.node);
const folder = mkdtempSync(join(tmpdir(), "sparring-nodes-"));
const { directory } = readJson("build/Release/build.json").libtorch;
const permissions = permissionsFor({ read: [root, directory, folder], write: [folder] });
const tries = [
  ...versions.map((version) => ({ version, flags: [], manner: "" })),
  { version: versions.at(-1), flags: permissions, manner: " under --permission" },
];
let first;
for (const { version, flags, manner } of tries) {
  const { trained, problem } = await train(version, flags, folder);
  const wrong = problem ?? problemWith(version, trained, first);
  if (wrong !== undefined) {
    console.log(`x  ${wrong}${manner}`);
    process.exitCode = 1;
    continue;
  }
  first ??= trained;
  const [ofD, ofG] = trained.losses.map((loss) => loss.toFixed(6));
  console.log(
    `ok Node ${trained.node}${manner}: ${trained.steps} steps, D loss ${ofD}, G loss ${ofG}, bits ${trained.bits}`,
  );
}
rmSync(folder, { recursive: true });
