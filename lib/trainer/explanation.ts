// What is told of a trainer's steps.
import type { inspect } from "node:util";
import type { NativeExplanation } from "./native-plan.js";

/** Something that would have been less work, and why it is not done. */
export interface Refusal {
  /** The rewrite that was not made, by its name in the table. */
  readonly rewrite: string;
  /** Why not. */
  readonly reason: string;
}

/** One operation of a network as it runs. */
export interface ExplainedOperation {
  /** The layers that it does the work of, by their keys in the state dict. */
  readonly layers: readonly string[];
  /** Shape of one sample of its output. */
  readonly output: readonly number[];
  /**
   * Floating-point operations of one forward pass of the batch in training: two for a
   * multiplication with its addition. A mapping whose styles are mixed makes two w in every pass,
   * whichever of them are seen then: its operations count both.
   */
  readonly flops: number;
  /** The rewrites that made it. */
  readonly rewrites: readonly string[];
  /** What was not done to it, and why. */
  readonly refusals: readonly Refusal[];
}

/** How a trainer's steps are carried out, and what there is to do in one. */
export interface StepPlan {
  /**
   * `eager`: PyTorch's operations; `rewritten`: fewer ones, by autograd; `planned`: a list of calls
   * into buffers that stay, without a graph; `replayed`: recorded on a GPU, and one launch.
   */
  readonly kind: NativeExplanation["kind"];
  /** Reals a batch. */
  readonly batchSize: number;
  /** Parts in which a batch is worked on, one after the other. */
  readonly accumulate: number;
  /** Weights of each network that stay as they are, by their keys in the state dict. */
  readonly frozen: {
    readonly generator: readonly string[];
    readonly discriminator: readonly string[];
  };
  /** Reals and fakes go through the discriminator together. */
  readonly onePass: boolean;
  /**
   * What is done to the step as a whole, such as one look at fakes that both updates learn from.
   */
  readonly rewrites: readonly string[];
  /** Its forward pass, in order. */
  readonly generator: readonly ExplainedOperation[];
  /** Its forward pass, in order. */
  readonly discriminator: readonly ExplainedOperation[];
  /** What is not done to the step as a whole. */
  readonly refusals: readonly Refusal[];
  /**
   * Floating-point operations of a step's products and convolutions, all its updates and passes.
   */
  readonly flops: number;
  /**
   * Bytes that a step reads and writes at least: outputs of layers, both ways, and the optimizers'
   * state.
   */
  readonly bytes: number;
  /**
   * Bytes of the outputs that the larger of the two updates holds until its backward pass, with
   * ADA's finer grid where that is more: a lower bound.
   */
  readonly buffers: number;
}

/**
 * How a trainer's steps are carried out, with the shortest time that one can take on this machine.
 */
export interface Explanation extends StepPlan {
  /**
   * What this machine can do, measured for this answer, and the shortest time that leaves for a
   * step.
   */
  readonly floor: {
    /** Floating-point operations a second, of a large matrix product. */
    readonly flopsPerSecond: number;
    /** Bytes a second, of a large copy. */
    readonly bytesPerSecond: number;
    /** The longer of the two: arithmetic alone, memory alone. */
    readonly milliseconds: number;
  };
  /** The explanation as a table for a terminal. */
  toString(): string;
  /** @internal */
  [inspect.custom](): string;
}
