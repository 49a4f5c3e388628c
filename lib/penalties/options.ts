import * as check from "../check.js";
import type { Complete } from "../complete.js";

/** What every penalty has. */
export interface PenaltyOptions {
  /** Factor of the penalty in the discriminator's loss, finite and above 0. @default 10 */
  readonly weight?: number | undefined;
  /**
   * Lazy regularisation (Karras et al. 2020): computed at every so many updates of the
   * discriminator, its first one included, with `every` times the weight. A whole number of at
   * least 1. @default 1
   */
  readonly every?: number | undefined;
}

/** A penalty as data, complete. */
export interface PenaltyOf<Type extends string> extends Complete<PenaltyOptions> {
  readonly type: Type;
}

/** @internal What every penalty is made of; `own` are the options that only this one takes. */
export function penalty<Type extends string, Options extends PenaltyOptions>(
  type: Type,
  options: Options,
  { weight = 10, own = [] }: { weight?: number; own?: readonly (keyof Options & string)[] } = {},
): PenaltyOf<Type> {
  check.settings(options, `options of ${type}`, ["weight", "every", ...own]);
  return {
    type,
    weight: check.positive(options.weight ?? weight, `weight of ${type}`),
    every: check.integer(options.every ?? 1, `every of ${type}`, 1),
  };
}
