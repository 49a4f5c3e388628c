// What a trainer's steps do, and what they cost: the plan of native code with the sizes of the
// architecture.
import { inspect } from "node:util";
import { addon, direct } from "../addon.js";
import type { ResolvedArchitecture } from "../architecture.js";
import * as check from "../check.js";
import type { ResolvedLayer } from "../layers/layer.js";
import { layerKinds } from "../layers/table.js";
import type { NativeCeiling } from "../native.js";
import { discriminatorPenalties, isAtBatch } from "../penalties/table.js";
import { product } from "../shape.js";
import type { ExplainedOperation, Explanation, StepPlan } from "./explanation.js";
import { formatExplanation } from "./explanation-text.js";
import { whyTwo } from "./data.js";
import { allFrozen } from "./frozen.js";
import type {
  NativeExplanation,
  NativeOperation,
  NativeRewrite,
  RewriteId,
} from "./native-plan.js";
import type { TrainerSettings } from "./options.js";
import { checkParts, rowsAtOnce } from "./parts.js";
import {
  bentLayers,
  bufferBytes,
  layersAfterW,
  type Passes,
  passesOf,
  timesOf,
  trafficBytes,
} from "./cost.js";

/** Checks what explain() is asked. Returns the size of a batch. */
export function checkExplain(
  options: { readonly batchSize?: number | undefined },
  settings: TrainerSettings,
): number {
  check.options(options, "options", ["batchSize"]);
  const least = whyTwo(settings) === undefined ? 1 : 2;
  const batchSize = check.integer(options.batchSize ?? 64, "batchSize", least);
  checkParts(settings.accumulate, "accumulate", settings, batchSize);
  return batchSize;
}

/** Puts what native code does and what that costs together. */
export function planSteps(
  settings: TrainerSettings,
  batchSize: number,
  told: NativeExplanation,
): StepPlan {
  const { generator, discriminator } = settings;
  const frozen = allFrozen(settings);
  const count = (player: "generator" | "discriminator") =>
    countNetwork(settings[player].resolved, told[player], batchSize, told.kind, frozen[player]);
  const counted = { generator: count("generator"), discriminator: count("discriminator") };
  const operations = {
    generator: counted.generator.map((one) => one.operation),
    discriminator: counted.discriminator.map((one) => one.operation),
  };
  const { kind, onePass, refusals } = told;
  const passes = passesOf(settings, told);
  const part = {
    generator: byPaths(layersAfterW(generator.resolved.layers)),
    discriminator: byPaths(bentLayers(discriminator.resolved.layers, told)),
  };
  const flops =
    flopsOf(counted.generator, passes.generator, part.generator) +
    flopsOf(
      counted.discriminator,
      passes.discriminator,
      part.discriminator,
      goesToFirst(settings, told),
    );
  const bytes = trafficBytes(settings, batchSize, told);
  const buffers = bufferBytes(settings, rowsAtOnce(settings, batchSize));
  const rewrites = told.rewrites.map(({ name }) => name);
  const facts = { kind, batchSize, accumulate: settings.accumulate, frozen, onePass, rewrites };
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

/** An operation, and which of its floating-point operations have no gradient for weights. */
interface Counted {
  readonly operation: ExplainedOperation;
  readonly constantFlops: number;
  /** How many of them a gradient does not need. */
  readonly sparedFlops: number;
  /** What becomes of its weights; undefined where it has none. */
  readonly weights: "learn" | "stay" | undefined;
}

/** Without a graph, rows that go back beside those of a penalty's points go as far as these. */
function goesToFirst({ objective }: TrainerSettings, { kind }: NativeExplanation): boolean {
  const ownPoints = discriminatorPenalties(objective.penalties).some((one) => !isAtBatch(one));
  return kind === "planned" && ownPoints;
}

/**
 * @param part by their paths, the layers of the passes through a part of them
 * @param toFirst whether every way back goes to the first layer, whichever of them learn
 */
function flopsOf(
  counted: readonly Counted[],
  { all, withoutFirst, back, partly, ...ofWeights }: Passes,
  part: ReadonlyMap<string, ResolvedLayer>,
  toFirst = false,
): number {
  const sum = (some: readonly Counted[], own: (one: Counted) => number) =>
    some.reduce((total, one) => total + own(one), 0);
  // A gradient that is not there for constants, and one that is not for weights that are frozen.
  const missing = (forWeights: number, learning: number) => (one: Counted) =>
    forWeights * one.constantFlops + (one.weights === "stay" ? learning * forItsWeights(one) : 0);
  const products = counted.filter(({ operation }) => operation.flops > 0);
  const lowest = toFirst ? products.slice(0, 1) : firstThatLearns(products);
  const again = counted.filter(({ operation }) => operation.layers.some((path) => part.has(path)));
  return (
    sum(counted, ({ operation, sparedFlops }) => all * operation.flops - back * sparedFlops) -
    sum(counted, missing(ofWeights.forWeights, ofWeights.learning)) -
    withoutFirst * sum(lowest, ({ operation, sparedFlops }) => operation.flops - sparedFlops) +
    sum(again, ({ operation }) => partly * operation.flops) -
    sum(again, missing(ofWeights.partlyForWeights, ofWeights.partlyLearning))
  );
}

const forItsWeights = ({ operation, sparedFlops, constantFlops }: Counted) =>
  operation.flops - sparedFlops - constantFlops;

/** The first product with weights that learn, and those before it: inputs need no gradient there. */
function firstThatLearns(products: readonly Counted[]): readonly Counted[] {
  if (!products.some(({ weights }) => weights === "stay")) return products.slice(0, 1);
  const lowest = products.findIndex(({ weights }) => weights === "learn");
  return lowest < 0 ? products : products.slice(0, lowest + 1);
}

/** The operations of a network: those of its plan, or each layer by itself where there is none. */
function countNetwork(
  { layers, state }: ResolvedArchitecture,
  plan: readonly NativeOperation[],
  batchSize: number,
  kind: NativeExplanation["kind"],
  frozen: readonly string[],
): Counted[] {
  const byPath = byPaths(layers);
  const times = timesOf(layers);
  const operations = plan.length > 0 ? plan : [...leaves(layers)].map(asOperation);
  return operations.map((operation) => {
    const parts = operation.layers.map((path) => byPath.get(path) as ResolvedLayer);
    const multiplications = parts.reduce((total, layer) => total + multiplicationsOf(layer), 0);
    // A pass goes through all layers of an operation as often.
    const seen = 2 * batchSize * (times.get(operation.layers[0] as string) as number);
    const told = {
      ...operation,
      rewrites: operation.rewrites.map(({ name }) => name),
      output: (parts.at(-1) as ResolvedLayer).output,
      flops: seen * multiplications * shareOf(operation.rewrites, parts, batchSize),
    };
    const isFiltered = operation.rewrites.some(({ id }) => id === "blur" || id === "modulation");
    const constants = parts.reduce((total, layer) => {
      const own = constantsOf(layer);
      // Layers that the operation took in filter nothing, and have no such share.
      return total + (isFiltered && own > 0 ? own * filterShare(layer) : own);
    }, 0);
    const choosing = kind === "planned" || operation.rewrites.some(({ id }) => id === "maxout");
    return {
      operation: told,
      constantFlops: seen * constants,
      sparedFlops: choosing ? told.flops * shareOfOtherPieces(parts) : 0,
      weights: weightsOf(operation, state, frozen),
    };
  });
}

function weightsOf(
  { layers }: NativeOperation,
  state: ResolvedArchitecture["state"],
  frozen: readonly string[],
): Counted["weights"] {
  const own = [...state].filter(([key, { trained }]) => {
    return trained && layers.some((path) => key.startsWith(`${path}.`));
  });
  if (own.length === 0) return undefined;
  return own.every(([key]) => frozen.includes(key)) ? "stay" : "learn";
}

/** The share of maxout's products whose pieces were not chosen, to which no gradient comes back. */
function shareOfOtherPieces(layers: readonly ResolvedLayer[]): number {
  const maxout = layers.find(({ type }) => type === "maxout");
  return maxout === undefined ? 0 : 1 - 1 / (maxout.options.pieces as number);
}

/** By their paths; a layer that only changes how another computes has that one's. */
function byPaths(
  layers: readonly ResolvedLayer[],
  into = new Map<string, ResolvedLayer>(),
): ReadonlyMap<string, ResolvedLayer> {
  for (const layer of layers) {
    into.set(layer.path, layer);
    byPaths(layer.layers, into);
  }
  return into;
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

/** How many of its multiplications are by constants, for which there is no gradient. */
function constantsOf(layer: ResolvedLayer): number {
  return layerKinds.get(layer.type)?.constantMultiplications?.(layer) ?? 0;
}

/** What is left of 16 for each value that a blur makes: 4 for each column that it sees, and 4. */
function filterShare({ type, options, input, output }: ResolvedLayer): number {
  const [, , from = 0] = input;
  const [, , made = 0] = output;
  const seen = type === "blur" ? from : 2 * (from - 1) + (options.kernelSize as number);
  return (seen / made + 1) / 4;
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
  sameConv: ([conv], batchSize) => {
    const tiles = tileProducts("sameConv", conv?.output, batchSize);
    const left = tiles / (9 * pixels(conv?.output));
    return conv?.type === "modulatedConv2d" ? 1 - convolvingShare(conv) * (1 - left) : left;
  },
  firstTransposed: unchanged,
  bfloat16Conv: unchanged,
  narrowConv: unchanged,
  pixelProduct: unchanged,
  convDerivatives: unchanged,
  linearProduct: unchanged,
  // Its gradients are another matter: see shareOfOtherPieces().
  maxout: unchanged,
  sampleNorm: unchanged,
  conditionalNorm: unchanged,
  pixelNorm: unchanged,
  pairwise: unchanged,
  modulation: ([layer]) => {
    if (layer === undefined) return 1;
    return 1 - (constantsOf(layer) / multiplicationsOf(layer)) * (1 - filterShare(layer));
  },
  modulationNoise: unchanged,
  modulationActivation: unchanged,
  blur: ([blur]) => (blur === undefined ? 1 : filterShare(blur)),
  biasNorm: unchanged,
  normActivation: unchanged,
  batchNorm: unchanged,
  piecewiseLinear: unchanged,
};

/** The share of a 3x3 modulated convolution's multiplications that is not its style's. */
function convolvingShare(layer: ResolvedLayer): number {
  const taps = 9 * (layer.options.inChannels as number);
  return (taps * product(layer.output)) / multiplicationsOf(layer);
}

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
