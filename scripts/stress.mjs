// npm run test:stress: kills a training run with SIGKILL at random moments, checkpoints being
// written included, resumes it each time, and compares what it ends with to the bytes of a run that
// nobody disturbed.
//
//   node scripts/stress.mjs [--kills 50] [--seed N] [--steps 600]
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "50" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
    steps: { type: "string", default: "600" },
  },
});
const [kills, seed, portion] = [values.kills, values.seed, values.steps].map(Number);
const training =
  "--preset mlp --size 16 --batch 32 --seed 1 --threads 1 --log-every 10 --sample-every 50";
const often = "--checkpoint-every 5 --keep-checkpoints 3";

/** Numerical Recipes' generator: the same moments for the same seed, as far as a machine allows. */
let state = seed >>> 0;
function random() {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
}

function start(words) {
  const child = spawn(process.execPath, [main, "train", ...words.split(" ")], {
    env: { ...process.env, OMP_WAIT_POLICY: "passive" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  // It says what it trains when everything is loaded: on a busy machine, after many seconds.
  const began = once(child.stdout, "data");
  child.stdout.resume();
  child.stderr.setEncoding("utf8").on("data", (text) => {
    said += text;
  });
  return { child, began, ended: once(child, "close"), said: () => said };
}

async function run(words) {
  const { ended, said } = start(words);
  const [code] = await ended;
  if (code !== 0) throw new Error(`${words} ended with ${code}: ${said()}`);
}

/**
 * Everything that a run leaves, but for what tells of the clock: event files of TensorBoard hold it
 * all through.
 */
function contents(folder) {
  const all = {};
  for (const name of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!name.isFile() || name.name.includes("tfevents")) continue;
    const path = join(name.parentPath, name.name);
    const bytes = readFileSync(path);
    all[path.slice(folder.length + 1)] = /config\.json$|stats\.jsonl$|summary\.json$/.test(path)
      ? bytes.toString().replace(/"(seconds|imagesPerSecond|started)": ?("[^"]*"|[\d.]+),?/g, "")
      : bytes.toString("base64");
  }
  return all;
}

const folder = mkdtempSync(join(tmpdir(), "sparring-stress-"));
const [cut, whole] = [join(folder, "cut"), join(folder, "whole")];
const skipped = [];
let [done, steps, wasKilled] = [0, portion, 0];
console.log(`seed ${seed}, ${kills} kills`);
try {
  for (let life = 0; done < kills; life++) {
    const begins = readdirSync(folder).includes("cut");
    const words = begins
      ? `--resume --out ${cut} --steps ${steps}`
      : `${training} ${often} --steps ${steps} --out ${cut}`;
    const { child, began, ended, said } = start(words);
    // Half of them soon after the first steps, half anywhere.
    let timer;
    const killIn = (milliseconds) => {
      timer = setTimeout(() => child.kill("SIGKILL"), milliseconds);
    };
    if (life % 2 === 0) began.then(() => killIn(random() * 1200));
    else killIn(300 + random() * 3000);
    const [code, signal] = await ended;
    clearTimeout(timer);
    skipped.push(...(said().match(/^Skipped.*$/gm) ?? []));
    if (signal === "SIGKILL") {
      done++;
      wasKilled++;
    } else if (code === 0) {
      // It was quicker than the clock: there has to be more to do.
      steps += portion;
    } else if (/no intact checkpoint|it has none|config\.json/.test(said())) {
      // Killed before its first checkpoint: a run that has not begun.
      rmSync(cut, { recursive: true, force: true });
    } else throw new Error(`${words} ended with ${code}: ${said()}`);
  }
  await run(`--resume --out ${cut} --steps ${steps}`);
  await run(`${training} ${often} --steps ${steps} --out ${whole}`);
  const [ours, theirs] = [contents(cut), contents(whole)];
  const names = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])];
  const different = names.filter((name) => ours[name] !== theirs[name]);
  console.log(
    `killed ${wasKilled} times in ${steps} steps; ${skipped.length} checkpoints were not intact`,
  );
  for (const sentence of skipped) console.log(`  ${sentence}`);
  if (different.length > 0) throw new Error(`these differ: ${different.join(", ")}`);
  console.log(`${names.length} files are equal, byte for byte`);
} finally {
  if (process.exitCode === undefined) rmSync(folder, { recursive: true, force: true });
}
