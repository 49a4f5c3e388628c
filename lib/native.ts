// Everything that the native addon shows to JavaScript, as one interface. Arguments are plain and
// already checked; promises settle on the JavaScript thread after the engine thread did the work.
import type { ResolvedLayer } from "./layers/layer.js";
import type { NativeMetrics } from "./metrics/native.js";
import type { PixelRange } from "./pixel-range.js";
import type { Floats } from "./arrays.js";
import type { NativeData, NativeDataset, NativeFeed } from "./data/native.js";
import type { NativeGroup, NativeMeeting } from "./distributed/native.js";
import type { Health } from "./trainer/health.js";
import type { NativeExplanation } from "./trainer/native-plan.js";

export interface TensorData {
  readonly name: string;
  readonly dtype: "float32" | "float64" | "int64" | "uint8";
  readonly shape: number[];
  readonly data: Uint8Array;
}

/** A tensor of a network's state, in a dtype that its own can be made of. */
export interface WeightData extends Omit<TensorData, "dtype"> {
  readonly dtype: TensorData["dtype"] | "float16" | "bfloat16";
}

export interface NativeNetworkOptions {
  readonly layers: readonly ResolvedLayer[];
  readonly device: string;
  /** Where the stream of first weights starts; undefined: it goes on where the last one's ended. */
  readonly seed?: number | undefined;
  /** Memory that V8 is told of. */
  readonly bytes: number;
  /** What draws weights anew after torch.nn's own; undefined: nothing does. */
  readonly init?: NativeChoice | undefined;
  /** The network whose weights are copied; nothing is drawn then. */
  readonly template?: NativeNetwork | undefined;
}

/** What ends work in parts before the next of them: it then rejects with ERR_STOPPED. */
export interface NativeStop {
  stop(): void;
}

export interface NativeNetwork {
  /**
   * Runs it on a batch in evaluation mode; a conditional network takes a label a sample. `fused`:
   * by the rewrites of fused execution. `averages`: only the mean of what it makes of each sample.
   * `truncationPsi`: of styles; 1 for none.
   */
  forward(
    values: Float32Array,
    shape: number[],
    labels: Int32Array | undefined,
    manner: {
      readonly fused: boolean;
      readonly averages: boolean;
      readonly truncationPsi: number;
    },
    stop?: NativeStop,
  ): Promise<Floats>;
  /** A generator's samples. */
  sample(
    request: NativeSampleRequest,
    manner: { readonly fused: boolean },
    stop?: NativeStop,
  ): Promise<Floats>;
  state(): Promise<TensorData[]>;
  /**
   * Resolves with the positions of those that notFinite() finds; nothing is loaded then. Those that
   * lie in memory of their own must not be written to until it has.
   */
  load(tensors: readonly WeightData[]): Promise<number[]>;
  /** Resolves when the initial weights are there; rejects if they could not be made. */
  ready(): Promise<void>;
  dispose(): void;
}

export interface NativeLatent {
  readonly noise: number;
  readonly classes: number;
  readonly codes: number;
  /** The label stands between noise and codes as one-hot; else layers embed it. */
  readonly oneHot: boolean;
  /** The noise is from U(−√3, √3), else from N(0, 1). */
  readonly uniform: boolean;
}

/** What one wants to see of a generator. What is not given is drawn by a stream of its own. */
export interface NativeSampleRequest {
  readonly latent: NativeLatent;
  readonly count: number;
  readonly seed: number;
  /** [count] */
  readonly labels?: Int32Array | undefined;
  /** [count, codes] */
  readonly codes?: Float32Array | undefined;
  /** [count, noise] */
  readonly noise?: Float32Array | undefined;
  /** Of noise that is drawn; 0 for none. */
  readonly truncation: number;
  /** Of styles; 1 for none. */
  readonly truncationPsi: number;
}

export interface NativeReport {
  readonly step: number;
  /** Steps of this call; a call that failed may have done some too. */
  readonly steps: number;
  /** Reals shown to the discriminator, over all the batches of each step. */
  readonly images: number;
  /** Of the last batch, from 0. */
  readonly epoch: number;
  readonly generatorLoss: number;
  readonly discriminatorLoss: number;
  /** What penalties are of each loss; there where the player has any. */
  readonly generatorPenalty?: number | undefined;
  readonly discriminatorPenalty?: number | undefined;
  /** Of the last update of each. */
  readonly generatorLearningRate: number;
  readonly discriminatorLearningRate: number;
  /** Seconds the steps took, without waiting. */
  readonly seconds: number;
  /** How the players did in the last step; null for a call that was stopped before it. */
  readonly health: NativeHealth | null;
  /** The call was stopped; where ranks train together all were, after the same step. */
  readonly stopped: boolean;
}

/** How the two players were doing in a step. */
export interface NativeHealth extends Health {
  /** Whether all weights of both are. */
  readonly finite: boolean;
}

/** A row of a native table: every option of its type is there, and 0 stands for none. */
export interface NativeChoice {
  readonly type: string;
  readonly options: Readonly<Record<string, number | boolean | string | readonly number[]>>;
}

export interface NativeOptimizer extends NativeChoice {
  readonly schedule: NativeChoice;
  /** 0: no clipping. */
  readonly clipGradNorm: number;
  readonly clipGradValue: number;
}

/** Who a trainer trains. */
export interface NativePlayers {
  readonly generator: NativeNetwork;
  readonly discriminator: NativeNetwork;
  /** The generator that holds the average. */
  readonly ema?: NativeNetwork | undefined;
  /** The ranks that train them together. */
  readonly group?: NativeGroup | undefined;
}

export interface NativeTrainerOptions {
  readonly objective: NativeChoice;
  /** Those of the discriminator's loss. */
  readonly penalties: readonly NativeChoice[];
  /** That of the generator's. */
  readonly pathLength: NativeChoice | null;
  readonly auxiliaries: readonly NativeChoice[];
  /** What the discriminator's score is. */
  readonly scores: "probability" | "logit" | "energy";
  readonly latent: NativeLatent;
  /** What black and white are to both. */
  readonly black: number;
  readonly white: number;
  /** The discriminator takes labels. */
  readonly conditional: boolean;
  /** Widths of the discriminator's other heads, 0 for none. */
  readonly heads: { readonly classes: number; readonly codes: number };
  readonly generatorOptimizer: NativeOptimizer;
  readonly discriminatorOptimizer: NativeOptimizer;
  /** The keys of weights that stay as they are. */
  readonly frozenInGenerator: readonly string[];
  readonly frozenInDiscriminator: readonly string[];
  readonly order: "generatorFirst" | "discriminatorFirst";
  readonly fakes: "same" | "fresh";
  readonly discriminatorSteps: number;
  readonly generatorSteps: number;
  /** Parts in which a batch is worked on, one after the other. */
  readonly accumulate: number;
  readonly ema: { readonly decay: number; readonly rampUp: number } | null;
  readonly diffAugment: readonly string[];
  readonly ada: NativeAda | null;
  readonly execution: "eager" | "fused";
  readonly precision: "float32" | "tf32" | "bfloat16";
  /** Rows of a batch that a part, or a rank by itself, trains on at least. */
  readonly fewestRows: number;
  /** Ranks normalise batches together. */
  readonly syncBatchNorm: boolean;
  readonly reducePrecision: "float32" | "bfloat16";
}

/** Adaptive discriminator augmentation. */
export interface NativeAda {
  /** [channels, height, width] */
  readonly image: readonly number[];
  readonly transforms: readonly string[];
  readonly p: number;
  readonly fixed: boolean;
  readonly target: number;
  /** The score that says neither real nor fake. */
  readonly middle: number;
  readonly interval: number;
  readonly kimg: number;
}

/** What keeps CUDA off: libtorch's build, the driver, or the machine. */
export type CudaObstacle = "cpuBuild" | "noDriver" | "unloadable" | "noGpu";

/**
 * What a device can do at best, a second: floating-point operations, and bytes read and written.
 */
/** One call of ours beside libtorch's for the same values: for the benchmark. */
export interface NativeContest {
  readonly group: string;
  readonly name: string;
  /** By the definition; two for a multiplication with its addition. */
  readonly flops: number;
}

export interface NativeOutcome {
  /** Seconds a call, one number for each turn. */
  readonly ours: number[];
  readonly theirs: number[];
  /** Against float64: root mean squares, relative to that of the values. */
  readonly ourError: number;
  readonly theirError: number;
}

export interface NativeCeiling {
  readonly flops: number;
  readonly bytes: number;
}

/** Everything that training changes, as it is between two steps. */
export interface NativeSnapshot {
  /**
   * `generator.<key>`, `discriminator.<key>`, `ema.<key>`, `optimizer.<player>.<state>.<key>`,
   * `random.<device type>`, `sampler.permutation`, `losses`. The place in a feed is in `counts`.
   */
  readonly tensors: readonly TensorData[];
  readonly counts: Readonly<Record<string, number>>;
  /** Update counts of each parameter, by player. */
  readonly parameterUpdates: Readonly<Record<string, readonly number[]>>;
  /**
   * Fingerprint of the dataset, or a feed's identity, in 16 hexadecimal digits; zeros before the
   * first step.
   */
  readonly data: string;
}

/** How a trainer goes through its data. */
export interface NativeRunOptions {
  readonly steps: number;
  readonly batchSize: number;
  /** What is left of an epoch is left out, where that is no whole batch. */
  readonly dropLast: boolean;
  /** Each image of a batch is mirrored from left to right, or is not: as it is drawn. */
  readonly horizontalFlip: boolean;
}

export interface NativeTrainer {
  snapshot(): Promise<NativeSnapshot>;
  /** `keepsWeights`: the networks are those that it was taken of, and are left as they are. */
  restore(snapshot: NativeSnapshot, keepsWeights: boolean): Promise<void>;
  explain(): Promise<NativeExplanation>;
  /**
   * Takes all that training changes over from rank 0; resolves with the steps done. All ranks do it
   * together.
   */
  followRank0(): Promise<number>;
  /** Rejects where a rank is not where rank 0 is. All ranks do it together. */
  checkEqual(): Promise<void>;
  /**
   * Resolves after `steps` steps, or fewer if stopped or the feed is closed; null if that was
   * before the first. A feed knows its batch size.
   */
  run(data: NativeDataset | NativeFeed, options: NativeRunOptions): Promise<NativeReport | null>;
  /** Ends a running run at the next step boundary. */
  stop(): void;
  dispose(): void;
}

export interface NativeGridOptions {
  readonly columns: number;
  /** Pixels between images. */
  readonly padding: number;
  /** Stretches values from black to white of the range, else from the smallest to the largest. */
  readonly normalize: boolean;
  readonly range?: PixelRange | undefined;
}

export interface NativeGrid {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

export interface NativeAddon extends NativeData {
  /** The libtorch that it was compiled against, `2.13.0`. */
  readonly libtorchVersion: string;
  /** The file of the libtorch that the process loaded. */
  readonly libtorchFile: string;
  readonly Network: new (options: NativeNetworkOptions) => NativeNetwork;
  readonly Stop: new () => NativeStop;
  /** V8 is told of `bytes` that it holds beside its players. */
  readonly Trainer: new (
    players: NativePlayers,
    options: NativeTrainerOptions,
    bytes: number,
  ) => NativeTrainer;
  joinGroup(meeting: NativeMeeting): Promise<NativeGroup>;
  renderGrid(
    images: Float32Array,
    shape: number[],
    options: NativeGridOptions,
  ): Promise<NativeGrid>;
  /**
   * Frees what state() and snapshot() gave, which is empty then: native memory, of which V8 would
   * know when it collects them, and whoever counts it before.
   */
  release(tensors: readonly TensorData[]): void;
  /** The positions of tensors that hold NaN or infinity, or would as float32. */
  notFinite(tensors: readonly WeightData[]): Promise<number[]>;
  readonly metrics: NativeMetrics;
  /** Bytes outside its heap that V8 has been told of, ours and others'. */
  externalMemory(): number;
  /** How many CUDA devices can be used, or why none. */
  devices(): { cuda: number; cudaOff: string | null };
  /** What kind of reason `cudaOff` is; null if CUDA can be used. */
  cudaObstacle(): CudaObstacle | null;
  /** Why GPUs train without our own kernels and CUDA graphs, `cudaOff` included; null if with them. */
  acceleratorOff(): string | null;
  /** Why ranks cannot train on GPUs; null if they can. */
  gpuRanksOff(): string | null;
  /** Bytes that can still be allocated there. */
  availableMemory(device: string): number;
  /** Whether an open file or folder is now locked by this process alone, until it is closed. */
  tryLock(descriptor: number): boolean;
  /** How many times as long as in float32 a product in bfloat16 takes on the CPU. */
  bfloat16Cost(): Promise<number>;
  ceiling(device: string, precision: string): Promise<NativeCeiling>;
  /** Those that this processor and libtorch can hold. */
  contests(): NativeContest[];
  /** Each side has so many turns, of at least so many seconds; the place is that in contests(). */
  holdContest(place: number, turns: number, seconds: number): Promise<NativeOutcome>;
  /**
   * Multiplications of one image in a batch of so many, for each pair of channels, that a rewrite
   * by tiles is left with; height and width are those of the smaller of its images.
   */
  tileProducts(
    rewrite: "halving" | "sameConv",
    batch: number,
    height: number,
    width: number,
  ): number;
  memoryStats(): { tensors: number; bytes: number; spareBytes: number };
  /** Names of the precisions that the device can do. */
  precisions(device: string): string[];
  threads(): Promise<number>;
  setThreads(count: number): Promise<void>;
  limitThreads(most: number): Promise<void>;
  /**
   * Stops the engine thread at the next step boundary, as the end of a process does; what is
   * pending never settles. For tests. Idempotent.
   */
  shutdown(): void;
}
