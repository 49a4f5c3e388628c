/**
 * Every schedule of a learning rate there is, as data. t counts the updates its optimizer did
 * before this one, from 0.
 *
 * @module
 */
import * as check from "./check.js";
import { remake } from "./choice.js";
import type { Complete } from "./complete.js";
import { wrongType } from "./errors.js";

/** No change, as data. */
export interface Constant {
  readonly type: "constant";
}

/**
 * No change: lrₜ = lr.
 *
 * @throws TypeError for any option
 */
export function constant(options: Record<string, never> = {}): Constant {
  check.settings(options, "options of constant", []);
  return { type: "constant" };
}

/** Options of linear. */
export interface LinearOptions {
  /** The share of lr that it ends at, in [0, 1]. @default 0 */
  readonly to?: number | undefined;
  /** Updates from its beginning until it is there, at least 1. */
  readonly steps: number;
  /** Updates at lr before it begins, at least 0. @default 0 */
  readonly after?: number | undefined;
}

/** A straight line, as data. */
export interface Linear extends Complete<LinearOptions> {
  readonly type: "linear";
}

/**
 * A straight line from lr to lr · to, where it stays: lrₜ = lr · (1 + (to − 1) · min(t, steps) /
 * steps). torch's LinearLR with start_factor=1, end_factor=to. With `after`, t counts from there
 * on, as in the LambdaLR of CycleGAN: lr for so many updates, and then a line to 0.
 *
 * @throws TypeError for an unknown option or one of the wrong type, RangeError for one out of its
 * range
 */
export function linear(options: LinearOptions): Linear {
  const known = ["to", "steps", "after"] as const;
  const { to, steps, after } = check.settings(options, "options of linear", known);
  return {
    type: "linear",
    to: check.between(to ?? 0, "to of linear", 0, 1),
    steps: check.integer(steps, "steps of linear", 1),
    after: check.integer(after ?? 0, "after of linear", 0),
  };
}

/** Options of exponential. */
export interface ExponentialOptions {
  /** The factor of every update, in (0, 1]. */
  readonly gamma: number;
  /** The learning rate it never falls below, from 0 to lr. @default 0 */
  readonly min?: number | undefined;
}

/** A decay by a factor, as data. */
export interface Exponential extends Complete<ExponentialOptions> {
  readonly type: "exponential";
}

/**
 * A factor at every update: lrₜ = max(min, lr · gammaᵗ). torch's ExponentialLR, with a floor.
 *
 * @throws TypeError for an unknown option or one of the wrong type, RangeError for one out of its
 * range
 */
export function exponential(options: ExponentialOptions): Exponential {
  const { gamma, min } = check.settings(options, "options of exponential", ["gamma", "min"]);
  return {
    type: "exponential",
    gamma: check.upTo(gamma, "gamma of exponential", 0, 1),
    min: check.notNegative(min ?? 0, "min of exponential"),
  };
}

/** Options of cosine. */
export interface CosineOptions {
  /** Updates until it is at `min`, at least 1. */
  readonly steps: number;
  /** The learning rate it ends at, from 0 to lr. @default 0 */
  readonly min?: number | undefined;
}

/** Half a cosine, as data. */
export interface Cosine extends Complete<CosineOptions> {
  readonly type: "cosine";
}

/**
 * Half a cosine from lr to `min`, where it stays (Loshchilov and Hutter 2017, SGDR, without its
 * restarts): lrₜ = min + (lr − min) · ½ · (1 + cos(π · min(t, steps) / steps)). torch's
 * CosineAnnealingLR with T_max=steps, eta_min=min, up to T_max: from there on it rises again.
 *
 * @throws TypeError for an unknown option or one of the wrong type, RangeError for one out of its
 * range
 */
export function cosine(options: CosineOptions): Cosine {
  const { steps, min } = check.settings(options, "options of cosine", ["steps", "min"]);
  return {
    type: "cosine",
    steps: check.integer(steps, "steps of cosine", 1),
    min: check.notNegative(min ?? 0, "min of cosine"),
  };
}

/** Options of step. */
export interface StepOptions {
  /** Updates from one factor to the next, at least 1. */
  readonly stepSize: number;
  /** The factor, in (0, 1]. @default 0.1 */
  readonly gamma?: number | undefined;
}

/** A factor every so many updates, as data. */
export interface Step extends Complete<StepOptions> {
  readonly type: "step";
}

/**
 * A factor every so many updates: lrₜ = lr · gamma^⌊t / stepSize⌋. torch's StepLR.
 *
 * @throws TypeError for an unknown option or one of the wrong type, RangeError for one out of its
 * range
 */
export function step(options: StepOptions): Step {
  const { stepSize, gamma } = check.settings(options, "options of step", ["stepSize", "gamma"]);
  return {
    type: "step",
    stepSize: check.integer(stepSize, "stepSize of step", 1),
    gamma: check.upTo(gamma ?? 0.1, "gamma of step", 0, 1),
  };
}

/** Options of multiStep. */
export interface MultiStepOptions {
  /** The updates from which on there is a factor more: at least 1, each above the one before. */
  readonly milestones: readonly number[];
  /** The factor, in (0, 1]. @default 0.1 */
  readonly gamma?: number | undefined;
}

/** A factor at chosen updates, as data. */
export interface MultiStep extends Complete<MultiStepOptions> {
  readonly type: "multiStep";
}

/**
 * A factor at chosen updates: lrₜ = lr · gammaⁿ, where n milestones are at most t. torch's
 * MultiStepLR.
 *
 * @throws TypeError for an unknown option or one of the wrong type, RangeError for one out of its
 * range
 */
export function multiStep(options: MultiStepOptions): MultiStep {
  const known = ["milestones", "gamma"] as const;
  const { milestones, gamma } = check.settings(options, "options of multiStep", known);
  return {
    type: "multiStep",
    milestones: checkMilestones(milestones),
    gamma: check.upTo(gamma ?? 0.1, "gamma of multiStep", 0, 1),
  };
}

/** Options of warmUp. */
export interface WarmUpOptions {
  /** Updates until the learning rate is lr, at least 1. */
  readonly steps: number;
  /** The share of lr that it begins at, in [0, 1]. @default 0 */
  readonly from?: number | undefined;
  /** What follows, whose t counts from there on. @default schedules.constant() */
  readonly schedule?: WarmUp["schedule"] | undefined;
}

/** A warm-up and what follows it, as data. */
export interface WarmUp {
  readonly type: "warmUp";
  readonly steps: number;
  readonly from: number;
  readonly schedule: Constant | Linear | Exponential | Cosine | Step | MultiStep;
}

/**
 * A warm-up (Goyal et al. 2017): a straight line up to lr, and then another schedule: lrₜ = lr ·
 * (from + (1 − from) · t / steps) for t below `steps`, and from there on that schedule's at t −
 * steps. torch's SequentialLR of LinearLR with start_factor=from, total_iters=steps, and of what
 * follows. From 0 the first update changes no weight, and fills an optimizer's moments only.
 *
 * @throws TypeError for an unknown option or one of the wrong type, RangeError for one out of its
 * range
 */
export function warmUp(options: WarmUpOptions): WarmUp {
  const known = ["steps", "from", "schedule"] as const;
  const { steps, from, schedule } = check.settings(options, "options of warmUp", known);
  return {
    type: "warmUp",
    steps: check.integer(steps, "steps of warmUp", 1),
    from: check.between(from ?? 0, "from of warmUp", 0, 1),
    schedule: checkFollowing(schedule ?? constant()),
  };
}

function checkFollowing(given: unknown): WarmUp["schedule"] {
  const what = "a schedule, as schedules.cosine() makes it,";
  const table = { constant, linear, exponential, cosine, step, multiStep };
  return remake<WarmUp["schedule"]>(given, "schedule of warmUp", what, table);
}

function checkMilestones(given: readonly number[]): readonly number[] {
  if (!Array.isArray(given) || given.length === 0)
    throw wrongType("an array of whole numbers", "milestones of multiStep", given);
  // Array.from sees the holes of a sparse array, which map would skip.
  return Array.from(given, (milestone, i) =>
    check.integer(milestone, `milestones[${i}] of multiStep`, (given[i - 1] ?? 0) + 1),
  );
}
