// Few images, or layers of few channels: where fused has little to gain, and may lose.
import { playSparring } from "./contest.mjs";
import { smallCases } from "./layer-cases.mjs";
import { pairedRatio } from "./stats.mjs";
import { digits, table, times } from "./text.mjs";

const ways = [{ execution: "eager" }, { execution: "fused" }];
/** What --quick takes. */
const quickCount = 2;

/** On one thread: such steps are too short for two. */
async function run(arena, options) {
  const rows = [];
  for (const one of options.quick ? smallCases.slice(0, quickCount) : smallCases) {
    const { seconds, ms } = await playSparring(arena, one, ways, { ...options, threads: 1 });
    const [eagerMs, fusedMs] = ms;
    const ratio = pairedRatio(...seconds);
    rows.push({ title: one.title, batch: one.batch, eagerMs, fusedMs, ratio });
  }
  return rows;
}

function describe(rows) {
  const cells = rows.map((row) => [
    row.title,
    String(row.batch),
    ...[row.eagerMs, row.fusedMs].map((value) => digits(value)),
    times(row.ratio),
  ]);
  const header = ["ms a step, one thread", "images", "eager", "fused", "times as fast"];
  return table(header, cells);
}

/** @type {import("./questions.mjs").Question} */
export const small = { name: "small", run, describe };
