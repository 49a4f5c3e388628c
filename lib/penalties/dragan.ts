import { type PenaltyOf, type PenaltyOptions, penalty } from "./options.js";

/**
 * Gradient penalty around the reals (Kodali et al. 2017, On Convergence and Stability of GANs).
 *
 *     x = real + α·½·std(real)·u,   α ~ U(0, 1), one for each sample; u ~ U(0, 1), one a pixel
 *     D += weight · mean((‖∇ₓ D(x)‖₂ − 1)²)
 *
 * The standard deviation is one number: that of all the values of the batch, as torch's std has it.
 * So the authors' code has it; the paper adds normal noise. A batch of one number has no deviation:
 * training refuses it.
 *
 * @throws TypeError for an unknown option or one of the wrong type, RangeError for one out of its
 * range
 */
export function dragan(options: PenaltyOptions = {}): PenaltyOf<"dragan"> {
  return penalty("dragan", options);
}
