import { type PenaltyOf, type PenaltyOptions, penalty } from "./options.js";

/**
 * Gradient penalty: keeps the critic 1-Lipschitz between reals and fakes (Gulrajani et al. 2017,
 * Improved Training of Wasserstein GANs). The norm is taken for each sample, over all of its
 * pixels.
 *
 *     x = α·real + (1 − α)·fake,   α ~ U(0, 1), one for each sample
 *     D += weight · mean((‖∇ₓ D(x)‖₂ − 1)²)
 *
 * Refuses a discriminator whose layers mix the samples of a batch (batchNorm, minibatchStdDev,
 * minibatchDiscrimination): the gradient of one sample would not be its own.
 *
 * @throws TypeError for an unknown option or one of the wrong type, RangeError for one out of its
 * range
 */
export function wganGp(options: PenaltyOptions = {}): PenaltyOf<"wganGp"> {
  return penalty("wganGp", options);
}
