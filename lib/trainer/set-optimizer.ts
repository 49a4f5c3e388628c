// Other optimizers in the middle of a training, by the rules of a checkpoint's.
import { addon, crossing, direct } from "../addon.js";
import * as check from "../check.js";
import { outOfRange, wrongType } from "../errors.js";
import type { Generator } from "../networks.js";
import type { NativeSnapshot, NativeTrainer } from "../native.js";
import { copyOf } from "../networks/network.js";
import type { Optimizer } from "../optimizers/table.js";
import { checkOptimizers } from "./check-options.js";
import { checkTypes } from "./load-options.js";
import type { TrainerOptions, TrainerSettings } from "./options.js";
import { makeWith } from "./to-native.js";

type Optimizers = TrainerOptions["optimizer"];

/** Optimizers to go on with, each of the type that its player has: of one player, or of both. */
export interface OtherOptimizers {
  /** The generator's. @default the one that it has */
  readonly generator?: Optimizer | undefined;
  /** The discriminator's. @default the one that it has */
  readonly discriminator?: Optimizer | undefined;
}

const players = ["generator", "discriminator"] as const;

/** Throws TypeError and RangeError for what no trainer goes on with. */
export function checkOthers(given: OtherOptimizers, before: Optimizers): Optimizers {
  const what = "an object { generator, discriminator }, or one of the two,";
  // One by itself is no list of unknown options.
  if (!check.isObject(given) || "type" in given) throw wrongType(what, "optimizer", given);
  check.options(given, "optimizer", players);
  const named = players.filter((player) => given[player] !== undefined);
  if (named.length === 0) throw wrongType(what, "optimizer", given);
  const changed = Object.fromEntries(named.map((player) => [player, given[player]]));
  const after = checkOptimizers({ ...before, ...changed });
  checkTypes(after, before, "the trainer");
  for (const player of named) checkMemory(after[player], before[player], `optimizer.${player}`);
  return after;
}

/** What is asked for, as it is now: a change may have to wait. Throws as checkOthers() does. */
export function askedNow(given: OtherOptimizers, before: Optimizers): OtherOptimizers {
  checkOthers(given, before);
  return copyOf(given);
}

/** Options for which an optimizer remembers more of each weight. */
const remembering = {
  adam: ["amsgrad"],
  adamW: ["amsgrad"],
  sgd: ["momentum"],
  rmsprop: ["momentum", "centered"],
} as const satisfies Record<Optimizer["type"], readonly string[]>;

/** Throws where one needs what the one before it, of its type, has not remembered. */
function checkMemory(after: Optimizer, before: Optimizer, name: string): void {
  for (const option of remembering[after.type]) {
    const [was, is] = [before, after].map((one) => one[option as keyof Optimizer] as unknown);
    if (!isOn(is) || isOn(was)) continue;
    const off = typeof is === "boolean" ? "false" : "0";
    const what = `${off}, as nothing has been remembered for it so far,`;
    throw outOfRange(what, `${name}.${option}`, is);
  }
}

/** Whether an option is: a flag, a number, or a ramp of numbers. */
function isOn(value: unknown): boolean {
  return check.isObject(value) ? value.from !== 0 || value.to !== 0 : Boolean(value);
}

/** Makes what trains the same networks by other settings from there on, as a checkpoint would. */
export async function goOnWith(
  settings: TrainerSettings,
  ema: Generator | undefined,
  snapshot: NativeSnapshot,
): Promise<NativeTrainer> {
  let native: NativeTrainer | undefined;
  try {
    native = makeWith(ema, settings);
    const made = native;
    // Others may have changed the networks since: a trainer that shares one, or loadWeights().
    await crossing(() => made.restore(snapshot, true));
    return made;
  } catch (error) {
    native?.dispose();
    throw error;
  } finally {
    direct(() => addon().release(snapshot.tensors));
  }
}
