import { type Auxiliary, checkAuxiliaries } from "../auxiliaries/table.js";
import * as check from "../check.js";
import type { Complete } from "../complete.js";
import { checkPenalties, type Penalty } from "../penalties/table.js";

/** What every objective takes. */
export interface ObjectiveOptions {
  /**
   * Terms of a player's loss, summed from the left: `pathLength` of the generator's, all others of
   * the discriminator's. Each type at most once.
   * @default none
   */
  readonly penalties?: readonly Penalty[] | undefined;
  /** Terms of both losses, after the penalties; each type at most once. @default none */
  readonly auxiliaries?: readonly Auxiliary[] | undefined;
}

/** Options of an objective that has a target for reals. */
export interface SmoothedOptions extends ObjectiveOptions {
  /**
   * One-sided label smoothing (Salimans et al. 2016): the discriminator's target for reals is 1
   * minus this. In [0, 0.5). @default 0
   */
  readonly labelSmoothing?: number | undefined;
}

/** Options of an objective whose loss for the discriminator is made of two cross-entropies. */
export interface CrossEntropyOptions extends SmoothedOptions {
  /**
   * What the discriminator minimises of its two terms, one for reals and one for fakes: their mean,
   * as the article's script, or their sum, as DCGAN's. Adam hardly notices; penalties, clipped
   * gradients and SGD do.
   * @default "mean"
   */
  readonly discriminatorLoss?: DiscriminatorLoss | undefined;
}

/** What becomes of the discriminator's two terms. */
export type DiscriminatorLoss = (typeof discriminatorLosses)[number];
const discriminatorLosses = ["mean", "sum"] as const;

/** An objective as data, complete. */
export interface ObjectiveOf<Type extends string> extends Complete<ObjectiveOptions> {
  readonly type: Type;
}

/** An objective with a target for reals, as data, complete. */
export interface SmoothedOf<Type extends string> extends ObjectiveOf<Type> {
  /** The discriminator's target for reals is 1 minus this; in [0, 0.5). */
  readonly labelSmoothing: number;
}

/** An objective whose loss for the discriminator is made of two cross-entropies, complete. */
export interface CrossEntropyOf<Type extends string> extends SmoothedOf<Type> {
  /** What the discriminator minimises of its two terms. */
  readonly discriminatorLoss: DiscriminatorLoss;
}

/** @internal What every objective is made of; `own` are the options that only this one takes. */
export function objective<Type extends string, Options extends ObjectiveOptions>(
  type: Type,
  options: Options,
  own: readonly (keyof Options & string)[] = [],
): ObjectiveOf<Type> {
  check.settings(options, `options of ${type}`, [...own, "penalties", "auxiliaries"]);
  return {
    type,
    penalties: checkPenalties(options.penalties ?? []),
    auxiliaries: checkAuxiliaries(options.auxiliaries ?? []),
  };
}

/** @internal */
export function smoothed<Type extends string>(
  type: Type,
  options: SmoothedOptions,
): SmoothedOf<Type> {
  return { ...objective(type, options, ["labelSmoothing"]), ...smoothing(type, options) };
}

/** @internal */
export function crossEntropy<Type extends string>(
  type: Type,
  options: CrossEntropyOptions,
): CrossEntropyOf<Type> {
  const { discriminatorLoss = "mean" } = options;
  return {
    ...objective(type, options, ["labelSmoothing", "discriminatorLoss"]),
    ...smoothing(type, options),
    discriminatorLoss: check.oneOf(
      discriminatorLoss,
      `discriminatorLoss of ${type}`,
      discriminatorLosses,
    ),
  };
}

function smoothing(type: string, { labelSmoothing = 0 }: SmoothedOptions) {
  return { labelSmoothing: check.within(labelSmoothing, `labelSmoothing of ${type}`, 0, 0.5) };
}
