// What fused makes of samples, beside eager: one, as a server draws it, and many.
import { Generator, setThreads } from "sparring";
import { presets } from "../dist/presets.js";
import { roundsOf } from "./rounds.mjs";
import { median, pairedRatio } from "./stats.mjs";
import { digits, table, times } from "./text.mjs";

/** Those with convolutions that differ: to linear layers it makes no difference. */
const names = ["article", "acgan", "dcgan", "sngan-hinge", "r3gan"];
const counts = [1, 64, 512];
const executions = ["eager", "fused"];

async function run(_arena, options) {
  const { threads, quick, onProgress } = options;
  const rounds = roundsOf(options, 5);
  await setThreads(threads);
  const rows = [];
  for (const name of quick ? names.slice(0, 2) : names) {
    const { pair, size } = presets[name];
    const generator = new Generator(pair({ image: [1, size.default, size.default] }).generator);
    for (const count of quick ? counts.slice(0, 2) : counts) {
      onProgress(`${count} of ${name}`);
      rows.push({ name, count, ...(await compare(generator, count, rounds)) });
    }
    generator.dispose();
  }
  return rows;
}

/** Both in turn, after one of each that does not count. */
async function compare(generator, count, rounds) {
  const turns = executions.map(() => []);
  for (let round = -1; round < rounds; ++round) {
    for (const [i, execution] of executions.entries()) {
      const taken = await milliseconds(generator, count, execution);
      if (round >= 0) turns[i].push(taken);
    }
  }
  const [eagerMs, fusedMs] = turns.map(median);
  return { eagerMs, fusedMs, ratio: pairedRatio(...turns) };
}

/** What one call takes, of so many that a tenth of a second is over. */
async function milliseconds(generator, count, execution) {
  const begin = performance.now();
  let calls = 0;
  let taken = 0;
  do {
    await generator.sample(count, { seed: calls++, execution });
    taken = performance.now() - begin;
  } while (taken < 100);
  return taken / calls;
}

function describe(rows) {
  const cells = rows.map(({ name, count, eagerMs, fusedMs, ratio }) => [
    name,
    String(count),
    digits(eagerMs),
    digits(fusedMs),
    times(ratio),
  ]);
  return table(["ms a call of sample()", "samples", "eager", "fused", "times as fast"], cells);
}

/** @type {import("./questions.mjs").Question} */
export const samples = { name: "samples", run, describe };
