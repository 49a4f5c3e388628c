import * as check from "../check.js";
import type { Complete } from "../complete.js";

/**
 * What every penalty has. The player whose loss it is a term of is the generator for pathLength,
 * and the discriminator for all others.
 */
export interface PenaltyOptions {
  /** Factor of the penalty in the player's loss, finite and above 0. @default 10 */
  readonly weight?: number | undefined;
  /**
   * Lazy regularisation (Karras et al. 2020): computed at every so many updates of the player, its
   * first one included, with `every` times the weight. A whole number of at least 1. @default 1
   */
  readonly every?: number | undefined;
}

/** A penalty as data, complete. */
export interface PenaltyOf<Type extends string> extends Complete<PenaltyOptions> {
  readonly type: Type;
}

/** Defaults of a penalty, and the options that only this one takes. */
interface Usual<Options> {
  readonly weight?: number;
  readonly every?: number;
  readonly own?: readonly (keyof Options & string)[];
}

/** @internal What every penalty is made of. */
export function penalty<Type extends string, Options extends PenaltyOptions>(
  type: Type,
  options: Options,
  { weight = 10, every = 1, own = [] }: Usual<Options> = {},
): PenaltyOf<Type> {
  check.settings(options, `options of ${type}`, ["weight", "every", ...own]);
  return {
    type,
    weight: check.positive(options.weight ?? weight, `weight of ${type}`),
    every: check.integer(options.every ?? every, `every of ${type}`, 1),
  };
}
