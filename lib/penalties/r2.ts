import { type PenaltyOf, type PenaltyOptions, penalty } from "./options.js";

/**
 * Zero-centred gradient penalty at the fakes (Mescheder et al. 2018); beside R1 in R3GAN (Huang et al. 2024).
 *
 *     D += weight · ½ · mean(‖∇ₓ D(x)‖₂²) at x = fake
 */
export function r2(options: PenaltyOptions = {}): PenaltyOf<"r2"> {
  return penalty("r2", options);
}
