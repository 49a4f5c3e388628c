import { type SmoothedOf, type SmoothedOptions, smoothed } from "./options.js";

/**
 * The objective that the 2014 paper trains with: D ascends log D(x) + log(1 − D(G(z))), G ascends
 * log D(G(z)), which keeps its gradient while D wins (Goodfellow et al. 2014, section 3). Computed
 * as binary cross-entropy; D's is halved, as in the article's script.
 *
 *     D: ½ · (BCE(D(real), 1 − labelSmoothing) + BCE(D(fake), 0))
 *     G: BCE(D(fake), 1)
 *
 * @throws TypeError for an option that there is not or is of another kind, and for a term that is
 * there twice; RangeError for one out of its range
 */
export function nonSaturating(options: SmoothedOptions = {}): SmoothedOf<"nonSaturating"> {
  return smoothed("nonSaturating", options);
}
