// What bfloat16 makes of a step, beside float32 in both executions.
import { presetCases } from "./cases.mjs";
import { playSparring } from "./contest.mjs";
import { pairedRatio } from "./stats.mjs";
import { digits, table, times } from "./text.mjs";

/** What --quick takes: wide convolutions are slow on processors without bfloat16. */
const quickTitles = ["article", "mlp"];
const ways = [
  { execution: "eager" },
  { execution: "fused" },
  { execution: "fused", precision: "bfloat16" },
];

async function run(arena, options) {
  const rows = [];
  for (const one of presetCases) {
    if (options.quick && !quickTitles.includes(one.title)) continue;
    const { seconds, ms } = await playSparring(arena, one, ways, options);
    const [eagerMs, fusedMs, bfloat16Ms] = ms;
    const [, fused, bfloat16] = seconds;
    const ratio = pairedRatio(fused, bfloat16);
    rows.push({ name: one.name, title: one.title, eagerMs, fusedMs, bfloat16Ms, ratio });
  }
  return rows;
}

function describe(rows) {
  const cells = rows.map((row) => [
    row.title,
    ...[row.eagerMs, row.fusedMs, row.bfloat16Ms].map((value) => digits(value)),
    times(row.ratio),
  ]);
  const header = ["ms a step", "eager", "fused", "fused, bfloat16", "against fused"];
  return table(header, cells);
}

/** @type {import("./questions.mjs").Question} */
export const precision = { name: "precision", run, describe };
