import { type CrossEntropyOf, type CrossEntropyOptions, crossEntropy } from "./options.js";

/**
 * G seeks the boundary, where D cannot tell reals from fakes, from both of its sides (Hjelm et al.
 * 2018, Boundary-Seeking GANs, for continuous data). Its log D(x) − log(1 − D(x)) is a logit s, so
 * it needs logits.
 *
 *     D: as in nonSaturating
 *     G: ½ · mean(s(fake)²)
 *
 * @throws TypeError for an unknown option or one of the wrong type, and for a term that is there
 * twice; RangeError for one out of its range
 */
export function boundarySeeking(
  options: CrossEntropyOptions = {},
): CrossEntropyOf<"boundarySeeking"> {
  return crossEntropy("boundarySeeking", options);
}
