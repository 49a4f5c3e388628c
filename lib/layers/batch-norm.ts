import * as check from "../check.js";
import { product } from "../shape.js";
import { type LayerKind, layerKind } from "./kind.js";
import type { Layer, ResolvedLayer } from "./layer.js";
import {
  float,
  type OnnxWriter,
  reduce,
  rootMeanSquare,
  scaleChannels,
  type Value,
} from "./onnx.js";
import { call, keywords, literal } from "./python.js";
import { counter, kept, weightAndBias } from "./state.js";
import { withOptions } from "./with-options.js";

/** Options of torch.nn.BatchNorm1d and BatchNorm2d. */
export interface BatchNormOptions {
  /** Added to the variance; finite and above 0. @default 1e-5 */
  readonly eps?: number | undefined;
  /** Weight of a new batch in the running statistics, 0 to 1. @default 0.1 */
  readonly momentum?: number | undefined;
  /** A weight and a bias for each feature. @default true */
  readonly affine?: boolean | undefined;
  /**
   * Statistics for evaluation; without them a batch is always normalised by its own, and one sample
   * of one pixel, of which nothing would be left, is refused.
   * @default true
   */
  readonly trackRunningStats?: boolean | undefined;
  /** Key in the state dict. @default its position among its siblings */
  readonly name?: string | undefined;
}

/** Batch normalisation of `[features]` (Ioffe and Szegedy 2015). torch.nn.BatchNorm1d. */
export function batchNorm1d(options: BatchNormOptions = {}): Layer {
  return withOptions({ type: "batchNorm1d" }, options);
}

/**
 * Batch normalisation of `[channels, height, width]`, a channel at a time. torch.nn.BatchNorm2d.
 */
export function batchNorm2d(options: BatchNormOptions = {}): Layer {
  return withOptions({ type: "batchNorm2d" }, options);
}

type Normed = { readonly numFeatures: number; readonly eps: number };
type Scaled = Normed & { readonly affine: boolean };

/**
 * Normalises with the statistics that training kept.
 *
 * @param prefix of the keys of its tensors
 */
export function byRunning(
  layer: ResolvedLayer<Normed & Partial<Scaled>>,
  x: Value,
  to: OnnxWriter,
  prefix = "",
): Value {
  const { numFeatures: features, eps, affine } = layer.options;
  const tensor = (key: string) => to.weight(layer, `${prefix}${key}`);
  const all = (value: number) => to.floats(Array(features).fill(value), [features]);
  const scale = affine ? ["weight", "bias"].map(tensor) : [all(1), all(0)];
  const statistics = ["running_mean", "running_var"].map(tensor);
  return to.node("BatchNormalization", [x, ...scale, ...statistics], {
    epsilon: float(eps),
  });
}

/** Normalises with the statistics of the batch itself. */
function byBatch(layer: ResolvedLayer<Scaled>, x: Value, to: OnnxWriter): Value {
  const axes = layer.input.length === 1 ? [0] : [0, 2, 3];
  const centred = to.node("Sub", [x, reduce("ReduceMean", x, axes, to)]);
  const deviation = rootMeanSquare(centred, axes, layer.options.eps, to);
  return scaleChannels(layer, to.node("Div", [centred, deviation]), to);
}

function batchNorm(rank: number, needed: string): LayerKind {
  return layerKind({
    options: ["numFeatures", "eps", "momentum", "affine", "trackRunningStats"],
    resolve(layer, input, at) {
      const eps = check.positive(layer.eps ?? 1e-5, at.option("eps"));
      const momentum = check.between(layer.momentum ?? 0.1, at.option("momentum"), 0, 1);
      const affine = check.boolean(layer.affine ?? true, at.option("affine"));
      const trackRunningStats = check.boolean(
        layer.trackRunningStats ?? true,
        at.option("trackRunningStats"),
      );
      if (input.length !== rank) throw at.refuse(`an input of ${needed}`, input);
      const numFeatures = at.size(layer, "numFeatures", input);
      return { options: { numFeatures, eps, momentum, affine, trackRunningStats }, output: input };
    },
    state({ options: { numFeatures, affine, trackRunningStats } }) {
      return {
        ...(affine ? weightAndBias([numFeatures], [numFeatures]) : {}),
        ...(trackRunningStats
          ? {
              running_mean: kept(numFeatures),
              running_var: kept(numFeatures),
              num_batches_tracked: counter,
            }
          : {}),
      };
    },
    python: (layer) => ({
      module: call(
        `nn.BatchNorm${rank === 1 ? 1 : 2}d`,
        literal(layer.options.numFeatures),
        ...keywords(layer, { eps: 1e-5, momentum: 0.1, affine: true, trackRunningStats: true }),
      ),
    }),
    onnx: (layer, x, to) =>
      layer.options.trackRunningStats ? byRunning(layer, x, to) : byBatch(layer, x, to),
    couplesSamples: true,
    normalizesBatch: true,
    needsTwo: ({ input }) => product(input.slice(1)) === 1,
    evaluatesAsItTrains: ({ options }) => !options.trackRunningStats,
  });
}

export const batchNorm1dKind = batchNorm(1, "[features]");
export const batchNorm2dKind = batchNorm(3, "[channels, height, width]");
