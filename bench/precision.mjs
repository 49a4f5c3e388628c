// What bfloat16 makes of a step, beside float32 in both executions.
import { caseNamed } from "./cases.mjs";
import { playRounds } from "./contest.mjs";
import { startSparring } from "./peers.mjs";
import { median, pairedRatio } from "./stats.mjs";
import { digits, table, times } from "./text.mjs";

const names = ["article", "dcgan-32", "sngan-hinge-32"];
const contestants = [
  { execution: "eager" },
  { execution: "fused" },
  { execution: "fused", precision: "bfloat16" },
];

async function run(arena, { threads, quick, onProgress }) {
  const pace = { rounds: quick ? 3 : 5, turnSeconds: quick ? 0.3 : 1 };
  const rows = [];
  for (const one of names.map(caseNamed)) {
    const started = [];
    try {
      for (const options of contestants) {
        onProgress(`${one.title}: ${Object.values(options).join(", ")}`);
        started.push((await startSparring(arena, one, { threads, ...options })).contestant);
      }
      const turns = await playRounds(started, pace, (round) =>
        onProgress(`${one.title}: ${round}`),
      );
      const [eager, fused, bfloat16] = turns.map((turn) => turn.times);
      const [eagerMs, fusedMs, bfloat16Ms] = [eager, fused, bfloat16].map(
        (seconds) => 1000 * median(seconds),
      );
      const ratio = pairedRatio(fused, bfloat16);
      rows.push({ name: one.name, title: one.title, eagerMs, fusedMs, bfloat16Ms, ratio });
    } finally {
      await Promise.all(started.map((contestant) => contestant.close()));
    }
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
