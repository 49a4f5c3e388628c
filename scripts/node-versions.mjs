#!/usr/bin/env node
// `npm run check:node`: the addon that is built here under the oldest Node that is promised, and
// the newest of each line since. Under each a tiny pair is trained, and all have to end with the
// same bits. A line for each; exit code 1 with a sentence where one fails. Node comes from npm's
// package `node`, and stays in its cache.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { run } from "./setup/command.mjs";
import { problemWith, versionsOf } from "./node-versions/verdict.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const child = fileURLToPath(new URL("node-versions/train.mjs", import.meta.url));

/** Under a version of Node: what it trained, or why it did not. */
async function train(version) {
  const node = ["exec", "--yes", `--package=node@${version}`, "--", "node", child];
  const { code, output, stdout } = await run("npm", node, { cwd: root });
  const lines = output.trim().split("\n");
  const warning = lines.find((line) => /Warning: /.test(line));
  if (warning !== undefined) return { problem: `Node ${version} warns: ${warning}` };
  if (code === 0) return { trained: JSON.parse(stdout) };
  const reason = lines.find((line) => /^(\w*Error\b|npm error)/.test(line)) ?? lines.at(-1);
  return { problem: `Node ${version} does not train: ${reason}` };
}

const { engines } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
let first;
for (const version of versionsOf(engines.node)) {
  const { trained, problem } = await train(version);
  const wrong = problem ?? problemWith(version, trained, first);
  if (wrong !== undefined) {
    console.log(`x  ${wrong}`);
    process.exitCode = 1;
    continue;
  }
  first ??= trained;
  const [ofD, ofG] = trained.losses.map((loss) => loss.toFixed(6));
  console.log(
    `ok Node ${trained.node}: ${trained.steps} steps, D loss ${ofD}, G loss ${ofG}, bits ${trained.bits}`,
  );
}
