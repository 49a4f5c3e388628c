// What the addon has for metrics. Matrices are row by row; `shape` is [samples, width] of the one
// before it.
import type { ResolvedLayer } from "../layers/layer.js";
import type { NativeDataset } from "../data/native.js";
import type {
  NativeNetwork,
  NativeOptimizer,
  NativeSampleRequest,
  NativeStop,
  WeightData,
} from "../native.js";

export interface NativeMoments {
  /** [width] */
  readonly mean: Float64Array;
  /** [width, width], divided by samples − 1 */
  readonly covariance: Float64Array;
}

/** Numbers in either precision. */
export type Decimals = Float32Array | Float64Array;

/** A mean over points, in nats. */
export interface NativeEstimate {
  readonly mean: number;
  readonly standardError: number;
}

/** Rows of `dimensions` numbers, side by side. */
export interface NativeParzenTask {
  readonly samples: Float32Array;
  /** Values of the samples that are brought to 0 and 1. */
  readonly black: number;
  readonly white: number;
  /** Cuts off there what is beyond. */
  readonly clip: boolean;
  readonly validation?: Float32Array | undefined;
  readonly test: Float32Array;
  readonly dimensions: number;
  /** One of them where there are no validation points. */
  readonly sigmas: Float64Array;
}

export interface NativeParzen {
  /** On the validation points, for each sigma; empty without them. */
  readonly tried: readonly NativeEstimate[];
  /** Which sigma was best there; 0 without them. */
  readonly best: number;
  readonly test: NativeEstimate;
}

export interface NativeKernelOptions {
  readonly subsets: number;
  readonly subsetSize: number;
  readonly degree: number;
  readonly gamma: number;
  readonly offset: number;
  readonly seed: number;
}

export interface NativeCovering {
  readonly precision: number;
  readonly recall: number;
  readonly density: number;
  readonly coverage: number;
}

/** What a feature network takes. */
export interface NativeFeatureInput {
  readonly channels: number;
  /** 0: whatever the images have. */
  readonly size: number;
  readonly black: number;
  readonly white: number;
  /** Whether it takes uint8 and not float32. */
  readonly bytes: boolean;
  /** Each channel is an image of its own; their features stand side by side. */
  readonly eachChannel: boolean;
}

/** How a classifier is trained. */
export interface NativeClassifierRecipe {
  readonly optimizer: NativeOptimizer;
  readonly batchSize: number;
  readonly steps: number;
  /** Pixels that an image is moved by at most. */
  readonly shift: number;
  readonly seed: number;
}

export interface NativeSeen {
  /** [samples, width] */
  readonly features: Float32Array;
  readonly width: number;
  readonly logits?: Float32Array | undefined;
}

export interface NativeFeatureNetwork {
  /** Values of −1 to 1. */
  ofImages(images: Float32Array, shape: readonly number[], stop?: NativeStop): Promise<NativeSeen>;
  /** Drawn without replacement. */
  ofDataset(
    dataset: NativeDataset,
    count: number,
    seed: number,
    stop?: NativeStop,
  ): Promise<NativeSeen>;
  ofGenerator(
    network: NativeNetwork,
    black: number,
    white: number,
    request: NativeSampleRequest,
    stop?: NativeStop,
  ): Promise<NativeSeen>;
  dispose(): void;
}

export interface NativeMetrics {
  torchScript(
    path: string,
    name: string,
    input: NativeFeatureInput,
    device: string,
  ): Promise<NativeFeatureNetwork>;
  /** All but the last layer make the features, and that makes the logits of them. */
  classifier(
    layers: readonly ResolvedLayer[],
    weights: readonly WeightData[],
    input: NativeFeatureInput,
    device: string,
  ): Promise<NativeFeatureNetwork>;
  /** Resolves with the loss of the last step. */
  trainClassifier(
    network: NativeNetwork,
    dataset: NativeDataset,
    recipe: NativeClassifierRecipe,
  ): Promise<number>;
  /** An estimate each subset. */
  kernelDistances(
    real: Decimals,
    realShape: readonly number[],
    generated: Decimals,
    generatedShape: readonly number[],
    options: NativeKernelOptions,
  ): Promise<Float64Array>;
  neighbourhoods(
    real: Decimals,
    realShape: readonly number[],
    generated: Decimals,
    generatedShape: readonly number[],
    neighbours: number,
  ): Promise<NativeCovering>;
  /** A score each split. */
  inceptionScores(
    logits: Decimals,
    shape: readonly number[],
    splits: number,
  ): Promise<Float64Array>;
  /** Samples of each class. */
  classCounts(logits: Decimals, shape: readonly number[]): Promise<Float64Array>;
  moments(features: Decimals, shape: readonly number[]): Promise<NativeMoments>;
  frechetDistance(a: NativeMoments, b: NativeMoments): Promise<number>;
  /** The log-likelihood of points under the Parzen window of samples. */
  parzen(task: NativeParzenTask): Promise<NativeParzen>;
}
