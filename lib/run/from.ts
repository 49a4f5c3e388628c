// A run that begins with the networks of another: fine-tuning, on other data or by other rules.
import { resolve } from "node:path";
import * as check from "../check.js";
import { counted } from "../count.js";
import { refused, showPath, SparringError, wrongType } from "../errors.js";
import { defaultPreset } from "../presets.js";
import { ruleNames, type TrainerSettings } from "../trainer/options.js";
import type { Trainer } from "../trainer.js";
import { type RunConfig, trainedText } from "./config.js";
import { RunFolder } from "./folder.js";
import { parseRunConfig } from "./parse-config.js";
import type { Naming, RunPlan, RunRequest } from "./plan.js";
import { planNetworks, planRules, type Rules } from "./recipe.js";
import { readRun, readRunConfig, type StoredRun } from "./stored.js";
import {
  endedWeights,
  giveWeights,
  newestWeights,
  type Weights,
  weightsAt,
  type Whose,
} from "./weights.js";

/** Which run's networks a run begins with. */
export interface FromPlan {
  /** The absolute path of its folder; null where the first weights are drawn. */
  readonly from: string | null;
  /** Of which step; of the newest checkpoint if undefined. */
  readonly fromStep: number | undefined;
}

/** Checks which run is meant. Throws TypeError or RangeError. */
export function planFrom({ from, fromStep }: RunRequest, naming: Naming): FromPlan {
  // A run that draws its first weights records null for both.
  const step = fromStep ?? undefined;
  if (from === undefined || from === null) {
    if (step === undefined) return { from: null, fromStep: undefined };
    throw wrongType(
      `${naming("from")} beside ${naming("fromStep")}`,
      "the options",
      naming("fromStep"),
    );
  }
  return {
    from: resolve(check.path(from, naming("from"))),
    fromStep: step === undefined ? undefined : check.integer(step, naming("fromStep"), 0),
  };
}

/** What a run is made of, and how it is trained, as its config.json has it. */
const ofNetworks = ["preset", "generator", "discriminator", "size"] as const;

/**
 * Fills in the networks and the rules of the run that is begun from, unless the request names a
 * preset or networks. Throws ERR_DATA where there is no such run.
 */
export async function withThoseOf(request: RunRequest, naming: Naming): Promise<RunRequest> {
  const { from } = planFrom(request, naming);
  const { preset, generator, discriminator } = request;
  const named = [preset, generator, discriminator].some((one) => one !== undefined);
  if (from === null || named) return request;
  const config = await readRunConfig(RunFolder.at(from), naming("from"), parseWhole);
  const keys = [...ofNetworks, ...ruleNames];
  const taken = keys.map((key) => [key, config[key]]).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(taken), ema: goingOn(config.ema), ...request };
}

/**
 * The rules of a run, whose average goes on where that of the other run was, unless the request
 * says how it begins.
 */
export function rulesFrom({ from }: FromPlan, rules: Rules, { ema }: RunRequest): Rules {
  return from === null || ema !== undefined ? rules : { ...rules, ema: goingOn(rules.ema) };
}

/**
 * An average that begins with trained weights has none to forget early on: StyleGAN2-ADA's own
 * program leaves the ramp out, too, where it goes on from another network.
 */
function goingOn(ema: Rules["ema"]): Rules["ema"] {
  return ema && { ...ema, rampUp: 0 };
}

/** A config with networks and rules that make sense. Throws TypeError, RangeError or ERR_ARCHITECTURE. */
function parseWhole(value: unknown): RunConfig {
  const config = parseRunConfig(value);
  const naming: Naming = (option) => option;
  planNetworks(config, naming);
  planRules(config, (config.preset ?? defaultPreset) as typeof defaultPreset, naming);
  return config;
}

/** The networks of a run, as others begin with them. */
export interface First {
  readonly run: StoredRun;
  /** Null where only weights/ was there, which does not tell. */
  readonly step: number | null;
  readonly generator: Weights;
  readonly discriminator: Weights;
  /** The moving average of the generator, where the run kept one. */
  readonly average: Weights | undefined;
}

/**
 * Reads the networks that a run is to begin with; undefined where it draws its own. Throws ERR_DATA
 * where there is no such run, ERR_CHECKPOINT, ERR_WEIGHTS, and RangeError for a step without a
 * checkpoint.
 */
export async function readFirst(
  { from, fromStep, naming }: RunPlan,
  onNote: (sentence: string) => void,
): Promise<First | undefined> {
  if (from === null) return undefined;
  const name = naming("from");
  const run = await readRun(from, name);
  const at = (step: number, whose: Whose) => weightsAt(run, step, naming("fromStep"), whose);
  const generator =
    fromStep === undefined
      ? await newestWeights(run, "generator", name, onNote)
      : await at(fromStep, "generator");
  const { step } = generator;
  // Of the same step, though the run may go on meanwhile.
  const beside = (whose: "discriminator" | "ema") =>
    step === null ? endedWeights(run, whose, name) : at(step, whose);
  return {
    run,
    step,
    generator,
    discriminator: await beside("discriminator"),
    average: run.averaged ? await beside("ema") : undefined,
  };
}

/** Gives the pair these weights. Throws ERR_WEIGHTS where they are of other networks. */
export async function giveFirst(
  first: First | undefined,
  { generator, discriminator }: TrainerSettings,
  { preset, naming }: RunPlan,
): Promise<void> {
  if (first === undefined) return;
  try {
    await giveWeights(generator, first.generator);
    await giveWeights(discriminator, first.discriminator);
  } catch (error) {
    const { architecture } = discriminator;
    const ours = { preset, generator: generator.architecture, discriminator: architecture };
    throw misfitting(error, first.run, ours, naming("from"));
  }
}

type Trained = Pick<StoredRun, "preset" | "generator" | "discriminator">;

/** Of networks that look alike the weights that differ tell more. */
function misfitting(error: unknown, run: StoredRun, ours: Trained, name: string): unknown {
  const [wanted, received] = [ours, run].map(networksText) as [string, string];
  const isOther = error instanceof SparringError && error.code === "ERR_WEIGHTS";
  if (!isOther || wanted === received) return error;
  const found = `${showPath(run.folder.path)} (${received})`;
  return refused("ERR_WEIGHTS", `a run of ${wanted},`, name, found, { cause: error });
}

/** `cgan, 1×28×28, 10 classes` */
function networksText({ preset, generator, discriminator }: Trained): string {
  const { classes = 0 } = generator.latent;
  const told = classes === 0 ? "" : `, ${counted(classes, "class", "classes")}`;
  return `${trainedText(preset)}, ${discriminator.image.join("×")}${told}`;
}

/** Gives a trainer that averages its generator the average; it began as the generator itself. */
export async function giveAverage(first: First | undefined, { ema }: Trainer): Promise<void> {
  if (first?.average !== undefined && ema !== undefined) await giveWeights(ema, first.average);
}
