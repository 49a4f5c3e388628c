// What a trainer's steps do, and what they cost: the plan of native code with the sizes of the
// architecture.
import { inspect } from "node:util";
import { addon, direct } from "../addon.js";
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
import type { ExplainedOperation, Explanation, StepPlan } from "./explanation.js";
import { formatExplanation } from "./explanation-text.js";
import type { TrainerSettings } from "./options.js";
import { rowsAtOnce } from "./parts.js";
import { bentLayers, bufferBytes, type Passes, passesOf, trafficBytes } from "./cost.js";

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
  const passes = passesOf(settings, told);
  const bent = new Map<string, ResolvedLayer>();
  collect(bentLayers(discriminator.resolved.layers, told), bent);
  const flops =
    flopsOf(operations.generator, passes.generator) +
    flopsOf(operations.discriminator, passes.discriminator, bent);
  const bytes = trafficBytes(settings, batchSize, told);
  const buffers = bufferBytes(settings, rowsAtOnce(settings, batchSize));
  const rewrites = told.rewrites.map(({ name }) => name);
  const facts = { kind, batchSize, accumulate: settings.accumulate, onePass, rewrites };
  return { ...facts, ...operations, refusals, flops, bytes, buffers };
}

/** Holds a plan against what the machine can do. */
export function explain(plan: StepPlan, ceiling: NativeCeiling): Explanation {
  const seconds = Math.max(plan.flops / ceiling.flops, plan.bytes / ceiling.bytes);
  const floor = {
    flopsPerSecond: ceiling.flops,
    bytesPerSecond: ceiling.bytes,
    milliseconds: 1000 * seconds,
  };
  return Object.assign(Object.create(asText), { ...plan, floor });
}

/** Not a part of the answer itself, which may be copied, compared and sent to another thread. */
const asText = {
  toString(this: Explanation): string {
    return formatExplanation(this);
  },
  [inspect.custom](this: Explanation): string {
    return this.toString();
  },
};

/** @param bent by their paths, the layers up to the last that bends @default none */
function flopsOf(
  operations: readonly ExplainedOperation[],
  { all, withoutFirst, upToBend }: Passes,
  bent: ReadonlyMap<string, ResolvedLayer> = new Map(),
): number {
  const sum = (some: readonly ExplainedOperation[]) =>
    some.reduce((total, { flops }) => total + flops, 0);
  const first = operations.find(({ flops }) => flops > 0)?.flops ?? 0;
  const again = operations.filter(({ layers }) => layers.some((path) => bent.has(path)));
  return all * sum(operations) - withoutFirst * first + upToBend * sum(again);
}

/** The operations of a network: those of its plan, or each layer by itself where there is none. */
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
      flops: 2 * batchSize * multiplications * shareOf(operation.rewrites, parts, batchSize),
    };
  });
}

/** By their paths; a layer that only changes how another computes has that one's. */
function collect(layers: readonly ResolvedLayer[], into: Map<string, ResolvedLayer>): void {
  for (const layer of layers) {
    into.set(layer.path, layer);
    collect(layer.layers, into);
  }
}

/** Layers that run by themselves: not what holds others. */
function* leaves(layers: readonly ResolvedLayer[]): Generator<ResolvedLayer> {
  for (const layer of layers) {
    if (layer.layers.length > 0) yield* leaves(layer.layers);
    else yield layer;
  }
}

function asOperation({ path }: ResolvedLayer): NativeOperation {
  return { layers: [path], rewrites: [], refusals: [] };
}

/**
 * Multiplications for one sample. What joins branches has none of its own: they are operations by
 * themselves.
 */
function multiplicationsOf(layer: ResolvedLayer): number {
  return layerKinds.get(layer.type)?.multiplications?.(layer) ?? 0;
}

/** The share of its layers' multiplications that an operation is left with. */
type Share = (layers: readonly ResolvedLayer[], batchSize: number) => number;

const unchanged: Share = () => 1;

/** @internal What each rewrite leaves of the multiplications. */
export const shares: Readonly<Record<RewriteId, Share>> = {
  pointwiseBeforeUpsample: ([up]) => pixels(up?.input) / pixels(up?.output),
  pointwiseAfterPool: (layers) =>
    pixels(layers.find(({ type }) => type === "avgPool2d")?.output) / pixels(layers[0]?.input),
  upsampleConv: () => 16 / 36,
  convPool: () => 16 / 36,
  halving: (layers, batchSize) => {
    const images = [layers[0]?.input, layers.at(-1)?.output];
    const small = pixels(images[0]) < pixels(images[1]) ? images[0] : images[1];
    return tileProducts("halving", small, batchSize) / (16 * pixels(small));
  },
  sameConv: ([conv], batchSize) =>
    tileProducts("sameConv", conv?.output, batchSize) / (9 * pixels(conv?.output)),
  firstTransposed: unchanged,
  narrowConv: unchanged,
  pixelProduct: unchanged,
  convDerivatives: unchanged,
  linearProduct: unchanged,
  maxout: unchanged,
  sampleNorm: unchanged,
  conditionalNorm: unchanged,
  pixelNorm: unchanged,
  pairwise: unchanged,
  biasNorm: unchanged,
  normActivation: unchanged,
  batchNorm: unchanged,
  piecewiseLinear: unchanged,
};

function shareOf(
  rewrites: readonly NativeRewrite[],
  layers: readonly ResolvedLayer[],
  batchSize: number,
): number {
  return rewrites.reduce((share, { id }) => share * shares[id](layers, batchSize), 1);
}

function tileProducts(
  rewrite: "halving" | "sameConv",
  [, height = 0, width = 0]: readonly number[] = [],
  batchSize: number,
): number {
  return direct(() => addon().tileProducts(rewrite, batchSize, height, width));
}

function pixels(shape: readonly number[] = []): number {
  return product(shape.slice(1));
}
