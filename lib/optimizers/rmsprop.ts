import * as check from "../check.js";
import {
  type OptimizerOptions,
  type OptimizerSettings,
  settingNames,
  settings,
} from "./settings.js";

/** Options of torch.optim.RMSprop. */
export interface RmspropOptions extends OptimizerOptions {
  /** Learning rate, finite and above 0. @default 1e-2 */
  readonly lr?: number;
  /** Decay rate of the mean square, in [0, 1). @default 0.99 */
  readonly alpha?: number;
  /** Added to the denominator, finite and above 0. @default 1e-8 */
  readonly eps?: number;
  /** L2 penalty, added to the gradient; finite and at least 0. @default 0 */
  readonly weightDecay?: number;
  /** In [0, 1). @default 0 */
  readonly momentum?: number;
  /** Divides by an estimate of the variance instead of the mean square. @default false */
  readonly centered?: boolean;
}

/** RMSprop as data, complete. */
export interface Rmsprop extends OptimizerSettings {
  readonly type: "rmsprop";
  readonly alpha: number;
  readonly eps: number;
  readonly weightDecay: number;
  readonly momentum: number;
  readonly centered: boolean;
}

/** RMSprop (Hinton's lecture 6, 2012; centered: Graves 2013). torch.optim.RMSprop. */
export function rmsprop(options: RmspropOptions = {}): Rmsprop {
  const own = ["lr", "alpha", "eps", "weightDecay", "momentum", "centered"] as const;
  check.options(options, "options of rmsprop", [...own, ...settingNames]);
  return {
    type: "rmsprop",
    ...settings(options.lr ?? 1e-2, options),
    alpha: check.within(options.alpha ?? 0.99, "alpha", 0, 1),
    eps: check.positive(options.eps ?? 1e-8, "eps"),
    weightDecay: check.notNegative(options.weightDecay ?? 0, "weightDecay"),
    momentum: check.within(options.momentum ?? 0, "momentum", 0, 1),
    centered: check.boolean(options.centered ?? false, "centered"),
  };
}
