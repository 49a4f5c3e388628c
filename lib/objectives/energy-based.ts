import * as check from "../check.js";
import { type ObjectiveOf, type ObjectiveOptions, objective } from "./options.js";

/** Options of energyBased. */
export interface EnergyBasedOptions extends ObjectiveOptions {
  /**
   * Energy up to which the discriminator pushes fakes; finite, above 0. It is in the unit of the
   * energies: squares of pixel values for a `reconstructionError` of "mse". @default 1
   */
  readonly margin?: number | undefined;
}

/** The energy-based objective as data, complete. */
export interface EnergyBased extends ObjectiveOf<"energyBased"> {
  /** Energy up to which the discriminator pushes fakes, above 0. */
  readonly margin: number;
}

/**
 * The discriminator is an energy E, the reconstruction error of an autoencoder: it makes that of
 * reals low, and that of each fake as high as the margin (Zhao, Mathieu, LeCun 2017, Energy-based
 * Generative Adversarial Network, equations 1 and 2). Needs energies.
 *
 *     D: mean(E(real)) + mean(max(0, margin − E(fake)))
 *     G: mean(E(fake))
 *
 * @throws TypeError for an unknown option or one of the wrong type, and for a term that is there
 * twice; RangeError for one out of its range
 */
export function energyBased(options: EnergyBasedOptions = {}): EnergyBased {
  const base = objective("energyBased", options, ["margin"]);
  return { ...base, margin: check.positive(options.margin ?? 1, "margin of energyBased") };
}
