import { type PenaltyOf, type PenaltyOptions, penalty } from "./options.js";

/**
 * Zero-centred gradient penalty at the reals (Mescheder et al. 2018, Which Training Methods for
 * GANs do actually Converge?). Theirs is γ/2 · E‖∇D‖² beside a sum as D's loss: `weight` is their γ
 * in relativisticPaired, and γ/2 in nonSaturating, which halves that sum unless it is told not to.
 *
 *     D += weight · ½ · mean(‖∇ₓ D(x)‖₂²) at x = real
 *
 * @throws TypeError for an unknown option or one of the wrong type, RangeError for one out of its
 * range
 */
export function r1(options: PenaltyOptions = {}): PenaltyOf<"r1"> {
  return penalty("r1", options);
}
