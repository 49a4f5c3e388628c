// How long a program waits before it can begin: the import, and the first call that needs libtorch.
import { fileURLToPath } from "node:url";
import { run } from "../scripts/setup/command.mjs";
import { environment } from "./peers.mjs";
import { median } from "./stats.mjs";

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

/**
 * @param {import("./peers.mjs").Arena} arena
 * @param {{ threads: number, rounds: number }} options
 */
export async function importTime({ python }, { threads, rounds }) {
  const starts = { sparring: [], pytorch: [] };
  for (let round = 0; round < rounds; round++) {
    const node = ["--input-type=module", "-e", ours];
    starts.sparring.push(await start(process.execPath, node, environment(threads)));
    const env = environment(threads, python.env);
    starts.pytorch.push(await start(python.python, ["-c", theirs], env));
  }
  return { sparring: medians(starts.sparring), pytorch: medians(starts.pytorch) };
}

async function start(program, parameters, env) {
  const { code, output, stdout } = await run(program, parameters, { cwd: root, env });
  if (code !== 0) throw new Error(`${program} failed: ${output.trim().split("\n").at(-1)}`);
  return JSON.parse(stdout);
}

function medians(starts) {
  const of = (key) => median(starts.map((one) => one[key]));
  return { importMs: of("importMs"), firstCallMs: of("firstCallMs") };
}
