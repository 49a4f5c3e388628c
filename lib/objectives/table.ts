// The table of objectives: a new one costs its file, a row here and in index.ts, and a row in
// native code.
import type { ScoreKind } from "../architecture/facts.js";
import { remake, toNative } from "../choice.js";
import { finder } from "../meant.js";
import type { NativeChoice } from "../native.js";
import { nearestOrAll } from "../nearest.js";
import { boundaryEquilibrium } from "./boundary-equilibrium.js";
import { boundarySeeking } from "./boundary-seeking.js";
import { energyBased } from "./energy-based.js";
import { fDivergence } from "./f-divergence.js";
import { compiled, formula, generatorLooksAtReals } from "./formula.js";
import { hinge } from "./hinge.js";
import { leastSquares } from "./least-squares.js";
import { minimax } from "./minimax.js";
import { nonSaturating } from "./non-saturating.js";
import { relativisticAverage } from "./relativistic-average.js";
import { relativisticPaired } from "./relativistic-paired.js";
import { softmax } from "./softmax.js";
import { wasserstein } from "./wasserstein.js";

/** Objectives for probabilities and logits. */
const anyScore = { minimax, nonSaturating, leastSquares, formula };
/** Objectives that judge one score against others, high for reals. */
const relativistic = { relativisticPaired, relativisticAverage };
/** Objectives that make no sense of probabilities. */
const logitsOnly = {
  hinge,
  wasserstein,
  ...relativistic,
  fDivergence,
  boundarySeeking,
};
/** Objectives that want the scores of reals to be low. */
const lowForReals = { softmax };
/** Objectives that want them to be 0 or more, too. */
const energiesOnly = { energyBased, boundaryEquilibrium };

export const objectiveTable = { ...anyScore, ...logitsOnly, ...lowForReals, ...energiesOnly };

/** What the two players minimise, as data. */
export type Objective = ReturnType<(typeof objectiveTable)[keyof typeof objectiveTable]>;

/** @internal Checked again, as it may come from a file. */
export function checkObjective(value: unknown, name: string): Objective {
  const what = "an objective, as objectives.nonSaturating() makes it,";
  return remake<Objective>(value, name, what, objectiveTable, objectiveWhat);
}

const meant = finder({
  boundaryEquilibrium: ["began"],
  boundarySeeking: ["bgan", "bsgan"],
  energyBased: ["ebgan"],
  fDivergence: ["fgan"],
  formula: ["custom", "expression"],
  hinge: ["geometricgan", "hingegan"],
  leastSquares: ["lsgan", "mse"],
  minimax: ["mmgan", "saturating"],
  nonSaturating: ["bce", "crossentropy", "dcgan", "gan", "logistic", "nsgan", "vanilla"],
  relativisticAverage: ["ragan", "rasgan", "ralsgan"],
  relativisticPaired: ["relativistic", "r3gan", "rgan", "rpgan", "rsgan"],
  softmax: ["softmaxgan"],
  wasserstein: ["wgan", "wgandiv", "wgangp"],
});

/** @internal What an unknown type should be: its name here, the nearest, or one of all. */
export function objectiveWhat(type: unknown): string {
  const known = Object.keys(objectiveTable);
  const one = typeof type === "string" ? meant(type, known) : undefined;
  return one ?? nearestOrAll(type, known);
}

/** @internal The kinds of scores that it can be played for. */
export function scoresFor({ type }: Objective): readonly ScoreKind[] {
  if (type in energiesOnly) return ["energy"];
  if (type in lowForReals) return ["logit", "energy"];
  return type in logitsOnly ? ["logit"] : ["logit", "probability"];
}

/** @internal Whether the generator's update scores reals, too. */
export function looksAtReals(objective: Objective): boolean {
  if (objective.type === "formula") return generatorLooksAtReals(objective);
  return objective.type in relativistic || objective.type in lowForReals;
}

/** @internal An objective, without what is added to it, as native code takes it. */
export function toNativeObjective(objective: Objective): NativeChoice {
  const { penalties: _, auxiliaries: __, ...own } = objective;
  return toNative(objective.type === "formula" ? compiled(objective) : own);
}

/**
 * @internal The score that says neither real nor fake; undefined where there is none: only
 * differences of scores say anything, or they are energies.
 */
export function middleOf(objective: Objective, scores: ScoreKind) {
  if (looksAtReals(objective) || objective.type === "wasserstein") return undefined;
  if (objective.type in energiesOnly) return undefined;
  // Between its labels; and f'(1), the threshold of f-GAN's table 6, by way of the activation.
  if (objective.type === "leastSquares") return 0.5;
  if (objective.type === "fDivergence") return objective.divergence === "kl" ? 1 : 0;
  return scores === "probability" ? 0.5 : 0;
}
