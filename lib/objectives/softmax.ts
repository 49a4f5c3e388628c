import { type ObjectiveOf, type ObjectiveOptions, objective } from "./options.js";

/**
 * A softmax of −D over all samples of a batch, reals and fakes, instead of a classification of each
 * (Lin 2017, Softmax GAN): the discriminator wants all of its mass on the reals, and the generator
 * the same for all samples. D is low for reals. Needs logits or energies; with
 * Z = Σ exp(−D(x)) over reals and fakes:
 *
 *     D: mean(D(real)) + ln Z
 *     G: mean over reals and fakes of D + ln Z
 *
 * @throws TypeError for an unknown option or one of the wrong type, and for a term that is there
 * twice; RangeError for one out of its range
 */
export function softmax(options: ObjectiveOptions = {}): ObjectiveOf<"softmax"> {
  return objective("softmax", options);
}
