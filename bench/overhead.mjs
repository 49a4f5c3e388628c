// What JavaScript costs a step: a tick after every step against one after a thousand, on the toy,
// whose steps are so short that nothing hides it.
import { caseNamed } from "./cases.mjs";
import { startSparring } from "./peers.mjs";
import { roundsOf } from "./rounds.mjs";
import { median } from "./stats.mjs";
import { digits } from "./text.mjs";

const steps = 1000;

async function run(arena, options) {
  const { contestant } = await startSparring(arena, caseNamed("toy"), {
    execution: "fused",
    threads: 1,
  });
  try {
    await contestant.run(steps);
    const turns = [];
    for (let round = 0; round < roundsOf(options); round++)
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

/** What one step takes. */
async function microseconds(contestant, tickEvery) {
  const { seconds } = await contestant.run(steps, { tickEvery });
  return (seconds / steps) * 1e6;
}

function describe({ tickEvery1Us, tickEvery1000Us, tickUs }) {
  return (
    `JavaScript: a tick costs ${digits(tickUs)} µs (toy: ${digits(tickEvery1Us)} µs a step with a tick each, ` +
    `${digits(tickEvery1000Us)} µs with one every 1000)`
  );
}

/** @type {import("./questions.mjs").Question} */
export const overhead = { name: "overhead", run, describe };
