import { type AdamOf, type AdamOptions, adamOf } from "./adam.js";

/** Options of torch.optim.AdamW. */
export interface AdamWOptions extends Omit<AdamOptions, "weightDecay"> {
  /**
   * Share of the weights taken off at each update, times the learning rate; finite and at least 0.
   * @default 1e-2
   */
  readonly weightDecay?: number | undefined;
}

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019, https://arxiv.org/abs/1711.05101).
 * torch.optim.AdamW, with its default weight decay of 1e-2.
 *
 * @throws TypeError for an unknown option or one of the wrong type, RangeError for one out of its
 * range
 */
export function adamW(options: AdamWOptions = {}): AdamOf<"adamW"> {
  return adamOf("adamW", options, 1e-2);
}
