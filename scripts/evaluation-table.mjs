#!/usr/bin/env node
// Trains every preset on MNIST, measures it by `sparring evaluate`, and writes the table of
// docs/evaluation.md with the raw figures beside it, docs/logs/presets.jsonl. After a build:
//   node scripts/evaluation-table.mjs                     all presets, after all of their default steps
//   node scripts/evaluation-table.mjs --only mlp,dcgan    some; the others' rows stay
//   node scripts/evaluation-table.mjs --share 0.5         after half of the steps: another table
// What is finished in the folder of runs (--runs) is not done again, a run that was stopped goes
// on, and a larger --share trains the same runs further. Equal options end in equal numbers on one
// kind of processor.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { datasets, metrics, setThreads } from "../dist/index.js";
import { presetNames, presets } from "../dist/presets.js";
import { placeTable, readFigures, usualShare, writeFigures } from "./evaluation-table/page.mjs";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const [command, page, figures] = [
  "../dist/cli/main.js",
  "../docs/evaluation.md",
  "../docs/logs/presets.jsonl",
].map(at);

const { values: given } = parseArgs({
  options: {
    share: { type: "string", default: String(usualShare) },
    only: { type: "string", default: presetNames.join() },
    runs: { type: "string", default: "runs/evaluation-table" },
    samples: { type: "string", default: "10000" },
    seed: { type: "string", default: "1" },
  },
});
const share = Number(given.share);
if (!(share > 0)) throw new Error(`Expected a share above 0 but received ${given.share}`);
const recipe = {
  seed: Number(given.seed),
  samples: Number(given.samples),
  threads: 1, // others would round otherwise
};
const only = given.only.split(",");
const stranger = only.find((name) => !presetNames.includes(name));
if (stranger !== undefined)
  throw new Error(`Expected some of ${presetNames.join()} for --only but received ${stranger}`);
mkdirSync(given.runs, { recursive: true });

const environment = { ...process.env, OMP_NUM_THREADS: String(recipe.threads) };

/** What the command prints. It is watched meanwhile where it prints nothing that is needed. */
function sparring(parameters, output = "inherit") {
  const stdio = ["ignore", output, "inherit"];
  const options = { env: environment, encoding: "utf8", stdio };
  return execFileSync(process.execPath, [command, ...parameters], options);
}

const readJson = (path) => (existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined);

/** The default of 150,000 steps takes hours: its share is one of ten epochs, as `gan` has them. */
const stepsOf = { goodfellow2014: presets.gan.steps };

/** A row of the table: of a run that is trained as far as it has to be, and measured. */
function row(name) {
  const { size, steps: usual, batch, discriminatorSteps = 1 } = presets[name];
  const steps = Math.round((stepsOf[name] ?? usual) * share);
  const [run, path] = [join(given.runs, name), join(given.runs, `${name}.json`)];
  const done = readJson(path);
  const { seed, samples } = recipe;
  if (done?.steps === steps && done.seed === seed && done.samples === samples) return done;
  train(name, run, steps);
  const evaluated = JSON.parse(
    sparring(
      ["evaluate", run, "--json", "--device", "cpu", "--samples", samples, "--seed", 0].map(String),
      "pipe",
    ),
  );
  const { averaged, network, reals, scores } = evaluated;
  const images = steps * discriminatorSteps * batch;
  const trained = { preset: name, size: size.default, steps, usual, batch, images, seed, averaged };
  const found = { ...trained, network, samples, reals, scores };
  writeFileSync(path, JSON.stringify(found));
  return found;
}

/** From the last checkpoint on, where there is one. */
function train(name, run, steps) {
  const { seed, threads } = recipe;
  const config = readJson(join(run, "config.json"));
  const length = ["--steps", String(steps), "--out", run];
  if (config?.seed === seed && config.steps <= steps && hasCheckpoints(run)) {
    sparring(["train", "--resume", ...length]);
    return;
  }
  rmSync(run, { recursive: true, force: true });
  const options = { seed, threads, device: "cpu", "sample-every": steps, "checkpoint-every": 250 };
  const flags = Object.entries(options).flatMap(([flag, value]) => [`--${flag}`, String(value)]);
  sparring(["train", "--preset", name, ...length, "--no-tensorboard", ...flags]);
}

function hasCheckpoints(run) {
  const folder = join(run, "checkpoints");
  return existsSync(folder) && readdirSync(folder).length > 0;
}

/**
 * What MNIST's own test images get, as many as the samples and of the same size: no generator is
 * expected to do better.
 */
async function reference(size) {
  const [train, test] = [
    await datasets.mnist({ size }),
    await datasets.mnist({ size, split: "test" }),
  ];
  const seen = ({ size: most }) => ({ count: Math.min(recipe.samples, most), seed: 0 });
  const real = await network.features(train, seen(train));
  const unseen = await network.features(test, seen(test));
  train.dispose();
  test.dispose();
  const scores = { inceptionScore: await metrics.inceptionScore(unseen) };
  for (const metric of ["fid", "kid", "precisionRecall", "densityCoverage", "classBalance"])
    scores[metric] = await metrics[metric](real, unseen);
  return { size, network: network.name, samples: unseen.count, reals: real.count, scores };
}

await setThreads(recipe.threads);
const network = await metrics.classifier();
const before = existsSync(figures) ? readFigures(readFileSync(figures, "utf8")) : undefined;
const isSame = JSON.stringify(before?.recipe) === JSON.stringify(recipe);
const rows = new Map(isSame ? before.rows.map((one) => [one.preset, one]) : []);
const references = new Map(isSame ? before.references.map((one) => [one.size, one]) : []);
const sizes = new Set(only.map((name) => presets[name].size.default));
for (const size of sizes) if (!references.has(size)) references.set(size, await reference(size));
for (const name of only) {
  console.log(`${name}: ${new Date().toISOString()}`);
  rows.set(name, row(name));
  const made = {
    recipe,
    processor: cpus()[0].model,
    references: [...references.values()],
    rows: presetNames.flatMap((known) => rows.get(known) ?? []),
  };
  writeFileSync(figures, writeFigures(made));
  writeFileSync(page, placeTable(readFileSync(page, "utf8"), made, presetNames));
}
