import { type AdamOf, type AdamOptions, adamOf } from "./adam.js";

/** Options of torch.optim.AdamW. */
export interface AdamWOptions extends Omit<AdamOptions, "weightDecay"> {
  /** Share of the weights taken off at each update, times the learning rate; finite and at least 0. @default 1e-2 */
  readonly weightDecay?: number;
}

/** Adam with decoupled weight decay (Loshchilov and Hutter 2019). torch.optim.AdamW. */
export function adamW(options: AdamWOptions = {}): AdamOf<"adamW"> {
  return adamOf("adamW", options, 1e-2);
}
