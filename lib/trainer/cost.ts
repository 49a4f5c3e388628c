// What a step costs, from the architecture: how often each network runs, and the memory that passes
// need.
import { isStyled } from "../architecture.js";
import type { ResolvedArchitecture } from "../architecture/types.js";
import type { ResolvedLayer } from "../layers/layer.js";
import { layerKinds } from "../layers/table.js";
import type { NativeExplanation, StepRewriteId } from "./native-plan.js";
import { looksAtReals } from "../objectives/table.js";
import {
  discriminatorPenalties,
  isAtBatch,
  isBetween,
  pathLengthOf,
  type Penalty,
} from "../penalties/table.js";
import { product } from "../shape.js";
import { resampledValues } from "./ada.js";
import { allFrozen } from "./frozen.js";
import type { TrainerSettings } from "./options.js";

const float = 4;

/** How often a network runs. */
export interface Passes {
  readonly all: number;
  /**
   * How many of these are gradients that the first product or convolution does not need: those for
   * data or for noise.
   */
  readonly withoutFirst: number;
  /** How many are gradients for weights, and are not there where a layer has constants instead. */
  readonly forWeights: number;
  /** How many are gradients, for inputs or for weights, of what a layer made. */
  readonly back: number;
  /**
   * More of them through a part of the layers: the discriminator's up to the last that bends, the
   * generator's that come after w.
   */
  readonly partly: number;
  /** How many of those are for weights. */
  readonly partlyForWeights: number;
  /** How many gradients for weights there are of all, which those that are frozen do not need. */
  readonly learning: number;
  /** And of those through a part of the layers. */
  readonly partlyLearning: number;
}

type PenaltyPasses = Omit<Passes, "partlyForWeights" | "learning" | "partlyLearning">;

/** How steps are carried out. */
type Carried = Pick<NativeExplanation, "kind" | "onePass" | "rewrites" | "discriminator">;

/**
 * Passes of each network in a step, in forward passes of one batch; a gradient for inputs or for
 * weights counts as one more.
 */
export function passesOf(
  settings: TrainerSettings,
  carried: Carried,
): Record<"generator" | "discriminator", Passes> {
  const { kind, onePass, rewrites } = carried;
  const { fakes, discriminatorSteps: k, generatorSteps, objective } = settings;
  const looks = fakes === "same" ? k - 1 : k;
  // Eager has the discriminator's weight gradients in the generator's update too, and throws them
  // away.
  const wasted = kind === "eager" ? 1 : 0;
  const reals = looksAtReals(objective) ? 1 : 0;
  const is = (rewrite: StepRewriteId) => rewrites.some(({ id }) => id === rewrite);
  const bends = bentLayers(settings.discriminator.resolved.layers, carried).length > 0;
  const ofPenalties = (count: keyof PenaltyPasses) =>
    discriminatorPenalties(objective.penalties).reduce((sum, { type, every }) => {
      return sum + passesOfPenalty(type, kind, is, bends)[count] / every;
    }, 0);
  const pathLength = pathLengthOf(objective.penalties);
  const ofPaths = pathLength === undefined ? 0 : generatorSteps / pathLength.every;
  const due = discriminatorPenalties(objective.penalties).reduce(
    (n, { every }) => n + 1 / every,
    0,
  );
  const look = is("oneLook") ? 1 : 0;
  // Without a graph, and where no sample depends on another, the way back is the same but for a
  // factor.
  const back = onePass ? look : 0;
  return {
    generator: {
      all: looks + 3 * generatorSteps,
      withoutFirst: generatorSteps,
      forWeights: generatorSteps,
      back: 2 * generatorSteps,
      // The gradient for w, and that gradient's own twice. The way back through the forward pass is
      // the loss's.
      partly: 3 * ofPaths,
      partlyForWeights: forConstants(kind) * ofPaths,
      learning: generatorSteps,
      partlyLearning: ofPaths,
    },
    discriminator: {
      all: k * (2 * 3 + ofPenalties("all")) + generatorSteps * (2 + wasted + reals) - look - back,
      withoutFirst: k * (2 + ofPenalties("withoutFirst")) - back,
      forWeights: k * (2 + ofPenalties("forWeights")) + generatorSteps * wasted,
      back: k * (2 * 2 + ofPenalties("back")) + generatorSteps * (1 + wasted) - back,
      partly: k * ofPenalties("partly"),
      // The other one is for inputs.
      partlyForWeights: (k * ofPenalties("partly")) / 2,
      learning: k * (2 + due) + generatorSteps * wasted,
      partlyLearning: (k * ofPenalties("partly")) / 2,
    },
  };
}

/** What is for weights libtorch's second derivative has for constants, too. */
function forConstants(kind: NativeExplanation["kind"]): number {
  return kind === "eager" ? 0 : 1;
}

/**
 * Four: forward, the gradient at its points, and that gradient's own twice. Where the discriminator
 * bends autograd goes back through the forward pass, too, for two more; only eager's also goes down
 * to the points. At reals or fakes themselves both ways are the loss's.
 */
function passesOfPenalty(
  type: Penalty["type"],
  kind: NativeExplanation["kind"],
  is: (rewrite: StepRewriteId) => boolean,
  bends: boolean,
): PenaltyPasses {
  // The gradient at its points, and its own for weights: that for its factors goes forward.
  const passes = { all: 4, withoutFirst: 0, forWeights: forConstants(kind), back: 2, partly: 0 };
  const atBatch = isAtBatch({ type });
  if (kind === "planned") {
    if (isBetween({ type })) return { ...passes, withoutFirst: is("between") ? 1 : 0 };
    return { ...passes, all: atBatch && is("seenPoints") ? 3 : 4 };
  }
  if (atBatch) return { ...passes, all: 3 };
  return bends ? { ...passes, withoutFirst: kind === "eager" ? 0 : 1, partly: 2 } : passes;
}

/**
 * The layers of a discriminator that the second derivative of a penalty goes back through: those up
 * to the last that bends.
 */
export function bentLayers(
  layers: readonly ResolvedLayer[],
  { kind, discriminator: operations }: Pick<Carried, "kind" | "discriminator">,
): ResolvedLayer[] {
  const becameConvolution = new Set(
    operations
      .filter(({ rewrites }) => rewrites.some(({ id }) => id === "convPool"))
      .flatMap((operation) => operation.layers),
  );
  return upToLast(layers, (layer) => {
    const when = layerKinds.get(layer.type)?.bends?.(layer) ?? "always";
    if (when === "eager") return kind === "eager";
    return when === "always" && !becameConvolution.has(layer.path);
  });
}

/**
 * The layers of a generator that come after w, which what penalises path lengths goes through. None
 * where nothing is styled.
 */
export function layersAfterW(layers: readonly ResolvedLayer[]): ResolvedLayer[] {
  const first = layers.findIndex((layer) => isStyled({ layers: [layer] }));
  if (first < 0) return [];
  const [holder, ...after] = layers.slice(first) as [ResolvedLayer, ...ResolvedLayer[]];
  if (holder.type === "styled") return [...holder.layers.slice(1), ...after];
  return [{ ...holder, layers: layersAfterW(holder.layers) }, ...after];
}

/** How often a pass of training goes through each layer, by their paths. */
export function timesOf(
  layers: readonly ResolvedLayer[],
  times: readonly number[] = [],
  into = new Map<string, number>(),
): ReadonlyMap<string, number> {
  layers.forEach((layer, i) => {
    const { path, layers: inner } = layer;
    const own = times[i] ?? 1;
    into.set(path, own);
    timesOf(
      inner,
      timesInside(layer).map((each) => own * each),
      into,
    );
  });
  return into;
}

function timesInside(layer: ResolvedLayer): readonly number[] {
  return layerKinds.get(layer.type)?.timesInside?.(layer) ?? layer.layers.map(() => 1);
}

/** The layers up to the last that `is`, of what holds others with no more than it has of those. */
function upToLast(
  layers: readonly ResolvedLayer[],
  is: (layer: ResolvedLayer) => boolean,
): ResolvedLayer[] {
  const has = (layer: ResolvedLayer): boolean => is(layer) || layer.layers.some(has);
  const inside = ({ type, layers: inner }: ResolvedLayer) =>
    layerKinds.get(type)?.isSideBySide === true
      ? inner.flatMap((branch) => upToLast([branch], is))
      : upToLast(inner, is);
  const last = layers.findLastIndex(has);
  return layers
    .slice(0, last + 1)
    .map((layer, i) => (i < last || is(layer) ? layer : { ...layer, layers: inside(layer) }));
}

/**
 * Bytes that a step has to move: every output is written, read, and read again backwards with its
 * gradient.
 */
export function trafficBytes(
  settings: TrainerSettings,
  batchSize: number,
  carried: Carried,
): number {
  const { generator, discriminator, discriminatorSteps, generatorSteps } = settings;
  const passes = passesOf(settings, carried);
  const frozen = allFrozen(settings);
  const outputs =
    passes.generator.all * outputValues(generator.resolved.layers, batchSize) +
    passes.generator.partly * outputValues(layersAfterW(generator.resolved.layers), batchSize) +
    passes.discriminator.all * outputValues(discriminator.resolved.layers, batchSize) +
    passes.discriminator.partly *
      outputValues(bentLayers(discriminator.resolved.layers, carried), batchSize);
  // A weight, its gradient and two moments, read and written.
  const state =
    8 *
    (generatorSteps * weightValues(generator.resolved, frozen.generator) +
      discriminatorSteps * weightValues(discriminator.resolved, frozen.discriminator));
  return float * (2 * batchSize * outputs + state);
}

/**
 * Bytes of the outputs that are saved for the backward pass of so many rows, by the larger of the
 * two updates: the generator's holds those of both networks for them, the discriminator's those of
 * its own for twice as many, and those of a generator that is to learn from the same fakes next.
 * Where ADA resamples fakes, the generator's holds where their pixels come from, too, or, before
 * the discriminator sees them, has them on the finer grid.
 */
export function bufferBytes(settings: TrainerSettings, rows: number): number {
  const [ofGenerator, ofDiscriminator] = [settings.generator, settings.discriminator].map(
    ({ resolved }) => outputValues(resolved.layers, rows),
  ) as [number, number];
  const { saved, atOnce } = resampledValues(settings);
  const waits = settings.order === "discriminatorFirst" && settings.fakes === "same";
  const waiting = waits ? ofGenerator : 0;
  const inGenerators = ofGenerator + Math.max(saved + ofDiscriminator, atOnce);
  return float * rows * Math.max(inGenerators, 2 * ofDiscriminator + waiting);
}

/**
 * Numbers of one sample among so many in the outputs of all layers, and in what compares it to the
 * others; shapes that only look at others' differently have none.
 */
function outputValues(layers: readonly ResolvedLayer[], rows: number): number {
  let values = 0;
  for (const layer of layers) {
    const { type, layers: inner, output } = layer;
    const { reshapes, isSideBySide, savedValues, valuesOfPair } = layerKinds.get(type) ?? {};
    if (reshapes) continue;
    const times = timesInside(layer);
    for (const [i, one] of inner.entries())
      values += (times[i] as number) * outputValues([one], rows);
    if (inner.length === 0 || isSideBySide) values += product(output);
    values += savedValues?.(layer) ?? 0;
    values += rows * (valuesOfPair?.(layer) ?? 0);
  }
  return values;
}

/** Numbers in the weights that learn. */
function weightValues({ state }: ResolvedArchitecture, frozen: readonly string[]): number {
  let values = 0;
  for (const [key, { shape, trained }] of state)
    if (trained && !frozen.includes(key)) values += product(shape);
  return values;
}
