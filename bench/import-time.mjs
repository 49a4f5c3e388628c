// How long a program waits before it can begin: the import, and the first call that needs libtorch.
import { fileURLToPath } from "node:url";
import { environment } from "./peers.mjs";
import { answerOf } from "./process.mjs";
import { roundsOf } from "./rounds.mjs";
import { median } from "./stats.mjs";
import { digits, table } from "./text.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

const ours = `
const begin = performance.now();
const sparring = await import("sparring");
const imported = performance.now();
await sparring.threads();
console.log(JSON.stringify({ importMs: imported - begin, firstCallMs: performance.now() - imported }));`;

const theirs = `
import json, time
begin = time.perf_counter()
import torch
imported = time.perf_counter()
torch.zeros(1)
print(json.dumps({"importMs": 1000 * (imported - begin), "firstCallMs": 1000 * (time.perf_counter() - imported)}))`;

async function run({ python }, options) {
  const { threads } = options;
  const starts = { sparring: [], pytorch: [] };
  for (let round = 0; round < roundsOf(options); round++) {
    const node = [process.execPath, "--input-type=module", "-e", ours];
    starts.sparring.push(await start(node, environment(threads)));
    const env = environment(threads, python.env);
    starts.pytorch.push(await start([python.python, "-c", theirs], env));
  }
  return { sparring: medians(starts.sparring), pytorch: medians(starts.pytorch) };
}

function start(command, env) {
  return answerOf(command[0], command, { cwd: root, env });
}

function medians(starts) {
  const of = (key) => median(starts.map((one) => one[key]));
  return { importMs: of("importMs"), firstCallMs: of("firstCallMs") };
}

function describe({ sparring, pytorch }) {
  const row = (name, { importMs, firstCallMs }) => [name, digits(importMs), digits(firstCallMs)];
  const rows = [row("Sparring", sparring), row("PyTorch", pytorch)];
  return table(["ms", "import", "first native call"], rows);
}

/** @type {import("./questions.mjs").Question} */
export const importTime = { name: "import", run, describe };
