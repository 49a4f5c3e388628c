// bfloat16 on a CPU: a gain with instructions for it, a loss without.
import { addon, crossing } from "../addon.js";
import type { TrainerSettings } from "./options.js";

let asked = false;

/**
 * Warns, once a process, if bfloat16 is to be used and is slower than float32 on this CPU, with how much it is. Of several
 * ranks the first speaks for all.
 */
export async function warnOfSlowBfloat16(settings: TrainerSettings): Promise<void> {
  const { precision, generator, distributed } = settings;
  if (precision !== "bfloat16" || generator.device !== "cpu") return;
  if (asked || (distributed?.rank ?? 0) > 0) return;
  asked = true;
  const cost = await crossing(() => addon().bfloat16Cost());
  if (cost <= 1) return;
  process.emitWarning(
    `A product in bfloat16 takes ${cost.toFixed(cost < 10 ? 1 : 0)} times as long as in float32 on this CPU, which has no instructions for it`,
    { type: "SparringWarning", code: "SPARRING_SLOW_BFLOAT16" },
  );
}
