import * as check from "../check.js";
import { type PenaltyOf, type PenaltyOptions, penalty } from "./options.js";

/** Options of pathLength. */
export interface PathLengthOptions extends PenaltyOptions {
  /** Factor of the penalty in the generator's loss, finite and above 0. @default 2 */
  readonly weight?: number | undefined;
  /**
   * Computed at every so many updates of the generator, its first one included, with `every` times
   * the weight. A whole number of at least 1. @default 4
   */
  readonly every?: number | undefined;
  /**
   * How far the mean length goes towards that of a batch when the penalty is computed; in (0, 1].
   * @default 0.01
   */
  readonly decay?: number | undefined;
}

/** The penalty on path lengths as data, complete. */
export interface PathLength extends PenaltyOf<"pathLength"> {
  /** How far the mean length goes towards that of a batch; in (0, 1]. */
  readonly decay: number;
}

/**
 * Path length regularisation, the one penalty that is the generator's (Karras et al. 2020,
 * Analyzing and Improving the Image Quality of StyleGAN, equation 4): a step of w changes the image
 * by the same amount wherever w is, and whichever way it goes. Lengths are those of the update's
 * own fakes.
 *
 *     y ~ N(0, I) / √(height · width), one for each sample;   J = ∂G/∂w, w of the styled layer
 *     G += weight · mean((‖Jᵀy‖₂ − a)²),   then a ← a + decay · (mean(‖Jᵀy‖₂) − a), from a = 0
 *
 * Refuses a generator that has not exactly one `styled` layer, or whose layers mix the samples of a
 * batch (batchNorm): the gradient of one sample would not be its own.
 *
 * @throws TypeError for an unknown option or one of the wrong type, RangeError for one out of its
 * range
 */
export function pathLength(options: PathLengthOptions = {}): PathLength {
  const { decay = 0.01 } = options;
  return {
    ...penalty("pathLength", options, { weight: 2, every: 4, own: ["decay"] }),
    decay: check.upTo(decay, "decay of pathLength", 0, 1),
  };
}
