// bfloat16 on a CPU: a gain with instructions for it, a loss without.
import { addon, crossing } from "../addon.js";
import type { TrainerSettings } from "./options.js";

let asked = false;

/**
 * Whether warnOfSlowBfloat16() has to be asked: once a process; of several ranks the first speaks
 * for all.
 */
export function mayBeSlow({ precision, generator, distributed }: TrainerSettings): boolean {
  const isHere = precision === "bfloat16" && generator.device === "cpu";
  return isHere && !asked && (distributed?.rank ?? 0) === 0;
}

/** Warns if bfloat16 is slower than float32 on this CPU, with how much it is. */
export async function warnOfSlowBfloat16(): Promise<void> {
  asked = true;
  const cost = await crossing(() => addon().bfloat16Cost());
  if (cost <= 1) return;
  process.emitWarning(
    `A product in bfloat16 takes ${cost.toFixed(cost < 10 ? 1 : 0)} times as long as in float32 on this CPU, which has no instructions for it`,
    { type: "SparringWarning", code: "SPARRING_SLOW_BFLOAT16" },
  );
}
