import * as check from "../check.js";
import type { Complete } from "../complete.js";

/** Options of acgan. */
export interface AcganOptions {
  /** Factor of the classification in both losses, finite and above 0. @default 1 */
  readonly weight?: number | undefined;
}

/** The auxiliary classifier as data, complete. */
export interface Acgan extends Complete<AcganOptions> {
  readonly type: "acgan";
}

/**
 * Auxiliary classifier (Odena et al. 2017, Conditional Image Synthesis with Auxiliary Classifier
 * GANs): the discriminator's classes head names the class, of reals as of fakes, and the generator
 * is paid for fakes that it names right. CE is cross-entropy over the head's logits.
 *
 *     D += weight · ½ · (CE(C(real), label of real) + CE(C(fake), label of fake))
 *     G += weight · CE(C(fake), label of fake)
 *
 * Needs a classes head as wide as the generator's latent has classes, and a dataset with labels.
 *
 * @throws TypeError for an unknown option or one of the wrong type, RangeError for one out of its
 * range
 */
export function acgan(options: AcganOptions = {}): Acgan {
  check.settings(options, "options of acgan", ["weight"]);
  return { type: "acgan", weight: check.positive(options.weight ?? 1, "weight of acgan") };
}
