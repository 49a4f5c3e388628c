import { type ObjectiveOf, type ObjectiveOptions, objective } from "./options.js";

/**
 * The hinge version of the adversarial loss (Lim and Ye 2017, Geometric GAN; Miyato et al. 2018,
 * Spectral Normalization for GANs): D only minds scores on the wrong side of its margin. Needs
 * logits.
 *
 *     D: mean(max(0, 1 − D(real))) + mean(max(0, 1 + D(fake)))
 *     G: −mean(D(fake))
 *
 * @throws TypeError for an unknown option or one of the wrong type, and for a term that is there
 * twice; RangeError for one out of its range
 */
export function hinge(options: ObjectiveOptions = {}): ObjectiveOf<"hinge"> {
  return objective("hinge", options);
}
