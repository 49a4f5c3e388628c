import * as check from "../check.js";
import { type ObjectiveOf, type ObjectiveOptions, objective } from "./options.js";

const losses = ["logistic", "leastSquares"] as const;

/** Options of relativisticAverage. */
export interface RelativisticAverageOptions extends ObjectiveOptions {
  /** RaGAN or RaLSGAN. @default "logistic" */
  readonly loss?: (typeof losses)[number] | undefined;
}

/** The relativistic average objective as data, complete. */
export interface RelativisticAverage extends ObjectiveOf<"relativisticAverage"> {
  /** `logistic` is RaGAN, `leastSquares` RaLSGAN. */
  readonly loss: (typeof losses)[number];
}

/**
 * Each real against the mean of the fakes and the other way round (Jolicoeur-Martineau 2019, The
 * Relativistic Discriminator). With r = D(real) − mean(D(fake)) and f = D(fake) − mean(D(real));
 * BCE is of logits. Needs logits.
 *
 *     logistic       D: ½ · (BCE(r, 1) + BCE(f, 0))
 *                    G: ½ · (BCE(r, 0) + BCE(f, 1))
 *     leastSquares   D: ½ · (mean((r − 1)²) + mean((f + 1)²))
 *                    G: ½ · (mean((r + 1)²) + mean((f − 1)²))
 *
 * @throws TypeError for an unknown option or one of the wrong type, and for a term that is there
 * twice; RangeError for one out of its range
 */
export function relativisticAverage(options: RelativisticAverageOptions = {}): RelativisticAverage {
  const base = objective("relativisticAverage", options, ["loss"]);
  const loss = check.oneOf(options.loss ?? "logistic", "loss of relativisticAverage", losses);
  return { ...base, loss };
}
