import { addon, crossing } from "../addon.js";
import * as check from "../check.js";
import { outOfRange, traced } from "../errors.js";
import { checkPair, Features, type Measured, measured } from "./features.js";

/** @internal How many neighbours there are by default: as in the papers. */
export const usualNeighbours = { precisionRecall: 3, densityCoverage: 5 };

/** How large the neighbourhood of a sample is. */
export interface NeighbourOptions {
  /**
   * It reaches to so many of its own set, the sample itself not counted; at least 1 and fewer than
   * the samples.
   *
   * @default 3 for precisionRecall(), 5 for densityCoverage(), as in the papers
   */
  readonly neighbours?: number | undefined;
}

/** Fidelity and variety apart, and what they were measured with. */
export interface PrecisionRecall extends Measured<"precisionRecall"> {
  /**
   * Share of the generated that lie within a neighbourhood of a real, 0 to 1: how many are good.
   */
  readonly precision: number;
  /**
   * Share of the real that lie within a neighbourhood of a generated, 0 to 1: how much is there.
   */
  readonly recall: number;
  /** The nearest neighbour that a neighbourhood reaches to: the third for 3. */
  readonly neighbours: number;
}

/** Fidelity and variety apart, less moved by outliers, and what they were measured with. */
export interface DensityCoverage extends Measured<"densityCoverage"> {
  /**
   * Neighbourhoods of reals that hold a generated sample, on average, over `neighbours`: at least
   * 0, and above 1 where samples crowd.
   */
  readonly density: number;
  /** Share of the real whose neighbourhood holds a generated one, 0 to 1. */
  readonly coverage: number;
  /** The nearest neighbour that a neighbourhood reaches to: the third for 3. */
  readonly neighbours: number;
}

/**
 * Improved precision and recall (Kynkäänniemi et al. 2019, https://arxiv.org/abs/1904.06991). Both
 * depend on the sample counts: compare only equal ones, and take as many of each. Time and
 * distances are of samples², memory is not: distances are taken by blocks, in float64.
 *
 * @param real features of [samples, width]
 * @param generated features of the same network and width
 * @throws TypeError and RangeError for two networks or widths, and for no more samples than
 * neighbours
 */
export async function precisionRecall(
  real: Features,
  generated: Features,
  options: NeighbourOptions = {},
): Promise<PrecisionRecall> {
  const { neighbours, covering } = await cover(
    real,
    generated,
    options,
    usualNeighbours.precisionRecall,
  );
  const { precision, recall } = covering;
  return { ...measured("precisionRecall", real, generated), precision, recall, neighbours };
}

/**
 * Density and coverage (Naeem et al. 2020, https://arxiv.org/abs/2002.09797): neighbourhoods of the
 * real alone, counted instead of joined, so that one outlier does not cover everything.
 *
 * @param real features of [samples, width]
 * @param generated features of the same network and width
 * @throws TypeError and RangeError for two networks or widths, and for no more samples than
 * neighbours
 */
export async function densityCoverage(
  real: Features,
  generated: Features,
  options: NeighbourOptions = {},
): Promise<DensityCoverage> {
  const { neighbours, covering } = await cover(
    real,
    generated,
    options,
    usualNeighbours.densityCoverage,
  );
  const { density, coverage } = covering;
  return { ...measured("densityCoverage", real, generated), density, coverage, neighbours };
}

async function cover(
  real: Features,
  generated: Features,
  options: NeighbourOptions,
  usual: number,
) {
  check.madeWithMemory(real, "real", Features, "Features");
  check.madeWithMemory(generated, "generated", Features, "Features");
  checkPair(real, generated);
  const given = check.options(options, "options", ["neighbours"]);
  const neighbours = check.integer(given.neighbours ?? usual, "neighbours", 1);
  for (const [name, { count }] of Object.entries({ real, generated }))
    if (count <= neighbours)
      throw outOfRange(
        `more samples than the ${neighbours} neighbours of each`,
        name,
        `${count} samples`,
      );
  const covering = await traced(() =>
    crossing(() =>
      addon().metrics.neighbourhoods(
        real.data,
        real.shape,
        generated.data,
        generated.shape,
        neighbours,
      ),
    ),
  );
  return { neighbours, covering };
}
