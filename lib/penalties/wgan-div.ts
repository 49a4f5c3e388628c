import * as check from "../check.js";
import { type PenaltyOf, type PenaltyOptions, penalty } from "./options.js";

/** Options of wganDiv. */
export interface WganDivOptions extends PenaltyOptions {
  /** The paper's k: factor of the penalty in the discriminator's loss, above 0. @default 2 */
  readonly weight?: number | undefined;
  /** The paper's p, to which the norm is raised: finite, at least 2. @default 6 */
  readonly power?: number | undefined;
}

/** The penalty of WGAN-div as data, complete. */
export interface WganDiv extends PenaltyOf<"wganDiv"> {
  /** To which the norm is raised; at least 2. */
  readonly power: number;
}

/**
 * Wasserstein divergence: keeps the critic's gradient small between reals and fakes, without a norm
 * that it is to have (Wu et al. 2018, Wasserstein Divergence for GANs). The norm is taken for each
 * sample, over all of its pixels.
 *
 *     x = α·real + (1 − α)·fake,   α ~ U(0, 1), one for each sample
 *     D += weight · mean(‖∇ₓ D(x)‖₂^power)
 *
 * Refuses a discriminator whose layers mix the samples of a batch, as wganGp does.
 *
 * @throws TypeError for an unknown option or one of the wrong type, RangeError for one out of its
 * range
 */
export function wganDiv(options: WganDivOptions = {}): WganDiv {
  const { power = 6 } = options;
  return {
    ...penalty("wganDiv", options, { weight: 2, own: ["power"] }),
    power: check.atLeast(power, "power of wganDiv", 2),
  };
}
