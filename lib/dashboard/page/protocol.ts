// What the server and the page tell each other. No imports: both sides compile it.

/** The figures of a tick that have a curve, in the order of a row. */
export const series = [
  "generatorLoss",
  "discriminatorLoss",
  "generatorPenalty",
  "discriminatorPenalty",
  "generatorLearningRate",
  "discriminatorLearningRate",
  "realAccuracy",
  "fakeAccuracy",
  "realScore",
  "fakeScore",
  "generatorGradientNorm",
  "discriminatorGradientNorm",
  "diversity",
  "convergence",
  "balance",
  "augmentProbability",
  "meanPathLength",
  "imagesPerSecond",
] as const;

export type Series = (typeof series)[number];

/**
 * Where a run is: `running` had news in the last two minutes, `quiet` had none and has not ended
 * either; `unreadable` has no config.json that can be read; the others are those of its
 * summary.json.
 */
export type RunState = "running" | "quiet" | "done" | "stopped" | "failed" | "unreadable";

/** A run in the list. What is not known is null. */
export interface RunCard {
  /** Its path from the folder that is shown; `.` where it is that folder. */
  readonly id: string;
  /**
   * What a reader calls it: its id, as runs of two sweeps may end alike; of `.` the folder's name.
   */
  readonly name: string;
  readonly state: RunState;
  /** What is wrong with it, a sentence each. */
  readonly problems: readonly string[];
  readonly preset: string | null;
  readonly data: string | null;
  readonly step: number | null;
  readonly steps: number | null;
  /** Time of training so far. */
  readonly seconds: number | null;
  readonly imagesPerSecond: number | null;
  readonly generatorLoss: number | null;
  readonly discriminatorLoss: number | null;
  /** When it began, ISO 8601. */
  readonly started: string | null;
  /** Steps with a sample grid, ascending. */
  readonly samples: readonly number[];
  /** Steps with a checkpoint, ascending. */
  readonly checkpoints: readonly number[];
}

/** A warning that ticks of a run raised. */
export interface Raised {
  readonly warning: string;
  readonly firstStep: number;
  readonly lastStep: number;
  readonly ticks: number;
}

/**
 * One tick: its step, its second, and the value of each series. Or a bucket of ticks: the last
 * step, the last second, and mean, least and greatest of each series. null where there is no
 * number.
 */
export type CurveRow = readonly (number | null)[];

/** News of a curve: the rows from `from` on are these. */
export interface CurveNews {
  readonly run: string;
  readonly from: number;
  readonly rows: readonly CurveRow[];
  /** Ticks so far. */
  readonly ticks: number;
  /** Ticks that a full bucket holds. */
  readonly perRow: number;
  readonly warnings: readonly Raised[];
  /** What could not be read, a sentence each. */
  readonly problems: readonly string[];
}

/** A layer as the plan shows it. */
export interface PlanLayer {
  readonly path: string;
  readonly type: string;
  /** Shape of one sample. */
  readonly output: readonly number[];
  readonly parameters: number;
}

export interface PlanNetwork {
  readonly parameters: number;
  readonly layers: readonly PlanLayer[];
}

/** One operation of a network as it runs, in texts. */
export interface PlanOperation {
  /** The layers that it does the work of. */
  readonly layers: string;
  readonly output: string;
  /** Arithmetic of a forward pass; empty where there is none to speak of. */
  readonly forward: string;
  readonly rewrites: readonly string[];
}

/** How a run's steps are carried out, in texts. */
export interface PlanSteps {
  readonly facts: Readonly<Record<string, string>>;
  readonly generator: readonly PlanOperation[];
  readonly discriminator: readonly PlanOperation[];
  /** What would have been less work, and why it is not done. Without layers: of the whole step. */
  readonly notDone: readonly {
    readonly rewrite: string;
    readonly reason: string;
    readonly layers: readonly string[];
  }[];
}

/** What a run does, and how it ended. */
export interface RunPlanView {
  readonly config: Readonly<Record<string, unknown>>;
  readonly summary: Readonly<Record<string, unknown>> | null;
  readonly generator: PlanNetwork;
  readonly discriminator: PlanNetwork;
  /** What the generator takes: numbers of noise, classes, codes. */
  readonly latent: { readonly noise: number; readonly classes: number; readonly codes: number };
  /** What the classes are called; null where the data did not say. */
  readonly classNames: readonly string[] | null;
  /** Whether it keeps a moving average of the generator. */
  readonly averaged: boolean;
  /** Whether the generator has styles. */
  readonly styled: boolean;
  /** null before its first steps, and for runs of versions that did not record it. */
  readonly steps: PlanSteps | null;
  /** What could not be read, a sentence each. */
  readonly problems: readonly string[];
}

/** A point between the latents of two seeds. */
export interface LatentPoint {
  /** Seed of its noise at t = 0. */
  readonly from: number;
  /** Seed at t = 1. @default from */
  readonly to?: number;
  /** The share of the way from `from` to `to`, 0 to 1. @default 0 */
  readonly t?: number;
  /** Class, where there are classes. @default 0 */
  readonly label?: number;
  /** A number for each code, where there are codes. @default zeros */
  readonly codes?: readonly number[];
}

/** Samples that the explorer asks for; the answer is a PNG of them side by side without padding. */
export interface ExploreRequest {
  readonly run: string;
  /** A checkpoint; the newest if null. */
  readonly step: number | null;
  /** The weights of the step itself where the run keeps their average. */
  readonly raw: boolean;
  readonly method: "spherical" | "linear";
  readonly points: readonly LatentPoint[];
  /** How far styles are from their mean, where the generator has styles. @default 1 */
  readonly truncationPsi?: number;
}

/** The most points of a request. */
export const mostPoints = 64;
/** The most runs whose curves a page follows. */
export const mostFollowed = 32;
