// What a step costs, from the architecture: how often each network runs, and the memory that passes
// need.
import type { ResolvedArchitecture } from "../architecture/types.js";
import type { ResolvedLayer } from "../layers/layer.js";
import { layerKinds } from "../layers/table.js";
import type { NativeExplanation, StepRewriteId } from "../native.js";
import { looksAtReals } from "../objectives/table.js";
import { isBetween, type Penalty } from "../penalties/table.js";
import { product } from "../shape.js";
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
}

/** How steps are carried out. */
type Carried = Pick<NativeExplanation, "kind" | "onePass" | "rewrites">;

/**
 * Passes of each network in a step, in forward passes of one batch; a gradient for inputs or for
 * weights counts as one more.
 */
export function passesOf(
  settings: TrainerSettings,
  { kind, onePass, rewrites }: Carried,
): Record<"generator" | "discriminator", Passes> {
  const { fakes, discriminatorSteps: k, generatorSteps, objective } = settings;
  const looks = fakes === "same" ? k - 1 : k;
  // Eager has the discriminator's weight gradients in the generator's update too, and throws them
  // away.
  const wasted = kind === "eager" ? 1 : 0;
  const reals = looksAtReals(objective) ? 1 : 0;
  const is = (rewrite: StepRewriteId) => rewrites.some(({ id }) => id === rewrite);
  const bends = kind === "eager" || !isPiecewiseLinear(settings.discriminator.resolved.layers);
  const penalties = objective.penalties.map(({ type, every }) => {
    const { all, withoutFirst } = passesOfPenalty(type, kind, is, bends);
    return { all: all / (every ?? 1), withoutFirst: withoutFirst / (every ?? 1) };
  });
  const ofPenalties = (count: keyof Passes) =>
    penalties.reduce((sum, passes) => sum + passes[count], 0);
  const look = is("oneLook") ? 1 : 0;
  // Without a graph, and where no sample depends on another, the way back is the same but for a
  // factor.
  const back = onePass ? look : 0;
  return {
    generator: { all: looks + 3 * generatorSteps, withoutFirst: generatorSteps },
    discriminator: {
      all: k * (2 * 3 + ofPenalties("all")) + generatorSteps * (2 + wasted + reals) - look - back,
      withoutFirst: k * (2 + ofPenalties("withoutFirst")) - back,
    },
  };
}

/**
 * Four: forward, the gradient at its points, and that gradient's own twice. Autograd goes back
 * through the forward pass, too, where the discriminator bends, or with PyTorch's zeros where it
 * does not: two more. At reals or fakes themselves both ways are the loss's.
 */
function passesOfPenalty(
  type: Penalty["type"],
  kind: NativeExplanation["kind"],
  is: (rewrite: StepRewriteId) => boolean,
  bends: boolean,
): Passes {
  const atBatch = type === "r1" || type === "r2";
  if (kind !== "planned") return { all: atBatch ? 3 : bends ? 6 : 4, withoutFirst: 0 };
  if (isBetween({ type })) return { all: 4, withoutFirst: is("between") ? 1 : 0 };
  return { all: atBatch && is("seenPoints") ? 3 : 4, withoutFirst: 0 };
}

/**
 * Layers that are linear, or linear by pieces, in what goes in: they have no second derivative.
 * What looks at labels, too, is linear in the rest.
 */
const piecewiseLinear: ReadonlySet<string> = new Set([
  ...["linear", "conv2d", "convTranspose2d", "spectralNorm"],
  ...["residual", "sequential", "heads"],
  ...["embedding", "projection"],
  ...["relu", "leakyRelu", "maxout", "dropout", "dropout2d", "gaussianNoise"],
  ...["flatten", "unflatten", "pixelShuffle", "pixelUnshuffle", "upsample"],
  ...["avgPool2d", "adaptiveAvgPool2d", "globalSumPool2d"],
  ...["zeroPad2d", "reflectionPad2d", "replicationPad2d"],
]);

function isPiecewiseLinear(layers: readonly ResolvedLayer[]): boolean {
  return layers.every(
    ({ type, layers: inner }) => piecewiseLinear.has(type) && isPiecewiseLinear(inner),
  );
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
  const outputs =
    passes.generator.all * outputValues(generator.resolved.layers, batchSize) +
    passes.discriminator.all * outputValues(discriminator.resolved.layers, batchSize);
  // A weight, its gradient and two moments, read and written.
  const state =
    8 *
    (generatorSteps * weightValues(generator.resolved) +
      discriminatorSteps * weightValues(discriminator.resolved));
  return float * (2 * batchSize * outputs + state);
}

/**
 * Bytes of the outputs that are held for the backward pass of so many rows, by the larger of the
 * two updates: the generator's holds those of both networks for them, the discriminator's those of
 * its own for twice as many, and those of a generator that is to learn from the same fakes next.
 */
export function bufferBytes(settings: TrainerSettings, rows: number): number {
  const [ofGenerator, ofDiscriminator] = [settings.generator, settings.discriminator].map(
    ({ resolved }) => outputValues(resolved.layers, rows),
  ) as [number, number];
  const waits = settings.order === "discriminatorFirst" && settings.fakes === "same";
  const waiting = waits ? ofGenerator : 0;
  return float * rows * Math.max(ofGenerator + ofDiscriminator, 2 * ofDiscriminator + waiting);
}

/**
 * Numbers of one sample among so many in the outputs of all layers, and in what compares it to the
 * others; shapes that only look at others' differently have none.
 */
function outputValues(layers: readonly ResolvedLayer[], rows: number): number {
  let values = 0;
  for (const layer of layers) {
    const { type, layers: inner, input, output } = layer;
    if (type === "flatten" || type === "unflatten") continue;
    values += outputValues(inner, rows);
    if (inner.length === 0 || type === "residual") values += product(output);
    // The error of each value, and their mean.
    if (type === "reconstructionError") values += product(input) + product(output);
    values += rows * (layerKinds.get(type)?.valuesOfPair?.(layer) ?? 0);
  }
  return values;
}

function weightValues({ state }: ResolvedArchitecture): number {
  let values = 0;
  for (const { shape, trained } of state.values()) if (trained) values += product(shape);
  return values;
}
