import * as check from "../check.js";
import { wrongType } from "../errors.js";
import {
  type OptimizerOptions,
  type OptimizerSettings,
  settingNames,
  settings,
} from "./settings.js";

/** A momentum that goes in a straight line from one value to another, where it stays. */
export interface MomentumRamp {
  /** Momentum at the first update, in [0, 1). */
  readonly from: number;
  /** Momentum in the end, in [0, 1). */
  readonly to: number;
  /** Updates until it is at `to`, at least 1. */
  readonly steps: number;
}

/** Options of torch.optim.SGD. */
export interface SgdOptions extends OptimizerOptions {
  /** Learning rate, finite and above 0. @default 1e-3 */
  readonly lr?: number | undefined;
  /**
   * Share of the last update's direction that the next one keeps, in [0, 1), or a ramp: the 2014
   * recipe's goes from 0.5 to 0.7.
   * @default 0
   */
  readonly momentum?: number | MomentumRamp | undefined;
  /** Share of a gradient that the momentum leaves out, in [0, 1]. @default 0 */
  readonly dampening?: number | undefined;
  /** Nesterov's momentum; needs a momentum above 0, and no dampening. @default false */
  readonly nesterov?: boolean | undefined;
  /** L2 penalty, added to the gradient; finite and at least 0. @default 0 */
  readonly weightDecay?: number | undefined;
}

/** Stochastic gradient descent as data, complete: it survives JSON. */
export interface Sgd extends OptimizerSettings {
  /** What it is called in JSON. */
  readonly type: "sgd";
  /** Share of the last direction that is kept, in [0, 1), or how it changes with the updates. */
  readonly momentum: number | MomentumRamp;
  /** Share of a gradient that the momentum leaves out, in [0, 1]. */
  readonly dampening: number;
  /** Whether the gradient is followed by one step of momentum more. */
  readonly nesterov: boolean;
  /** L2 penalty of the gradient, at least 0. */
  readonly weightDecay: number;
}

/**
 * Stochastic gradient descent, with momentum (Sutskever et al. 2013,
 * https://proceedings.mlr.press/v28/sutskever13.html). torch.optim.SGD, and the momentum that rises
 * of the first GAN's code.
 *
 * @throws TypeError for an unknown option or one of the wrong type, and for nesterov without
 * momentum or with dampening; RangeError for one out of its range
 */
export function sgd(options: SgdOptions = {}): Sgd {
  const own = ["lr", "momentum", "dampening", "nesterov", "weightDecay"] as const;
  check.settings(options, "options of sgd", [...own, ...settingNames]);
  const optimizer: Sgd = {
    type: "sgd",
    ...settings(options.lr ?? 1e-3, options),
    momentum: checkMomentum(options.momentum ?? 0),
    dampening: check.between(options.dampening ?? 0, "dampening", 0, 1),
    nesterov: check.boolean(options.nesterov ?? false, "nesterov"),
    weightDecay: check.notNegative(options.weightDecay ?? 0, "weightDecay"),
  };
  const { from, to } = ramp(optimizer.momentum);
  if (optimizer.nesterov && (Math.min(from, to) === 0 || optimizer.dampening > 0)) {
    const { momentum, dampening } = optimizer;
    const given = { momentum, dampening };
    throw wrongType("a momentum above 0 and no dampening, with nesterov,", "options of sgd", given);
  }
  return optimizer;
}

function checkMomentum(value: number | MomentumRamp): number | MomentumRamp {
  if (typeof value !== "object") return check.within(value, "momentum", 0, 1);
  check.settings(value, "momentum", ["from", "to", "steps"]);
  return {
    from: check.within(value.from, "momentum.from", 0, 1),
    to: check.within(value.to, "momentum.to", 0, 1),
    steps: check.integer(value.steps, "momentum.steps", 1),
  };
}

function ramp(momentum: number | MomentumRamp): MomentumRamp {
  return typeof momentum === "number" ? { from: momentum, to: momentum, steps: 1 } : momentum;
}

/** @internal An SGD as native code reads it. */
export function flatSgd({ momentum, ...rest }: Sgd) {
  const { from, to, steps } = ramp(momentum);
  return { ...rest, momentumFrom: from, momentumTo: to, momentumSteps: steps };
}
