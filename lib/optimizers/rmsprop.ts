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
  readonly lr?: number | undefined;
  /** Decay rate of the mean square, in [0, 1). @default 0.99 */
  readonly alpha?: number | undefined;
  /** Added to the denominator, finite and above 0. @default 1e-8 */
  readonly eps?: number | undefined;
  /** L2 penalty, added to the gradient; finite and at least 0. @default 0 */
  readonly weightDecay?: number | undefined;
  /** Share of the last update that is added to the next, in [0, 1). @default 0 */
  readonly momentum?: number | undefined;
  /** Divides by an estimate of the variance instead of the mean square. @default false */
  readonly centered?: boolean | undefined;
}

/** RMSprop as data, complete: it survives JSON. */
export interface Rmsprop extends OptimizerSettings {
  /** What it is called in JSON. */
  readonly type: "rmsprop";
  /** Decay rate of the mean square, in [0, 1). */
  readonly alpha: number;
  /** Added to the denominator, above 0. */
  readonly eps: number;
  /** L2 penalty of the gradient, at least 0. */
  readonly weightDecay: number;
  /** Share of the last update that is added to the next, in [0, 1). */
  readonly momentum: number;
  /** Whether it divides by an estimate of the variance instead of the mean square. */
  readonly centered: boolean;
}

/**
 * RMSprop (Hinton's lecture 6, 2012; centered: Graves 2013, https://arxiv.org/abs/1308.0850).
 * torch.optim.RMSprop; WGAN's authors train with it.
 *
 * @throws TypeError for an unknown option or one of the wrong type, RangeError for one out of its
 * range
 */
export function rmsprop(options: RmspropOptions = {}): Rmsprop {
  const own = ["lr", "alpha", "eps", "weightDecay", "momentum", "centered"] as const;
  check.settings(options, "options of rmsprop", [...own, ...settingNames]);
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
