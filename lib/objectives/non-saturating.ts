import { type CrossEntropyOf, type CrossEntropyOptions, crossEntropy } from "./options.js";

/**
 * The objective that the 2014 paper trains with: D ascends log D(x) + log(1 − D(G(z))), G ascends
 * log D(G(z)), which keeps its gradient while D wins (Goodfellow et al. 2014, section 3). Computed
 * as binary cross-entropy; D's is halved unless `discriminatorLoss` is "sum".
 *
 *     D: ½ · (BCE(D(real), 1 − labelSmoothing) + BCE(D(fake), 0)), without the ½ for "sum"
 *     G: BCE(D(fake), 1)
 *
 * @throws TypeError for an unknown option or one of the wrong type, and for a term that is there
 * twice; RangeError for one out of its range
 */
export function nonSaturating(options: CrossEntropyOptions = {}): CrossEntropyOf<"nonSaturating"> {
  return crossEntropy("nonSaturating", options);
}
