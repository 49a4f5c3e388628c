// A generator that cannot draw what it is shown: it trains all the same, and nothing fails.
import { scoresOf } from "../architecture.js";
import type { Dataset } from "../data/dataset.js";
import type { Stream } from "../data/stream.js";
import type { Generator } from "../networks.js";
import type { TrainerSettings } from "./options.js";

const warned = new WeakSet<Generator>();

/**
 * Warns of a generator that ends in a sigmoid, 0 to 1, where black is below 0: once for each
 * generator; of several ranks the first speaks for all. Values, which are no pixels, may be what
 * they like.
 */
export function warnOfUndrawable(
  { dtype }: Dataset | Stream,
  { generator, distributed }: TrainerSettings,
): void {
  const [black, white] = generator.range;
  const reachesBlack = black >= 0 || scoresOf(generator.resolved) !== "probability";
  if (reachesBlack || dtype === "float32" || warned.has(generator)) return;
  warned.add(generator);
  if ((distributed?.rank ?? 0) !== 0) return;
  process.emitWarning(
    `The generator ends in a sigmoid, 0 to 1, and has the range [${black}, ${white}]: it can draw nothing darker than 0; give both networks range: [0, 1], or end it in tanh`,
    { type: "SparringWarning", code: "SPARRING_UNDRAWABLE" },
  );
}
