// The test binary of the native core. Most of its tests keep one core busy: as many processes as
// there are cores share them.
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { coreTests } from "../setup/stamp.mjs";
import { root, runProgram } from "./program.mjs";
import { add, coreTotals, none, shareTotals } from "./totals.mjs";

// Few enough that no process has all of the long ones, many enough that starting libtorch costs little.
const testsOfShare = 4;

const binary = join(root, coreTests);
const show = (text) => process.stdout.write(text);

/**
 * @param {readonly string[]} parameters for doctest
 * @returns {Promise<import("./totals.mjs").Totals>}
 */
export async function runCore(parameters) {
  if (!existsSync(binary)) {
    console.error(
      `Expected the test binary of the core at ${binary} but received none; run: npm run setup -- --tests`,
    );
    return { ...none, failed: 1 };
  }
  // Whoever asks for something of doctest's wants its one answer.
  if (parameters.length > 0) return coreTotals(await runProgram(binary, parameters, { show }));
  return sumOf(sharesOf(await countTests()), runShare);
}

async function countTests() {
  const { output } = await runProgram(binary, ["--count", "--no-colors"]);
  const found = /test cases passing the current filters: (\d+)/.exec(output);
  if (!found) throw new Error(`Expected doctest's count of tests but received ${output}`);
  return Number(found[1]);
}

/** Ranges of tests from 1 to `count`, both ends in it. */
export function sharesOf(count, size = testsOfShare) {
  return Array.from({ length: Math.ceil(count / size) }, (_, i) => ({
    first: i * size + 1,
    last: Math.min(count, (i + 1) * size),
  }));
}

/**
 * The totals of all shares, of which so many run at a time.
 * @template Share
 * @param {readonly Share[]} shares
 * @param {(share: Share) => Promise<import("./totals.mjs").Totals>} run
 */
export async function sumOf(shares, run, atATime = availableParallelism()) {
  const left = [...shares];
  const found = [];
  const work = async () => {
    for (let share = left.shift(); share; share = left.shift()) found.push(await run(share));
  };
  await Promise.all(Array.from({ length: atATime }, work));
  return found.reduce(add, none);
}

async function runShare({ first, last }) {
  const colors = process.stdout.isTTY && !process.env.NO_COLOR ? "--force-colors" : "--no-colors";
  const run = await runProgram(binary, [`--first=${first}`, `--last=${last}`, colors]);
  // Whole: lines of two processes would mix.
  show(`core's tests ${first} to ${last}\n${run.output}`);
  return shareTotals(run, last - first + 1);
}
