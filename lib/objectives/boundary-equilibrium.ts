import * as check from "../check.js";
import { type ObjectiveOf, type ObjectiveOptions, objective } from "./options.js";

/** Options of boundaryEquilibrium. */
export interface BoundaryEquilibriumOptions extends ObjectiveOptions {
  /**
   * The diversity ratio: mean energy of fakes to that of reals, which k keeps; in (0, 1]. Lower
   * values give sharper samples that differ less. @default 0.5
   */
  readonly gamma?: number | undefined;
  /** The gain of k: how far it moves in an update for each unit; finite, above 0. @default 0.001 */
  readonly lambda?: number | undefined;
}

/** The boundary equilibrium objective as data, complete. */
export interface BoundaryEquilibrium extends ObjectiveOf<"boundaryEquilibrium"> {
  /** Mean energy of fakes to that of reals, which k keeps; in (0, 1]. */
  readonly gamma: number;
  /** The gain of k, above 0. */
  readonly lambda: number;
}

/**
 * The discriminator is an energy L, the reconstruction error of an autoencoder, and k, which is 0
 * at first, is how much it cares for fakes (Berthelot, Schumm, Metz 2017, BEGAN: Boundary
 * Equilibrium Generative Adversarial Networks, section 3). Needs energies.
 *
 *     D: mean(L(real)) − k · mean(L(fake))
 *     G: mean(L(fake))
 *     after each update of D: k ← clamp(k + lambda · (gamma · mean(L(real)) − mean(L(fake))), 0, 1)
 *
 * k is part of checkpoints; a tick's health tells it as `balance`, and the paper's measure of
 * convergence, mean(L(real)) + |gamma · mean(L(real)) − mean(L(fake))|, as `convergence`.
 *
 * @throws TypeError for an unknown option or one of the wrong type, and for a term that is there
 * twice; RangeError for one out of its range
 */
export function boundaryEquilibrium(options: BoundaryEquilibriumOptions = {}): BoundaryEquilibrium {
  const base = objective("boundaryEquilibrium", options, ["gamma", "lambda"]);
  const { gamma = 0.5, lambda = 0.001 } = options;
  return {
    ...base,
    gamma: check.upTo(gamma, "gamma of boundaryEquilibrium", 0, 1),
    lambda: check.positive(lambda, "lambda of boundaryEquilibrium"),
  };
}
