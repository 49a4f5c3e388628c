import * as check from "../check.js";
import { wrongType } from "../errors.js";
import { isBetween } from "../penalties/table.js";
import { type ObjectiveOf, type ObjectiveOptions, objective } from "./options.js";

/** Options of wasserstein. */
export interface WassersteinOptions extends ObjectiveOptions {
  /**
   * After each update every parameter of the critic is clamped to [-weightClip, weightClip];
   * finite, above 0, and not together with the penalties wganGp and wganDiv. The paper's is 0.01.
   * @default no clipping
   */
  readonly weightClip?: number | undefined;
}

/** The Wasserstein objective as data, complete. */
export interface Wasserstein extends ObjectiveOf<"wasserstein"> {
  /** Largest size of a parameter of the critic, above 0; undefined where they are not clamped. */
  readonly weightClip: number | undefined;
}

/**
 * The difference of the critic's means: an estimate of the earth mover's distance, times K, while
 * the critic is K-Lipschitz, which `weightClip` (Arjovsky et al. 2017, Wasserstein GAN) or the
 * penalty wganGp (Gulrajani et al. 2017) sees to. Needs logits.
 *
 *     D: mean(D(fake)) − mean(D(real))
 *     G: −mean(D(fake))
 *
 * @throws TypeError for an unknown option or one of the wrong type, for a term that is there twice,
 * and for `weightClip` with wganGp or wganDiv; RangeError for one out of its range
 */
export function wasserstein(options: WassersteinOptions = {}): Wasserstein {
  const base = objective("wasserstein", options, ["weightClip"]);
  if (options.weightClip === undefined) return { ...base, weightClip: undefined };
  const weightClip = check.positive(options.weightClip, "weightClip of wasserstein");
  const between = base.penalties.find(isBetween);
  if (between) {
    const both = { weightClip, penalties: base.penalties.map(({ type }) => type) };
    throw wrongType(`weightClip or ${between.type}, not both,`, "options of wasserstein", both);
  }
  return { ...base, weightClip };
}
