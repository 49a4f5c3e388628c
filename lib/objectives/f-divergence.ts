import * as check from "../check.js";
import { type ObjectiveOptions, objective } from "./options.js";

const divergences = ["kl", "reverseKl", "pearson", "jensenShannon"] as const;

/** Options of fDivergence: which one D estimates. @default "jensenShannon" */
export interface FDivergenceOptions extends ObjectiveOptions {
  /**
   * The divergence whose lower bound the discriminator raises: for `jensenShannon` twice that.
   * @default "jensenShannon"
   */
  readonly divergence?: (typeof divergences)[number] | undefined;
}

/**
 * f-GAN (Nowozin et al. 2016): activation g and conjugate f* of their tables 2 and 6. Needs logits.
 *
 *     D: mean(f*(g(D(fake)))) − mean(g(D(real)))        G: −mean(g(D(fake))), their section 3.2
 *
 * @throws TypeError for an unknown option or one of the wrong type, and for a term that is there
 * twice; RangeError for one out of its range
 */
export function fDivergence(options: FDivergenceOptions = {}) {
  const base = objective("fDivergence", options, ["divergence"]);
  const name = options.divergence ?? "jensenShannon";
  return { ...base, divergence: check.oneOf(name, "divergence of fDivergence", divergences) };
}
