// What may be another when a trainer goes on from a checkpoint.
import * as check from "../check.js";
import { type Manifest, reseeded } from "../checkpoint/format.js";
import type { Checkpoint } from "../checkpoint/load.js";
import { wrongType } from "../errors.js";
import type { NativeSnapshot, TensorData } from "../native.js";
import { copyOf } from "../networks/network.js";
import { checkObjective } from "../objectives/table.js";
import { checkAdaOptions } from "./ada.js";
import { checkEma, checkOptimizers, checkPolicies } from "./check-options.js";
import { checkFrozenOptions } from "./frozen.js";
import { executions, type LoadOptions, precisions, type TrainerOptions } from "./options.js";
import { ofRun } from "./run-options.js";
import { fakesKinds, mostUpdates, orders, reducePrecisions, ruleNames } from "./options.js";

/** Options of a trainer that need nothing of a checkpoint that it may not hold, or little. */
export const changeable = [
  ...ruleNames,
  ...(["accumulate", "execution", "precision", "reducePrecision"] as const),
] as const;

/** What each has to be by itself. What it has to go with is known once the checkpoint is read. */
const checks: { readonly [Name in (typeof changeable)[number]]: (value: unknown) => unknown } = {
  objective: (value) => checkObjective(value, "objective"),
  optimizer: (value) => checkOptimizers(value),
  order: (value) => check.oneOf(value, "order", orders),
  fakes: (value) => check.oneOf(value, "fakes", fakesKinds),
  discriminatorSteps: (value) => check.integer(value, "discriminatorSteps", 1, mostUpdates),
  generatorSteps: (value) => check.integer(value, "generatorSteps", 1, mostUpdates),
  frozen: checkFrozenOptions,
  ema: checkEma,
  diffAugment: checkPolicies,
  ada: checkAdaOptions,
  accumulate: (value) => check.integer(value, "accumulate", 1),
  execution: (value) => check.oneOf(value, "execution", executions),
  precision: (value) => check.oneOf(value, "precision", precisions),
  reducePrecision: (value) => check.oneOf(value, "reducePrecision", reducePrecisions),
};

/** Checks one of them. Throws TypeError or RangeError. */
export function checkRule(name: (typeof changeable)[number], value: unknown): unknown {
  return checks[name](value);
}

/**
 * Throws TypeError and RangeError for what no checkpoint can be loaded with. Gives the options as
 * they are now: a checkpoint is read before they are needed.
 */
export function checkLoad(options: LoadOptions): LoadOptions {
  check.options(options, "options", ["device", "seed", "distributed", ...changeable], ofRun);
  if (options.seed !== undefined) check.seed(options.seed, "seed");
  const named = changeable.filter((name) => options[name] !== undefined);
  for (const name of named) checks[name](options[name]);
  return { ...options, ...copyOf(Object.fromEntries(named.map((name) => [name, options[name]]))) };
}

/** The options of a trainer that goes on: the saved ones, but for those that are given. */
export function optionsToGoOn(saved: Manifest["trainer"], given: LoadOptions): Manifest["trainer"] {
  if (given.optimizer !== undefined)
    // A checkpoint may come from a stranger.
    checkTypes(given.optimizer, checkOptimizers(saved.optimizer), "the checkpoint");
  const named = changeable.filter((name) => given[name] !== undefined);
  return { ...saved, ...Object.fromEntries(named.map((name) => [name, given[name]])) };
}

/**
 * The state that a trainer goes on with: the saved one, but that other random numbers, an average
 * and a probability of ADA that there was not may begin here.
 */
export function stateToGoOn(
  { trainer, snapshot }: Pick<Checkpoint, "trainer" | "snapshot">,
  { seed, ema, ada }: LoadOptions,
): NativeSnapshot {
  let state = seed === undefined ? snapshot : reseeded(snapshot, seed);
  if (ema !== undefined && trainer.ema === undefined) state = withAverage(state);
  if (ada !== undefined && (trainer.ada === undefined || ada.p !== undefined))
    state = withProbability(state, ada.p ?? 0);
  return state;
}

/** An average of no updates yet is the generator. */
function withAverage(state: NativeSnapshot): NativeSnapshot {
  const player = "generator.";
  const average = state.tensors
    .filter(({ name }) => name.startsWith(player))
    .map((tensor) => ({ ...tensor, name: `ema.${tensor.name.slice(player.length)}` }));
  const others = state.tensors.filter(({ name }) => !name.startsWith("ema."));
  const counts = { ...state.counts, "ema.updates": 0 };
  return { ...state, tensors: [...others, ...average], counts };
}

/** A probability, and no score seen since it changed. */
function withProbability(state: NativeSnapshot, p: number): NativeSnapshot {
  const values = new Uint8Array(Float64Array.of(p, 0, 0).buffer);
  const ada: TensorData = { name: "ada", dtype: "float64", shape: [3], data: values };
  const others = state.tensors.filter(({ name }) => name !== ada.name);
  const counts = { ...state.counts, "ada.steps": 0, "ada.images": 0 };
  return { ...state, tensors: [...others, ada], counts };
}

type Optimizers = TrainerOptions["optimizer"];

/**
 * What one optimizer remembers of the gradients says nothing to another.
 * @param whose has those of before
 */
export function checkTypes(given: Optimizers, before: Optimizers, whose: string): void {
  for (const player of ["generator", "discriminator"] as const) {
    const [was, is] = [before[player].type, given[player].type];
    if (was === is) continue;
    throw wrongType(`"${was}", as ${whose} has it,`, `optimizer.${player}.type`, is);
  }
}
