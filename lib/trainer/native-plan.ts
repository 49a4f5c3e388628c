// What the addon tells of a step's plan: the operations of both networks, and what became of them.

/** A rewrite that was not made, with the reason. */
export interface NativeRefusal {
  readonly rewrite: string;
  readonly reason: string;
}

/** A rewrite of a step as a whole: native/core/step/one_look.h and dense/dense_step.cc. */
export type StepRewriteId = "oneLook" | "seenPoints" | "between" | "ada";

/** A rewrite of one layer, or of neighbours: native/core/step/plan.cc. */
export type RewriteId =
  | "pointwiseBeforeUpsample"
  | "pointwiseAfterPool"
  | "upsampleConv"
  | "convPool"
  | "firstTransposed"
  | "halving"
  | "sameConv"
  | "bfloat16Conv"
  | "narrowConv"
  | "pixelProduct"
  | "convDerivatives"
  | "linearProduct"
  | "maxout"
  | "sampleNorm"
  | "conditionalNorm"
  | "pixelNorm"
  | "pairwise"
  | "modulation"
  | "modulationNoise"
  | "modulationActivation"
  | "blur"
  | "biasNorm"
  | "normActivation"
  | "batchNorm"
  | "piecewiseLinear";

/** A rewrite that was made: what arithmetic is counted by, and a name that is only shown. */
export interface NativeRewrite<Id extends string = RewriteId> {
  readonly id: Id;
  readonly name: string;
}

/** One operation of a network as it runs. */
export interface NativeOperation {
  readonly layers: readonly string[];
  readonly rewrites: readonly NativeRewrite[];
  readonly refusals: readonly NativeRefusal[];
}

export interface NativeExplanation {
  readonly kind: "eager" | "rewritten" | "planned" | "replayed";
  readonly onePass: boolean;
  readonly rewrites: readonly NativeRewrite<StepRewriteId>[];
  readonly refusals: readonly NativeRefusal[];
  /** Operations in order; empty where layers run as they are. */
  readonly generator: readonly NativeOperation[];
  /** Operations in order; empty where layers run as they are. */
  readonly discriminator: readonly NativeOperation[];
}
