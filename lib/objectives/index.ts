/** Every objective there is, as data: what the two players minimise. @module */
export {
  type BoundaryEquilibrium,
  type BoundaryEquilibriumOptions,
  boundaryEquilibrium,
} from "./boundary-equilibrium.js";
export { boundarySeeking } from "./boundary-seeking.js";
export { type EnergyBased, type EnergyBasedOptions, energyBased } from "./energy-based.js";
export { type FDivergenceOptions, fDivergence } from "./f-divergence.js";
export { type FormulaObjective, type FormulaOptions, formula } from "./formula.js";
export { hinge } from "./hinge.js";
export { leastSquares } from "./least-squares.js";
export { minimax } from "./minimax.js";
export { nonSaturating } from "./non-saturating.js";
export type {
  CrossEntropyOf,
  CrossEntropyOptions,
  DiscriminatorLoss,
  ObjectiveOf,
  ObjectiveOptions,
  SmoothedOf,
  SmoothedOptions,
} from "./options.js";
export {
  type RelativisticAverage,
  type RelativisticAverageOptions,
  relativisticAverage,
} from "./relativistic-average.js";
export { relativisticPaired } from "./relativistic-paired.js";
export { softmax } from "./softmax.js";
export { type Wasserstein, type WassersteinOptions, wasserstein } from "./wasserstein.js";
