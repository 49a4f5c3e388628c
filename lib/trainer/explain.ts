// What a trainer's steps do, and what they cost: the plan of native code with the sizes of the architecture.
import type { ResolvedLayer } from "../layers/layer.js";
import { layerKinds } from "../layers/table.js";
import type {
  NativeCeiling,
  NativeExplanation,
  NativeOperation,
  NativeRewrite,
  RewriteId,
} from "../native.js";
import { product } from "../shape.js";
import { formatExplanation } from "./explanation-text.js";
import type { TrainerSettings } from "./options.js";
import { rowsAtOnce } from "./parts.js";
import { bufferBytes, type Passes, passesOf, trafficBytes } from "./cost.js";

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
  /** Floating-point operations of one forward pass of the batch: two for a multiplication with its addition. */
  readonly flops: number;
  /** The rewrites that made it. */
  readonly rewrites: readonly string[];
  /** What was not done to it, and why. */
  readonly refusals: readonly Refusal[];
}

/** How a trainer's steps are carried out, and what there is to do in one. */
export interface StepPlan {
  /**
   * `eager`: PyTorch's operations; `rewritten`: fewer ones, by autograd; `planned`: a list of calls into buffers that
   * stay, without a graph; `replayed`: recorded on a GPU, and one launch.
   */
  readonly kind: NativeExplanation["kind"];
  /** Reals a batch. */
  readonly batchSize: number;
  /** Parts in which a batch is worked on, one after the other. */
  readonly accumulate: number;
  /** Reals and fakes go through the discriminator together. */
  readonly onePass: boolean;
  /** Its forward pass, in order. */
  readonly generator: readonly ExplainedOperation[];
  /** Its forward pass, in order. */
  readonly discriminator: readonly ExplainedOperation[];
  /** What is not done to the step as a whole. */
  readonly refusals: readonly Refusal[];
  /** Floating-point operations of a step's products and convolutions, all its updates and passes. */
  readonly flops: number;
  /** Bytes that a step reads and writes at least: outputs of layers, both ways, and the optimizers' state. */
  readonly bytes: number;
  /** Bytes of the outputs that the larger of the two updates holds until its backward pass: a lower bound. */
  readonly buffers: number;
}

/** The same, with the shortest time that it can take on this machine. */
export interface Explanation extends StepPlan {
  /** What this machine can do, measured for this answer, and the shortest time that leaves for a step. */
  readonly floor: {
    /** Floating-point operations a second, of a large matrix product. */
    readonly flopsPerSecond: number;
    /** Bytes a second, of a large copy. */
    readonly bytesPerSecond: number;
    /** The longer of the two: arithmetic alone, memory alone. */
    readonly milliseconds: number;
  };
  /** The same for a terminal. */
  toString(): string;
}

/** Puts what native code does and what that costs together. */
export function planSteps(
  settings: TrainerSettings,
  batchSize: number,
  told: NativeExplanation,
): StepPlan {
  const { generator, discriminator } = settings;
  const operations = {
    generator: explainNetwork(generator.resolved.layers, told.generator, batchSize),
    discriminator: explainNetwork(discriminator.resolved.layers, told.discriminator, batchSize),
  };
  const { kind, onePass, refusals } = told;
  const passes = passesOf(settings, kind);
  const flops =
    flopsOf(operations.generator, passes.generator) +
    flopsOf(operations.discriminator, passes.discriminator);
  const bytes = trafficBytes(settings, batchSize, kind);
  const buffers = bufferBytes(settings, rowsAtOnce(settings, batchSize));
  const { accumulate } = settings;
  return { kind, batchSize, accumulate, onePass, ...operations, refusals, flops, bytes, buffers };
}

/** Holds a plan against what the machine can do. */
export function explain(plan: StepPlan, ceiling: NativeCeiling): Explanation {
  const seconds = Math.max(plan.flops / ceiling.flops, plan.bytes / ceiling.bytes);
  return {
    ...plan,
    floor: {
      flopsPerSecond: ceiling.flops,
      bytesPerSecond: ceiling.bytes,
      milliseconds: 1000 * seconds,
    },
    toString() {
      return formatExplanation(this);
    },
  };
}

function flopsOf(operations: readonly ExplainedOperation[], passes: Passes): number {
  const all = operations.reduce((total, { flops }) => total + flops, 0);
  const first = operations.find(({ flops }) => flops > 0)?.flops ?? 0;
  return passes.all * all - passes.withoutFirst * first;
}

/** Without a plan, each layer by itself. */
function explainNetwork(
  layers: readonly ResolvedLayer[],
  plan: readonly NativeOperation[],
  batchSize: number,
): ExplainedOperation[] {
  const byPath = new Map<string, ResolvedLayer>();
  collect(layers, byPath);
  const operations = plan.length > 0 ? plan : [...leaves(layers)].map(asOperation);
  return operations.map((operation) => {
    const parts = operation.layers.map((path) => byPath.get(path) as ResolvedLayer);
    const multiplications = parts.reduce((total, layer) => total + multiplicationsOf(layer), 0);
    return {
      ...operation,
      rewrites: operation.rewrites.map(({ name }) => name),
      output: (parts.at(-1) as ResolvedLayer).output,
      flops: 2 * batchSize * multiplications * shareOf(operation.rewrites, parts),
    };
  });
}

function collect(layers: readonly ResolvedLayer[], into: Map<string, ResolvedLayer>): void {
  for (const layer of layers) {
    into.set(layer.path, layer);
    collect(layer.layers, into);
  }
}

/** Layers that run by themselves: not what holds others, but for one that changes how its layer computes. */
function* leaves(layers: readonly ResolvedLayer[]): Generator<ResolvedLayer> {
  for (const layer of layers) {
    const holds = layer.layers.length > 0 && layer.type !== "spectralNorm";
    if (holds) yield* leaves(layer.layers);
    else yield layer;
  }
}

function asOperation({ path }: ResolvedLayer): NativeOperation {
  return { layers: [path], rewrites: [], refusals: [] };
}

/** Those of one sample. What joins branches has none of its own: they are operations by themselves. */
function multiplicationsOf(layer: ResolvedLayer): number {
  const own = layerKinds.get(layer.type)?.multiplications;
  if (own !== undefined) return own(layer);
  return layer.type === "spectralNorm"
    ? layer.layers.reduce((n, one) => n + multiplicationsOf(one), 0)
    : 0;
}

/** The share of its layers' multiplications that an operation is left with. */
type Share = (layers: readonly ResolvedLayer[]) => number;

const unchanged: Share = () => 1;

/** What each rewrite leaves of the multiplications. */
const shares: Readonly<Record<RewriteId, Share>> = {
  pointwiseBeforeUpsample: ([up]) => pixels(up?.input) / pixels(up?.output),
  pointwiseAfterPool: (layers) =>
    pixels(layers.find(({ type }) => type === "avgPool2d")?.output) / pixels(layers[0]?.input),
  upsampleConv: () => 16 / 36,
  convPool: () => 16 / 36,
  halving: () => 9 / 16,
  sameConv: () => 4 / 9,
  firstTransposed: unchanged,
  narrowConv: unchanged,
  linearProduct: unchanged,
  sampleNorm: unchanged,
  pixelNorm: unchanged,
  biasNorm: unchanged,
  normActivation: unchanged,
};

function shareOf(rewrites: readonly NativeRewrite[], layers: readonly ResolvedLayer[]): number {
  return rewrites.reduce((share, { id }) => share * shares[id](layers), 1);
}

function pixels(shape: readonly number[] = []): number {
  return product(shape.slice(1));
}
