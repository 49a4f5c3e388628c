// The table of optimizers: a new one costs its file, a row here and in index.ts, and a row in
// native code.
import { remake, toNative } from "../choice.js";
import { within } from "../errors.js";
import type { NativeChoice, NativeOptimizer } from "../native.js";
import { adam, flatAdam } from "./adam.js";
import { adamW } from "./adam-w.js";
import { rmsprop } from "./rmsprop.js";
import type { Schedule } from "./settings.js";
import { flatSgd, sgd } from "./sgd.js";

export const optimizerTable = { adam, adamW, sgd, rmsprop };

/** How a player learns, as data. */
export type Optimizer = ReturnType<(typeof optimizerTable)[keyof typeof optimizerTable]>;

/**
 * @internal Checked again, as it may come from a file: what adam() would refuse is refused, with
 * the name of the optimizer, as there are two.
 */
export function checkOptimizer(value: unknown, name: string): Optimizer {
  const what = "an optimizer, as optimizers.adam() makes it,";
  const named = Object.entries(optimizerTable).map(([type, make]) => [
    type,
    (options: never) => within(name, () => make(options)),
  ]);
  return remake<Optimizer>(value, name, what, Object.fromEntries(named));
}

/** @internal */
export function toNativeOptimizer(optimizer: Optimizer): NativeOptimizer {
  const { schedule, clipGradNorm = 0, clipGradValue = 0, ...own } = flat(optimizer);
  return { ...toNative(own), schedule: toNativeSchedule(schedule), clipGradNorm, clipGradValue };
}

/** What follows a warm-up brings its own options, which do not have these names, and its type. */
function toNativeSchedule(schedule: Schedule): NativeChoice {
  if (schedule.type !== "warmUp") return toNative(schedule);
  const { type, options } = toNative(schedule.schedule);
  const { steps: warmUp, from } = schedule;
  return { type: "warmUp", options: { ...options, warmUp, from, schedule: type } };
}

/** Native options are numbers and flags. */
function flat(optimizer: Optimizer) {
  if (optimizer.type === "sgd") return flatSgd(optimizer);
  if (optimizer.type === "rmsprop") return optimizer;
  return flatAdam(optimizer);
}
