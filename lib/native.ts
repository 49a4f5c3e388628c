// Everything that the native addon shows to JavaScript, as one interface. Arguments are plain and
// already checked; promises settle on the JavaScript thread after the engine thread did the work.
import type { ResolvedLayer } from "./layers/kind.js";

export interface TensorData {
  readonly name: string;
  readonly dtype: "float32" | "float64" | "int64" | "uint8";
  readonly shape: number[];
  readonly data: Uint8Array;
}

export interface NativeNetwork {
  /** Runs it on a batch in evaluation mode. */
  forward(values: Float32Array, shape: number[]): Promise<Float32Array>;
  /** A generator's samples from latents drawn by a stream of their own. */
  sample(latent: NativeLatent, count: number, seed: number): Promise<Float32Array>;
  state(): Promise<TensorData[]>;
  load(tensors: TensorData[]): Promise<void>;
  /** Resolves when the initial weights are there; rejects if they could not be made. */
  ready(): Promise<void>;
  dispose(): void;
}

export interface NativeLatent {
  readonly noise: number;
  readonly classes: number;
  readonly codes: number;
}

export interface NativeDataset {
  readonly size: number;
  /** The chosen images, as values of 0 to 1. */
  read(start: number, count: number): Promise<Float32Array>;
  dispose(): void;
}

export interface NativeReport {
  readonly step: number;
  /** Steps of this call; a call that failed may have done some too. */
  readonly steps: number;
  readonly images: number;
  readonly generatorLoss: number;
  readonly discriminatorLoss: number;
  /** Seconds the steps took, without waiting. */
  readonly seconds: number;
}

export interface NativeTrainerOptions {
  readonly objective: string;
  /** What the discriminator's output is. */
  readonly scores: "probability" | "logit";
  readonly latent: NativeLatent;
  readonly generatorOptimizer: NativeAdam;
  readonly discriminatorOptimizer: NativeAdam;
  readonly execution: "eager" | "fused";
}

export interface NativeAdam {
  readonly lr: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
}

export interface NativeTrainer {
  /** Resolves after `steps` steps, or fewer if stopped; null if stopped before the first. */
  run(dataset: NativeDataset, batchSize: number, steps: number): Promise<NativeReport | null>;
  /** Ends a running run at the next step boundary. */
  stop(): void;
  dispose(): void;
}

export interface NativeGrid {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

export interface NativeAddon {
  /** The libtorch that it was compiled against, `2.13.0`. */
  readonly libtorchVersion: string;
  /** The file of the libtorch that the process loaded. */
  readonly libtorchFile: string;
  readonly Network: new (
    layers: readonly ResolvedLayer[],
    device: string,
    seed: number | undefined,
    bytes: number,
  ) => NativeNetwork;
  readonly Trainer: new (
    generator: NativeNetwork,
    discriminator: NativeNetwork,
    options: NativeTrainerOptions,
    bytes: number,
  ) => NativeTrainer;
  /** Copies and, if they have another size, resizes them. */
  createDataset(
    images: Uint8Array,
    shape: number[],
    height: number,
    width: number,
    device: string,
  ): Promise<NativeDataset>;
  renderGrid(
    images: Float32Array,
    shape: number[],
    columns: number,
    padding: number,
    normalize: boolean,
  ): Promise<NativeGrid>;
  /** Bytes outside its heap that V8 has been told of, ours and others'. */
  externalMemory(): number;
  /** How many CUDA devices can be used, or why none. */
  devices(): { cuda: number; cudaOff: string | null };
  threads(): Promise<number>;
  setThreads(count: number): Promise<void>;
  /** Stops the engine thread at the next step boundary and waits for it. Idempotent. */
  shutdown(): void;
}
