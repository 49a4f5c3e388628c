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
  /** In [0, 1). */
  readonly from: number;
  /** In [0, 1). */
  readonly to: number;
  /** Updates until it is at `to`, at least 1. */
  readonly steps: number;
}

/** Options of torch.optim.SGD. */
export interface SgdOptions extends OptimizerOptions {
  /** Learning rate, finite and above 0. @default 1e-3 */
  readonly lr?: number;
  /** In [0, 1), or a ramp: the 2014 recipe's goes from 0.5 to 0.7. @default 0 */
  readonly momentum?: number | MomentumRamp;
  /** Share of a gradient that the momentum leaves out, in [0, 1]. @default 0 */
  readonly dampening?: number;
  /** Nesterov's momentum; needs a momentum above 0, and no dampening. @default false */
  readonly nesterov?: boolean;
  /** L2 penalty, added to the gradient; finite and at least 0. @default 0 */
  readonly weightDecay?: number;
}

/** Stochastic gradient descent as data, complete. */
export interface Sgd extends OptimizerSettings {
  readonly type: "sgd";
  readonly momentum: number | MomentumRamp;
  readonly dampening: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
}

/** Stochastic gradient descent, with momentum (Sutskever et al. 2013). torch.optim.SGD. */
export function sgd(options: SgdOptions = {}): Sgd {
  const own = ["lr", "momentum", "dampening", "nesterov", "weightDecay"] as const;
  check.options(options, "options of sgd", [...own, ...settingNames]);
  const optimizer: Sgd = {
    type: "sgd",
    ...settings(options.lr ?? 1e-3, options),
    momentum: checkMomentum(options.momentum ?? 0),
    dampening: check.within(options.dampening ?? 0, "dampening", 0, 1, true),
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
  check.options(value, "momentum", ["from", "to", "steps"]);
  return {
    from: check.within(value.from, "momentum.from", 0, 1),
    to: check.within(value.to, "momentum.to", 0, 1),
    steps: check.integer(value.steps, "momentum.steps", 1),
  };
}

function ramp(momentum: number | MomentumRamp): MomentumRamp {
  return typeof momentum === "number" ? { from: momentum, to: momentum, steps: 1 } : momentum;
}

/** @internal As native code reads it. */
export function flatSgd({ momentum, ...rest }: Sgd) {
  const { from, to, steps } = ramp(momentum);
  return { ...rest, momentumFrom: from, momentumTo: to, momentumSteps: steps };
}
