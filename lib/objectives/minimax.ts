import { type CrossEntropyOf, type CrossEntropyOptions, crossEntropy } from "./options.js";

/**
 * The game as the 2014 paper writes it: min over G, max over D of E[log D(x)] + E[log(1 − D(G(z)))]
 * (Goodfellow et al. 2014, equation 1). G's gradient vanishes while D wins: for theory, not for
 * training.
 *
 *     D: ½ · (BCE(D(real), 1 − labelSmoothing) + BCE(D(fake), 0)), without the ½ for "sum"
 *     G: −BCE(D(fake), 0) = mean(log(1 − D(fake)))
 *
 * @throws TypeError for an unknown option or one of the wrong type, and for a term that is there
 * twice; RangeError for one out of its range
 */
export function minimax(options: CrossEntropyOptions = {}): CrossEntropyOf<"minimax"> {
  return crossEntropy("minimax", options);
}
