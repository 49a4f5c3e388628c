import { addon, crossing } from "../addon.js";
import * as check from "../check.js";
import { outOfRange, traced } from "../errors.js";
import { checkPair, Features, type Measured, measured } from "./features.js";
import { meanOf, spreadOf } from "../mean-and-spread.js";

/**
 * The subsets and the kernel (gamma x·y + offset)^degree; by default those of the paper and of
 * torchmetrics.
 */
export interface KidOptions {
  /** Pairs of subsets that it is estimated from, at least 1. @default 100 */
  readonly subsets?: number | undefined;
  /** Samples in each, at least 2. @default 1000, or all of the smaller set */
  readonly subsetSize?: number | undefined;
  /** Degree of the polynomial, 1 to 10. @default 3 */
  readonly degree?: number | undefined;
  /** Factor of x·y, above 0. @default 1 / width */
  readonly gamma?: number | undefined;
  /** What is added to gamma x·y, finite and at least 0. @default 1 */
  readonly offset?: number | undefined;
  /** Draws the subsets; a whole number of at least 0. @default 0 */
  readonly seed?: number | undefined;
}

/** A kernel distance and what it was measured with. */
export interface Kid extends Measured<"kid"> {
  /**
   * Mean over the subsets, in units of the kernel: 0 in expectation for equal distributions, below
   * it by chance; smaller is better. (Papers often show it times 1,000.)
   */
  readonly value: number;
  /**
   * Standard deviation over the subsets (of n, not of n − 1): how far the value of one subset is
   * from that of another. 0 to rounding where each subset is all samples, by whatever chance.
   */
  readonly standardDeviation: number;
  /** Pairs of subsets that it is the mean over. */
  readonly subsets: number;
  /** Samples in each subset. */
  readonly subsetSize: number;
  /** Seed that the subsets were drawn with. */
  readonly seed: number;
}

const usualSize = 1000;

/**
 * The kernel inception distance (Bińkowski et al. 2018, https://arxiv.org/abs/1801.01401): the
 * squared maximum mean discrepancy under a polynomial kernel, by its unbiased estimator, so that
 * few samples make it uncertain, not large. In float64. Subsets are drawn without replacement, a
 * real and a generated one by turns, by torch's permutations of the seed.
 *
 * @param real features of [samples, width]
 * @param generated features of the same network and width
 * @throws TypeError and RangeError for options out of their range, two networks or widths, sets
 * smaller than a subset, and a kernel whose numbers are beyond float64
 */
export async function kid(
  real: Features,
  generated: Features,
  options: KidOptions = {},
): Promise<Kid> {
  check.madeWithMemory(real, "real", Features, "Features");
  check.madeWithMemory(generated, "generated", Features, "Features");
  checkPair(real, generated);
  const given = checkOptions(options, real, generated);
  const values = await traced(() =>
    crossing(() =>
      addon().metrics.kernelDistances(
        real.data,
        real.shape,
        generated.data,
        generated.shape,
        given,
      ),
    ),
  );
  const { subsets, subsetSize, seed, degree } = given;
  // Inner products of float32 are float64, but not each power of them.
  if (!values.every(Number.isFinite))
    throw outOfRange("a kernel that stays below the largest float64", "degree", degree);
  return {
    ...measured("kid", real, generated),
    value: meanOf(values),
    standardDeviation: spreadOf(values),
    subsets,
    subsetSize,
    seed,
  };
}

function checkOptions(options: KidOptions, real: Features, generated: Features) {
  const known = ["subsets", "subsetSize", "degree", "gamma", "offset", "seed"] as const;
  const {
    subsets = 100,
    subsetSize,
    degree = 3,
    offset = 1,
    seed = 0,
    gamma,
  } = check.options(options, "options", known);
  for (const [name, { count }] of Object.entries({ real, generated }))
    if (count < 2) throw outOfRange("at least 2 samples, to compare with each other,", name, count);
  const most = Math.min(real.count, generated.count);
  const size = check.integer(subsetSize ?? Math.min(usualSize, most), "subsetSize", 2);
  for (const [name, { count }] of Object.entries({ real, generated }))
    if (count < size)
      throw outOfRange(`at least the ${size} samples of a subset`, name, `${count} samples`);
  return {
    subsets: check.integer(subsets, "subsets", 1),
    subsetSize: size,
    degree: check.integer(degree, "degree", 1, 10),
    gamma: check.positive(gamma ?? 1 / real.width, "gamma"),
    offset: check.notNegative(offset, "offset"),
    seed: check.seed(seed, "seed"),
  };
}
