// The generator of a run, finished or not, with its newest weights, those of a step, or the best.
import { join } from "node:path";
import * as check from "../check.js";
import { refused, showPath, wrongType } from "../errors.js";
import { readWhole } from "../files.js";
import { keeping } from "../keeping.js";
import { Generator } from "../networks.js";
import { Checkpoints } from "./checkpoints.js";
import type { Naming } from "./plan.js";
import { readRun, type StoredRun } from "./stored.js";
import { endedWell } from "./summary.js";
import {
  endedWeights,
  fileOf,
  giveWeights,
  newestWeights,
  type Weights,
  weightsAt,
  type Whose,
} from "./weights.js";

/** Whose generator is wanted. */
export interface GeneratorRequest {
  readonly run?: unknown;
  /** The weights of the step itself where the run keeps their average. */
  readonly raw?: unknown;
  readonly step?: unknown;
  /** `best`, `newest` or a step. */
  readonly checkpoint?: unknown;
}

/** Which generator of a run it is. */
export interface GeneratorOrigin {
  /** Null where its networks are no preset's. */
  readonly preset: string | null;
  /** Whether the generator is the averaged one. */
  readonly averaged: boolean;
  /** Steps that it was trained; null where only its weights were there, which do not tell. */
  readonly step: number | null;
}

/** A generator as it was found. */
export interface RunGenerator extends GeneratorOrigin {
  readonly generator: Generator;
  /** What the classes are called; null where nothing tells. */
  readonly classNames: readonly string[] | null;
  /** The run's own seed for samples. */
  readonly sampleSeed: number;
  /** The CPU threads that the run had; null where it does not say. */
  readonly threads: number | null;
}

/**
 * Loads a generator: from the newest intact checkpoint, or that of a step, and where there is none
 * from weights/. A run that is being trained may be asked. Throws TypeError and RangeError for what
 * makes no sense, ERR_DATA, ERR_CHECKPOINT and ERR_WEIGHTS for a folder that is missing or broken.
 *
 * @param onNote called with a sentence about a checkpoint that is passed over
 */
export async function loadGenerator(
  request: GeneratorRequest,
  naming: Naming<GeneratorRequest>,
  onNote: (sentence: string) => void,
): Promise<RunGenerator> {
  const raw = check.boolean(request.raw ?? false, naming("raw"));
  const which = planCheckpoint(request, naming);
  const run = await readRun(check.string(request.run, naming("run")), naming("run"));
  const whose = whoseOf(run, raw);
  const weights =
    which.step === "newest"
      ? ((await newestWeights(run, [whose], naming("run"), onNote))[0] as Weights)
      : await weightsAt(run, await stepOf(run, which), which.name, whose);
  return build(run, weights, naming("run"));
}

/**
 * Loads the generator that a run ended with, from weights/. Throws like loadGenerator(), and
 * ERR_CHECKPOINT where the run was trained on since, and has not ended again.
 */
export async function loadEnded(
  request: Pick<GeneratorRequest, "run" | "raw">,
  naming: Naming<GeneratorRequest>,
): Promise<RunGenerator> {
  const raw = check.boolean(request.raw ?? false, naming("raw"));
  const run = await readRun(check.string(request.run, naming("run")), naming("run"));
  const whose = whoseOf(run, raw);
  const weights = await endedWeights(run, whose, naming("run"));
  await checkEnded(run, fileOf(whose), weights.path, naming);
  return build(run, weights, naming("run"));
}

/**
 * Checks that weights are those that a run ended with. One that goes on, or was killed, has those
 * of the end before, or none; so has one that failed where nothing could be saved.
 */
async function checkEnded(
  { folder }: StoredRun,
  file: string,
  weights: string,
  naming: Naming<GeneratorRequest>,
): Promise<void> {
  const [newest] = await new Checkpoints(folder.checkpoints).list();
  // Without checkpoints there is nothing that could be newer: so a run is handed on.
  if (newest === undefined || (await endedWell(folder))) return;
  if (await haveSameBytes(join(newest.path, file), weights)) return;
  const what = `a run that has ended, or ${naming("checkpoint")} newest,`;
  const why = `its weights/ are not those of its newest checkpoint, step ${newest.step}`;
  throw refused("ERR_CHECKPOINT", what, naming("run"), `${showPath(folder.path)} (${why})`);
}

async function haveSameBytes(...paths: [string, string]): Promise<boolean> {
  // What cannot be read is not the same.
  const [one, other] = await Promise.all(paths.map((path) => readWhole(path).catch(() => null)));
  return one != null && other != null && one.equals(other);
}

function whoseOf(run: StoredRun, raw: boolean): Whose {
  return run.averaged && !raw ? "ema" : "generator";
}

function build(run: StoredRun, weights: Weights, name: string): Promise<RunGenerator> {
  return keeping(async (keep) => {
    const generator = keep(new Generator(run.generator));
    await giveWeights(generator, weights, name);
    const { preset, classNames, sampleSeed, threads } = run;
    const averaged = weights.whose === "ema";
    return { generator, preset, averaged, step: weights.step, classNames, sampleSeed, threads };
  });
}

/** A checkpoint, and what the user calls it. */
interface Which {
  readonly step: number | "best" | "newest";
  readonly name: string;
}

function planCheckpoint(
  { step, checkpoint }: GeneratorRequest,
  naming: Naming<GeneratorRequest>,
): Which {
  const name = naming("checkpoint");
  if (step !== undefined && checkpoint !== undefined)
    throw wrongType(`${naming("step")} or ${name}`, "the checkpoint", "both");
  if (step !== undefined)
    return { step: check.integer(step, naming("step"), 0), name: naming("step") };
  if (checkpoint === undefined) return { step: "newest", name };
  if (checkpoint === "best" || checkpoint === "newest") return { step: checkpoint, name };
  if (typeof checkpoint !== "number") throw wrongType("best, newest or a step", name, checkpoint);
  return { step: check.integer(checkpoint, name, 0), name };
}

async function stepOf({ folder }: StoredRun, { step, name }: Which): Promise<number> {
  if (typeof step === "number") return step;
  const checkpoints = new Checkpoints(folder.checkpoints);
  const best = await checkpoints.best();
  if (best !== undefined) return best.step;
  const why = await checkpoints.whyNoBest();
  if (why !== undefined)
    throw refused("ERR_CHECKPOINT", "the record of a best checkpoint", name, why);
  const what = "a run with a best checkpoint (trained with --evaluate-every)";
  throw refused("ERR_CHECKPOINT", what, name, showPath(folder.path));
}
