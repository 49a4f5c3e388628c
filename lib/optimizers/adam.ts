import * as check from "../check.js";
import { wrongType } from "../errors.js";
import {
  type OptimizerOptions,
  type OptimizerSettings,
  settingNames,
  settings,
} from "./settings.js";

/** Options of torch.optim.Adam. */
export interface AdamOptions extends OptimizerOptions {
  /** Learning rate, finite and above 0. @default 1e-3 */
  readonly lr?: number | undefined;
  /** Decay rates of the two moments, each in [0, 1). @default [0.9, 0.999] */
  readonly betas?: readonly [number, number] | undefined;
  /** Added to the denominator, finite and above 0. @default 1e-8 */
  readonly eps?: number | undefined;
  /** L2 penalty, added to the gradient; finite and at least 0. @default 0 */
  readonly weightDecay?: number | undefined;
  /**
   * Divides by the largest mean square that there has been, not by the present one (Reddi, Kale and
   * Kumar 2018, https://arxiv.org/abs/1904.09237): a rare large gradient is remembered.
   * @default false
   */
  readonly amsgrad?: boolean | undefined;
}

/**
 * Adam or AdamW as data, complete: it survives JSON, and is what a checkpoint and a run's
 * config.json say.
 */
export interface AdamOf<Type extends string> extends OptimizerSettings {
  /** `adam` or `adamW`. */
  readonly type: Type;
  /** Decay rates of the mean of the gradients and of their squares, each in [0, 1). */
  readonly betas: readonly [number, number];
  /** Added to the denominator, above 0. */
  readonly eps: number;
  /**
   * At least 0: an L2 penalty of the gradient in `adam`, a share of the weights times the learning
   * rate in `adamW`.
   */
  readonly weightDecay: number;
  /** Whether it divides by the largest mean square so far. */
  readonly amsgrad: boolean;
}

/**
 * Adam (Kingma and Ba 2015, https://arxiv.org/abs/1412.6980), with bias correction, and AMSGrad
 * where it is asked for. torch.optim.Adam, bit for bit in eager execution on the CPU.
 *
 * @throws TypeError for an unknown option or one of the wrong type, RangeError for one out of its
 * range
 */
export function adam(options: AdamOptions = {}): AdamOf<"adam"> {
  return adamOf("adam", options, 0);
}

/** @internal The two differ in what the weight decay is, and in its default. */
export function adamOf<Type extends string>(
  type: Type,
  options: AdamOptions,
  weightDecay: number,
): AdamOf<Type> {
  const own = ["lr", "betas", "eps", "weightDecay", "amsgrad"] as const;
  check.settings(options, `options of ${type}`, [...own, ...settingNames]);
  const betas = options.betas ?? [0.9, 0.999];
  if (!Array.isArray(betas) || betas.length !== 2)
    throw wrongType("an array of 2 numbers", "betas", betas);
  return {
    type,
    ...settings(options.lr ?? 1e-3, options),
    betas: [check.within(betas[0], "betas[0]", 0, 1), check.within(betas[1], "betas[1]", 0, 1)],
    eps: check.positive(options.eps ?? 1e-8, "eps"),
    weightDecay: check.notNegative(options.weightDecay ?? weightDecay, "weightDecay"),
    amsgrad: check.boolean(options.amsgrad ?? false, "amsgrad"),
  };
}

/** @internal An Adam as native code reads it. */
export function flatAdam<Type extends string>({ betas, ...rest }: AdamOf<Type>) {
  return { ...rest, beta1: betas[0], beta2: betas[1] };
}
