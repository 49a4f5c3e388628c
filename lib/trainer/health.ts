// How the two players are doing, and what is worth a warning.
import { isObject } from "../check.js";
import type { NativeHealth } from "../native.js";

/** How the players were doing in the last step of a tick, on that step's batch. */
export interface Health {
  /**
   * Share of the reals that the discriminator scored above the middle between its mean scores of
   * reals and fakes: 1 where it tells them apart, about a half where it guesses. Where it scores
   * patches, the share of their patches. Below that middle under the objectives for which the
   * scores of reals are low: energyBased, boundaryEquilibrium and softmax.
   */
  readonly realAccuracy: number;
  /** Share of the fakes, or of their patches, on the other side of that middle. */
  readonly fakeAccuracy: number;
  /**
   * D(x): the discriminator's mean score of the reals, before its last update. A probability where
   * it ends in a sigmoid, an energy where it ends in a reconstruction error, else a logit.
   */
  readonly realScore: number;
  /** D(G(z)): its mean score of the fakes of that update. */
  readonly fakeScore: number;
  /** Euclidean norm of the gradient of all the generator's parameters, before clipping. */
  readonly generatorGradientNorm: number;
  /**
   * Euclidean norm of the gradient of all the discriminator's parameters at its last update, before
   * clipping.
   */
  readonly discriminatorGradientNorm: number;
  /**
   * Mean distance of two fakes, as a share of that of two reals, of the first 64 of each: near 0
   * where all samples are the same. Left out if the batch's reals do not differ, or if there is
   * only one: there is nothing to compare with.
   */
  readonly diversity?: number | undefined;
  /**
   * How far training is from where it ends, 0 or more: the measure of convergence of BEGAN,
   * realScore + |gamma · realScore − fakeScore|. Only under boundaryEquilibrium.
   */
  readonly convergence?: number | undefined;
  /**
   * k of BEGAN after this step, in [0, 1]: the weight of fakes in the discriminator's loss. Only
   * under boundaryEquilibrium.
   */
  readonly balance?: number | undefined;
  /**
   * The probability with which adaptive augmentation changes a sample, after the step; only with
   * the option `ada`.
   */
  readonly augmentProbability?: number | undefined;
  /**
   * The mean length that pathLength() compares the lengths of paths with, a in its formula, after
   * the step: 0 or more, and 0 before its first update; only with that penalty.
   */
  readonly meanPathLength?: number | undefined;
}

/**
 * `saturated`: the discriminator tells all reals from all fakes, and the generator has almost no
 * gradient to follow; `collapsing`: samples have become alike.
 */
export type Warning = "saturated" | "collapsing";

/** Both accuracies from here on, for this many ticks in a row, ... */
const sure = 0.99;
const ticksInARow = 3;
/** ... and a generator's gradient of this share of the largest so far. */
const vanished = 0.01;
/** Samples that were this different before ... */
const different = 0.3;
/** ... and are this share of their greatest difference now. */
const alike = 0.25;

/** Looks at one tick after the other. */
export class Watcher {
  #ticksSure = 0;
  #largestGradient = 0;
  #greatestDiversity = 0;

  /**
   * A watcher that has seen these ticks, the lines of a file: what is no tick in them is passed
   * over.
   */
  static after(ticks: readonly unknown[]): Watcher {
    const watcher = new Watcher();
    for (const tick of ticks)
      if (isObject(tick) && isHealth(tick.health)) watcher.look(tick.health);
    return watcher;
  }

  /** What this tick is a warning of. */
  look(health: Health): readonly Warning[] {
    const isSure = Math.min(health.realAccuracy, health.fakeAccuracy) >= sure;
    this.#ticksSure = isSure ? this.#ticksSure + 1 : 0;
    this.#largestGradient = Math.max(this.#largestGradient, health.generatorGradientNorm);
    const { diversity } = health;
    this.#greatestDiversity = Math.max(this.#greatestDiversity, diversity ?? 0);
    const warnings: Warning[] = [];
    if (
      this.#ticksSure >= ticksInARow &&
      health.generatorGradientNorm < vanished * this.#largestGradient
    )
      warnings.push("saturated");
    if (
      diversity !== undefined &&
      this.#greatestDiversity >= different &&
      diversity < alike * this.#greatestDiversity
    )
      warnings.push("collapsing");
    return warnings;
  }
}

function isHealth(value: unknown): value is Health {
  if (!isObject(value)) return false;
  const { realAccuracy, fakeAccuracy, diversity = 0 } = value;
  const { generatorGradientNorm: generator, discriminatorGradientNorm: discriminator } = value;
  return [realAccuracy, fakeAccuracy, generator, discriminator, diversity].every(Number.isFinite);
}

/** The figures of health, without what is an error. */
export function toHealth({ finite, ...health }: NativeHealth): Health {
  return health;
}
