// What fused makes of each preset, beside eager.
import { presetCases } from "./cases.mjs";
import { playSparring } from "./contest.mjs";
import { pairedRatio } from "./stats.mjs";
import { digits, table, times } from "./text.mjs";

const ways = [{ execution: "eager" }, { execution: "fused" }];
/** Of so many presets --quick takes one. */
const quickShare = 4;

async function run(arena, options) {
  const rows = [];
  for (const [i, one] of presetCases.entries()) {
    if (options.quick && i % quickShare > 0) continue;
    const { seconds, ms } = await playSparring(arena, one, ways, options);
    const [eagerMs, fusedMs] = ms;
    const { title, batch } = one;
    rows.push({
      title,
      side: one.data.size,
      batch,
      eagerMs,
      fusedMs,
      ratio: pairedRatio(...seconds),
    });
  }
  return rows;
}

function describe(rows) {
  const cells = rows.map(({ title, side, batch, eagerMs, fusedMs, ratio }) => [
    title,
    `${batch} of ${side}×${side}`,
    digits(eagerMs),
    digits(fusedMs),
    times(ratio),
  ]);
  return table(["ms a step", "images", "eager", "fused", "times as fast"], cells);
}

/** @type {import("./questions.mjs").Question} */
export const presets = { name: "presets", run, describe };
