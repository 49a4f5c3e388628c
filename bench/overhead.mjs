// What JavaScript costs a step: a tick after every step against one after a thousand, on the toy,
// whose steps are so short that nothing hides it.
import { caseNamed } from "./cases.mjs";
import { startSparring } from "./peers.mjs";
import { median } from "./stats.mjs";

const steps = 1000;

/**
 * @param {import("./peers.mjs").Arena} arena
 * @param {{ rounds: number }} options
 */
export async function overhead(arena, { rounds }) {
  const { contestant } = await startSparring(arena, caseNamed("toy"), {
    execution: "fused",
    threads: 1,
  });
  try {
    await contestant.run(steps);
    const turns = [];
    for (let round = 0; round < rounds; round++)
      turns.push({
        every1: await microseconds(contestant, 1),
        every1000: await microseconds(contestant, steps),
      });
    return {
      tickEvery1Us: median(turns.map(({ every1 }) => every1)),
      tickEvery1000Us: median(turns.map(({ every1000 }) => every1000)),
      tickUs: median(turns.map(({ every1, every1000 }) => every1 - every1000)),
    };
  } finally {
    await contestant.close();
  }
}

/** Of one step. */
async function microseconds(contestant, tickEvery) {
  const { seconds } = await contestant.run(steps, { tickEvery });
  return (seconds / steps) * 1e6;
}
