import { type PenaltyOf, type PenaltyOptions, penalty } from "./options.js";

/**
 * Zero-centred gradient penalty at the fakes (Mescheder et al. 2018); beside R1 in R3GAN (Huang et
 * al. 2024).
 *
 *     D += weight · ½ · mean(‖∇ₓ D(x)‖₂²) at x = fake
 *
 * @throws TypeError for an unknown option or one of the wrong type, RangeError for one out of its
 * range
 */
export function r2(options: PenaltyOptions = {}): PenaltyOf<"r2"> {
  return penalty("r2", options);
}
