// What single calls of ours take beside libtorch's for the same values, and how each of them
// rounds: what the rules of the rewrites rest on.
import { fileURLToPath } from "node:url";
import { setThreads } from "sparring";
import { addon } from "../dist/addon.js";
import { answerOf } from "./process.mjs";
import { roundsOf } from "./rounds.mjs";
import { median, pairedRatio } from "./stats.mjs";
import { digits, table, times } from "./text.mjs";

const script = fileURLToPath(import.meta.url);
/** What --quick takes of each group. */
const quickCount = 2;
/** Of a turn, at least: short calls are repeated. */
const seconds = 0.02;

/** @typedef {import("../dist/native.js").NativeContest & { place: number }} Contest */

/** Measures in a process of its own, as the number of threads is one of a process. */
async function run(_arena, options) {
  const { threads, quick, onProgress } = options;
  const rows = [];
  for (const [group, contests] of groups()) {
    onProgress(group);
    const places = (quick ? contests.slice(0, quickCount) : contests).map(({ place }) => place);
    const parameters = [threads, roundsOf(options), ...places].map(String);
    rows.push(...(await answerOf("kernels", [process.execPath, script, ...parameters])));
  }
  return { threads, rows };
}

/** @returns {Map<string, Contest[]>} */
function groups() {
  const all = addon()
    .contests()
    .map((one, place) => ({ ...one, place }));
  return new Map(
    [...new Set(all.map(({ group }) => group))].map((name) => [
      name,
      all.filter(({ group }) => group === name),
    ]),
  );
}

/** @param {readonly number[]} places */
async function measure(threads, rounds, places) {
  await setThreads(threads);
  const contests = addon().contests();
  const rows = [];
  for (const place of places) {
    const { ours, theirs, ...errors } = await addon().holdContest(place, rounds, seconds);
    rows.push({
      ...contests[place],
      ourMs: 1000 * median(ours),
      theirMs: 1000 * median(theirs),
      ratio: pairedRatio(theirs, ours),
      ...errors,
    });
  }
  return rows;
}

function describe({ threads, rows }) {
  const header = [
    `64 images or rows, ${threads} threads`,
    ...["ms", "libtorch's", "times as fast", "GFLOP/s", "libtorch's", "error", "libtorch's"],
  ];
  const cells = rows.map((row) => [
    `${row.group}: ${row.name}`,
    digits(row.ourMs),
    digits(row.theirMs),
    times(row.ratio),
    ...[row.ourMs, row.theirMs].map((ms) => digits(row.flops / ms / 1e6)),
    ...[row.ourError, row.theirError].map((error) => error.toExponential(1)),
  ]);
  return table(header, cells);
}

/** @type {import("./questions.mjs").Question} */
export const kernels = { name: "kernels", run, describe };

if (process.argv[1] === script) {
  const [threads, rounds, ...places] = process.argv.slice(2).map(Number);
  console.log(JSON.stringify(await measure(threads, rounds, places)));
}
