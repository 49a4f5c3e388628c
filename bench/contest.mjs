// One case: all contestants in turn, several rounds.
import { contestantNames, startPytorch, startSparring } from "./peers.mjs";
import { roundsOf } from "./rounds.mjs";
import { median, pairedRatio } from "./stats.mjs";

/**
 * Before its time counts, a contestant trains this long: caches have been taken from it while the
 * others had their turn, and virtual machines may have given its memory back to their host. The
 * first step after seconds of sleep took up to three times as long.
 */
const wakeSeconds = 0.3;

/**
 * @typedef {object} Pace
 * @property {number} rounds
 * @property {number} turnSeconds how long a turn is to take; one step is the least
 * @property {number} trialSeconds how long each of PyTorch's modes is tried
 */

/**
 * Runs a case.
 * @param {import("./peers.mjs").Arena} arena
 * @param {import("./cases.mjs").Case} one
 * @param {{ threads: number, pace: Pace, quick: boolean, compile: boolean, onProgress: (what:
 *   string) => void }} options
 */
export async function runCase(arena, one, options) {
  const threads = one.threads ?? options.threads;
  const started = [];
  try {
    for (const start of starters(arena, one, { ...options, threads })) {
      options.onProgress(`starting ${contestantNames[started.length]}`);
      started.push(await start());
    }
    const turns = await playRounds(
      started.map(({ contestant }) => contestant),
      options.pace,
      options.onProgress,
    );
    options.onProgress("measuring the ceiling");
    const measured = await started[2].contestant.ask({ measure: true });
    return {
      name: one.name,
      title: one.title,
      threads,
      ...summarise(one, started, turns, measured),
    };
  } finally {
    await Promise.all(started.map(({ contestant }) => contestant.close()));
  }
}

/** In the order of contestantNames. */
function starters(arena, one, { threads, pace, quick, compile, onProgress }) {
  const { trialSeconds } = pace;
  const best = { mode: "best", threads, quick, compile, trialSeconds };
  const onMode = (mode) => onProgress(`PyTorch tries ${mode}`);
  return [
    () => startSparring(arena, one, { execution: "fused", threads }),
    () => startSparring(arena, one, { execution: "eager", threads }),
    () => startPytorch(arena, one, { mode: "eager", threads }),
    () => startPytorch(arena, one, { ...best, onProgress: onMode }),
  ];
}

/**
 * A case by Sparring alone, once as each of these options says.
 * @param {import("./peers.mjs").Arena} arena
 * @param {import("./cases.mjs").Case} one
 * @param {object[]} ways what startSparring() takes beside the number of threads
 * @param {{ threads: number, rounds?: number, quick: boolean, onProgress: (what: string) => void }}
 *   options
 * @returns {Promise<{ seconds: number[][], ms: number[] }>} of each way: seconds a step of each round,
 *   and milliseconds of the median one
 */
export async function playSparring(arena, one, ways, options) {
  const { threads, quick, onProgress } = options;
  const pace = { rounds: roundsOf(options, 5), turnSeconds: quick ? 0.3 : 1 };
  const tell = (what) => onProgress(`${one.title}: ${what}`);
  const started = [];
  try {
    for (const way of ways) {
      tell(Object.values(way).join(", "));
      started.push((await startSparring(arena, one, { threads, ...way })).contestant);
    }
    const turns = await playRounds(started, pace, tell);
    const seconds = turns.map(({ times }) => times);
    return { seconds, ms: seconds.map((one) => 1000 * median(one)) };
  } finally {
    await Promise.all(started.map((contestant) => contestant.close()));
  }
}

/**
 * A B C D, A B C D, ... so that whatever the machine does meanwhile, it does to all of them.
 * @param {import("./contestant.mjs").Contestant[]} contestants
 * @param {Pace} pace
 * @param {(what: string) => void} onProgress
 * @returns {Promise<{ steps: number, times: number[], last: import("./contestant.mjs").Turn }[]>}
 *   for each contestant: steps a turn, seconds a step of each round, and its last turn
 */
export async function playRounds(contestants, { rounds, turnSeconds }, onProgress = () => {}) {
  const results = [];
  for (const contestant of contestants) {
    const stepsIn = await warmUp(contestant, turnSeconds);
    const [awake, steps] = [wakeSeconds, turnSeconds].map(stepsIn);
    results.push({ contestant, awake, steps, times: [], last: undefined });
  }
  for (let round = 1; round <= rounds; round++) {
    onProgress(`round ${round} of ${rounds}`);
    for (const result of results) {
      await result.contestant.run(result.awake);
      result.last = await result.contestant.run(result.steps);
      result.times.push(result.last.seconds / result.steps);
    }
  }
  return results.map(({ steps, times, last }) => ({ steps, times, last }));
}

/**
 * The first steps allocate and compile. Returns how many steps fill a time; one is the least.
 * @returns {Promise<(seconds: number) => number>}
 */
async function warmUp(contestant, turnSeconds) {
  const pace = async (steps) => {
    const { seconds } = await contestant.run(steps);
    return (wanted) => Math.max(1, Math.round((wanted * steps) / seconds));
  };
  await contestant.run(1);
  const guess = await pace(1);
  // A guess from one step of a millisecond is a bad one.
  const steps = guess(turnSeconds);
  return steps > 5 ? pace(steps) : guess;
}

function summarise(one, started, turns, { flops, ceiling }) {
  const contestants = Object.fromEntries(
    contestantNames.map((name, i) => [name, describeTurns(turns[i])]),
  );
  const [fused, , eager, best] = turns.map(({ times }) => times);
  const { mode, modes } = started[3].facts;
  const share = ({ msPerStep }) => flops / (msPerStep * 1e6) / Math.max(...Object.values(ceiling));
  return {
    batch: one.batch,
    ratioEager: pairedRatio(eager, fused),
    ratioCompile: pairedRatio(best, fused),
    target: one.target,
    bestMode: mode,
    modes,
    flops,
    ceiling,
    share: Object.fromEntries(
      Object.entries(contestants).map(([name, figures]) => [name, share(figures)]),
    ),
    contestants,
  };
}

function describeTurns({ steps, times, last }) {
  const milliseconds = times.map((seconds) => seconds * 1000);
  return {
    msPerStep: median(milliseconds),
    rounds: milliseconds,
    stepsPerTurn: steps,
    peakMb: last.peakMb,
    losses: last.losses,
  };
}
