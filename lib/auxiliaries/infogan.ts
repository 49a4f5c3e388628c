import * as check from "../check.js";
import type { Complete } from "../complete.js";
import { outOfRange } from "../errors.js";

/** Options of infogan. */
export interface InfoganOptions {
  /** Factor of the categorical code's term, finite and at least 0. @default 1 */
  readonly categorical?: number | undefined;
  /** Factor of the continuous codes' term, finite and at least 0. @default 0.1 */
  readonly continuous?: number | undefined;
}

/** The mutual-information term as data, complete. */
export interface Infogan extends Complete<InfoganOptions> {
  readonly type: "infogan";
}

/**
 * Mutual information between codes and samples (Chen et al. 2016, InfoGAN): the discriminator's
 * heads Q tell from a fake the label and the codes it was made from, and both players are paid when
 * they are right.
 *
 *     D and G += categorical · CE(Q_classes(fake), label of fake)
 *              + continuous · mean((Q_codes(fake) − codes)²)
 *
 * Each term with a weight above 0 needs its head, as wide as that part of the latent: 0 leaves a
 * term out.
 *
 * @throws TypeError for an unknown option or one of the wrong type, RangeError for one out of its
 * range and for two weights of 0
 */
export function infogan(options: InfoganOptions = {}): Infogan {
  check.settings(options, "options of infogan", ["categorical", "continuous"]);
  const categorical = check.notNegative(options.categorical ?? 1, "categorical of infogan");
  const continuous = check.notNegative(options.continuous ?? 0.1, "continuous of infogan");
  if (categorical === 0 && continuous === 0)
    throw outOfRange("a weight above 0", "categorical or continuous of infogan", 0);
  return { type: "infogan", categorical, continuous };
}
