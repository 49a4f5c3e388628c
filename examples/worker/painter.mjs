// The thread that draws for server.mjs. It has an engine of its own: nothing else in the program waits for it.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { Generator } from "sparring";

const checkpoints = join(workerData.run, "checkpoints");

/** The newest checkpoint: each is named after its step, and gets its name once it is complete. */
async function newest() {
  const names = (await readdir(checkpoints)).filter((name) => /^\d{6,}$/.test(name));
  return names.sort((a, b) => Number(a) - Number(b)).at(-1);
}

/** @param {string} name of a checkpoint */
async function load(name) {
  return { name, step: Number(name), generator: await Generator.load(join(checkpoints, name)) };
}

const first = await newest().catch(() => undefined);
if (first === undefined)
  throw new Error(`Expected a run with checkpoints but received ${workerData.run}`);
let current = await load(first);

/** Switches to newer checkpoints. Drawings under way finish with the old one. */
async function follow() {
  for (let tried = current.name; ; await sleep(1000)) {
    const name = (await newest().catch(() => undefined)) ?? tried;
    if (name === tried) continue;
    tried = name;
    try {
      current = await load(name);
      console.log(`draws with step ${current.step}`);
    } catch (error) {
      console.error(`stays at step ${current.step}: ${error}`);
    }
  }
}

/**
 * A whole number of a query. Number() would make NaN of a word, and 0 of nothing.
 *
 * @param {string} text @param {string} name
 */
function wholeNumber(text, name) {
  if (/^-?\d+$/.test(text)) return Number(text);
  throw new RangeError(`Expected a whole number for ${name} but received ${text || "nothing"}`);
}

/** @param {Record<string, string>} query @param {AbortSignal} signal */
async function draw({ count = "1", label, seed, ...others }, signal) {
  const { generator, step } = current;
  for (const name of Object.keys(others))
    throw new RangeError(`Expected count, label or seed for a parameter but received ${name}`);
  const asked = wholeNumber(count, "count");
  if (asked > 1024) throw new RangeError(`Expected at most 1024 for count but received ${count}`);
  const samples = await generator.sample(asked, {
    ...(label !== undefined && { labels: wholeNumber(label, "label") }),
    ...(seed !== undefined && { seed: wholeNumber(seed, "seed") }),
    execution: "fused",
    signal,
  });
  const body = await samples.toPng({
    columns: Math.ceil(Math.sqrt(samples.count)),
    range: generator.range,
  });
  return { status: 200, body, step };
}

/**
 * Bad arguments are reported to the client; any other error is the server's own, unless the client went away.
 *
 * @param {unknown} error @param {AbortSignal} signal
 */
function explain(error, signal) {
  const isMisuse = error instanceof TypeError || error instanceof RangeError;
  if (isMisuse && error.message.startsWith("Expected"))
    return { status: 400, body: `${error.message}\n`, step: current.step };
  console.error(signal.aborted ? "a client went away" : error);
  return { status: 500, body: "It could not be drawn\n", step: current.step };
}

/** Drawings under way, by the number of the request. @type {Map<number, AbortController>} */
const drawing = new Map();

parentPort?.on("message", async ({ id, query }) => {
  if (query === undefined) return drawing.get(id)?.abort(); // the client went away
  const controller = new AbortController();
  drawing.set(id, controller);
  const answer = await draw(query, controller.signal).catch((error) =>
    explain(error, controller.signal),
  );
  drawing.delete(id);
  parentPort?.postMessage({ id, ...answer });
});
parentPort?.postMessage("ready");
await follow();
