import { type SmoothedOf, type SmoothedOptions, smoothed } from "./options.js";

/**
 * Squared distance to the targets 1 and 0 (Mao et al. 2017, Least Squares GANs): fakes far on the
 * right side of the boundary still have a gradient. For a discriminator without a sigmoid.
 *
 *     D: ½ · (mean((D(real) − 1 + labelSmoothing)²) + mean(D(fake)²))
 *     G: ½ · mean((D(fake) − 1)²)
 *
 * @throws TypeError for an unknown option or one of the wrong type, and for a term that is there
 * twice; RangeError for one out of its range
 */
export function leastSquares(options: SmoothedOptions = {}): SmoothedOf<"leastSquares"> {
  return smoothed("leastSquares", options);
}
