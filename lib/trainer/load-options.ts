// What may be another when a trainer goes on from a checkpoint.
import * as check from "../check.js";
import type { Manifest } from "../checkpoint/format.js";
import { wrongType } from "../errors.js";
import { checkObjective } from "../objectives/table.js";
import { checkOptimizers } from "./check-options.js";
import { executions, type LoadOptions, precisions, type TrainerOptions } from "./options.js";

/** Options of a trainer that need nothing of a checkpoint that it may not hold, or little. */
const changeable = ["objective", "optimizer", "accumulate", "execution", "precision"] as const;

/** Throws TypeError and RangeError for what no checkpoint can be loaded with. */
export function checkLoad(options: LoadOptions): void {
  check.options(options, "options", ["device", "seed", "distributed", ...changeable]);
  const { seed, objective, optimizer, accumulate, execution, precision } = options;
  if (seed !== undefined) check.seed(seed, "seed");
  if (objective !== undefined) checkObjective(objective, "objective");
  if (optimizer !== undefined) checkOptimizers(optimizer);
  if (accumulate !== undefined) check.integer(accumulate, "accumulate", 1);
  if (execution !== undefined) check.oneOf(execution, "execution", executions);
  if (precision !== undefined) check.oneOf(precision, "precision", precisions);
}

/** The options of a trainer that goes on: the saved ones, but for those that are given. */
export function optionsToGoOn(saved: Manifest["trainer"], given: LoadOptions): Manifest["trainer"] {
  if (given.optimizer !== undefined) checkTypes(given.optimizer, saved.optimizer);
  const named = changeable.filter((name) => given[name] !== undefined);
  return { ...saved, ...Object.fromEntries(named.map((name) => [name, given[name]])) };
}

type Optimizers = TrainerOptions["optimizer"];

/** What one optimizer remembers of the gradients says nothing to another. */
function checkTypes(given: Optimizers, saved: Optimizers): void {
  // A checkpoint may come from a stranger.
  const before = checkOptimizers(saved);
  for (const player of ["generator", "discriminator"] as const) {
    const [was, is] = [before[player].type, given[player].type];
    if (was === is) continue;
    throw wrongType(`"${was}", as the checkpoint has it,`, `optimizer.${player}.type`, is);
  }
}
