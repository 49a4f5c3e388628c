import { type ObjectiveOf, type ObjectiveOptions, objective } from "./options.js";

/**
 * Reals against fakes, pair by pair (Jolicoeur-Martineau 2019, The Relativistic Discriminator; with
 * R1 and R2 the objective of R3GAN, Huang et al. 2024). Needs logits.
 *
 *     D: mean(softplus(D(fake) − D(real)))
 *     G: mean(softplus(D(real) − D(fake)))
 *
 * @throws TypeError for an unknown option or one of the wrong type, and for a term that is there
 * twice; RangeError for one out of its range
 */
export function relativisticPaired(
  options: ObjectiveOptions = {},
): ObjectiveOf<"relativisticPaired"> {
  return objective("relativisticPaired", options);
}
