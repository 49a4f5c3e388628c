import * as check from "./check.js";

/** Options of torch.optim.Adam. */
export interface AdamOptions {
  /** Learning rate. @default 1e-3 */
  readonly lr?: number;
  /** Decay rates of the two moments, each in [0, 1). @default [0.9, 0.999] */
  readonly betas?: readonly [number, number];
  /** Added to the denominator. @default 1e-8 */
  readonly eps?: number;
  /** L2 penalty, added to the gradient. @default 0 */
  readonly weightDecay?: number;
}

/** An optimizer as data, complete. */
export interface Optimizer extends Required<AdamOptions> {
  readonly type: "adam";
}

/** Adam (Kingma and Ba 2015). torch.optim.Adam. */
export function adam(options: AdamOptions = {}): Optimizer {
  check.options(options, "options of adam", ["lr", "betas", "eps", "weightDecay"]);
  const betas = options.betas ?? [0.9, 0.999];
  if (!Array.isArray(betas) || betas.length !== 2) check.shape(betas, "betas", 2);
  return {
    type: "adam",
    lr: check.positive(options.lr ?? 1e-3, "lr"),
    betas: [check.within(betas[0], "betas[0]", 0, 1), check.within(betas[1], "betas[1]", 0, 1)],
    eps: check.positive(options.eps ?? 1e-8, "eps"),
    weightDecay: check.notNegative(options.weightDecay ?? 0, "weightDecay"),
  };
}
