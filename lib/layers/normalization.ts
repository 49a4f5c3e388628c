import * as check from "../check.js";
import { counter, kept, type Layer, type LayerKind, trained } from "./kind.js";

/** Options of torch.nn.BatchNorm1d and BatchNorm2d. */
export interface BatchNormOptions {
  /** Added to the variance. @default 1e-5 */
  readonly eps?: number;
  /** Weight of a new batch in the running statistics, 0 to 1. @default 0.1 */
  readonly momentum?: number;
  readonly name?: string;
}

/** Batch normalisation of `[features]` (Ioffe and Szegedy 2015). torch.nn.BatchNorm1d. */
export function batchNorm1d(options: BatchNormOptions = {}): Layer {
  return { type: "batchNorm1d", ...options };
}

/** Batch normalisation of `[channels, height, width]`, a channel at a time. torch.nn.BatchNorm2d. */
export function batchNorm2d(options: BatchNormOptions = {}): Layer {
  return { type: "batchNorm2d", ...options };
}

function batchNorm(rank: number, needed: string): LayerKind {
  return {
    options: ["numFeatures", "eps", "momentum"],
    resolve(layer, input, at) {
      const eps = check.positive(layer.eps ?? 1e-5, at.option("eps"));
      const momentum = check.within(layer.momentum ?? 0.1, at.option("momentum"), 0, 1, true);
      if (input.length !== rank) throw at.refuse(`an input of ${needed}`, input);
      const numFeatures = input[0] as number;
      if (layer.numFeatures !== undefined && layer.numFeatures !== numFeatures) {
        throw at.refuse(`an input of ${layer.numFeatures} features`, input);
      }
      return { options: { numFeatures, eps, momentum }, output: input };
    },
    state: ({ numFeatures }) => ({
      weight: trained(numFeatures as number),
      bias: trained(numFeatures as number),
      running_mean: kept(numFeatures as number),
      running_var: kept(numFeatures as number),
      num_batches_tracked: counter,
    }),
  };
}

export const batchNorm1dKind = batchNorm(1, "[features]");
export const batchNorm2dKind = batchNorm(3, "[channels, height, width]");
