// The table of objectives: a new one costs its file, a row here and in index.ts, and a row in
// native code.
import { remake } from "../choice.js";
import { boundarySeeking } from "./boundary-seeking.js";
import { fDivergence } from "./f-divergence.js";
import { hinge } from "./hinge.js";
import { leastSquares } from "./least-squares.js";
import { minimax } from "./minimax.js";
import { nonSaturating } from "./non-saturating.js";
import { relativisticAverage } from "./relativistic-average.js";
import { relativisticPaired } from "./relativistic-paired.js";
import { wasserstein } from "./wasserstein.js";

/** Objectives for either kind of score. */
const anyScore = { minimax, nonSaturating, leastSquares };
/** Objectives that judge one score against others: the generator's update scores reals, too. */
const relativistic = { relativisticPaired, relativisticAverage };
/** Objectives that make no sense of probabilities. */
const logitsOnly = {
  hinge,
  wasserstein,
  ...relativistic,
  fDivergence,
  boundarySeeking,
};

export const objectiveTable = { ...anyScore, ...logitsOnly };

/** What the two players minimise, as data. */
export type Objective = ReturnType<(typeof objectiveTable)[keyof typeof objectiveTable]>;

/** @internal Checked again, as it may come from a file. */
export function checkObjective(value: unknown, name: string): Objective {
  const what = "an objective, as objectives.nonSaturating() makes it,";
  return remake<Objective>(value, name, what, objectiveTable);
}

/** @internal */
export function needsLogits({ type }: Objective): boolean {
  return type in logitsOnly;
}

/** @internal */
export function isRelativistic({ type }: Objective): boolean {
  return type in relativistic;
}
