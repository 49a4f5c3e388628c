// How the ratio to PyTorch eager changes with the batch and with the number of threads.
import { caseNamed } from "./cases.mjs";
import { playRounds } from "./contest.mjs";
import { startPytorch, startSparring } from "./peers.mjs";
import { roundsOf } from "./rounds.mjs";
import { median, pairedRatio } from "./stats.mjs";
import { digits, table, times } from "./text.mjs";

const batches = [16, 64, 256, 512];
const names = ["article", "mlp"];

async function run(arena, options) {
  const { threads: most, onProgress } = options;
  const pace = { rounds: roundsOf(options, 3), turnSeconds: 0.5 };
  const rows = [];
  for (const name of names)
    for (const threads of threadCounts(most))
      for (const batch of batches) {
        onProgress(`${name}: ${threads} of ${most} threads, batch ${batch}`);
        const figures = await measure(arena, name, { threads, batch }, pace);
        rows.push({ name, threads, batch, ...figures });
      }
  return rows;
}

/** 1, 2, 4, ... and the most. */
export function threadCounts(most) {
  const powers = Array.from({ length: 11 }, (_, power) => 2 ** power);
  return [...powers.filter((count) => count < most), most];
}

async function measure(arena, name, options, pace) {
  const one = caseNamed(name);
  const started = [await startSparring(arena, one, { ...options, execution: "fused" })];
  try {
    started.push(await startPytorch(arena, one, { ...options, mode: "eager" }));
    const contestants = started.map(({ contestant }) => contestant);
    const [fused, eager] = await playRounds(contestants, pace);
    return {
      sparringFusedMs: 1000 * median(fused.times),
      pytorchEagerMs: 1000 * median(eager.times),
      ratioEager: pairedRatio(eager.times, fused.times),
    };
  } finally {
    await Promise.all(started.map(({ contestant }) => contestant.close()));
  }
}

function describe(rows) {
  const cells = rows.map((row) => [
    row.name,
    ...[row.threads, row.batch].map(String),
    digits(row.sparringFusedMs),
    digits(row.pytorchEagerMs),
    times(row.ratioEager),
  ]);
  const header = ["", "threads", "batch", "fused ms", "PyTorch eager ms", "ratio"];
  return table(header, cells);
}

/** @type {import("./questions.mjs").Question} */
export const scaling = { name: "scaling", run, describe };
