// Every metric of two sets of features, by name: what `sparring evaluate` and training report.
import { type Fid, fid, type Statistics, statisticsOf } from "./fid.js";
import type { Features } from "./features.js";
import { type Kid, kid } from "./kid.js";
import { type ModeCoverage, modeCoverage } from "./modes.js";
import {
  type DensityCoverage,
  densityCoverage,
  type PrecisionRecall,
  precisionRecall,
  usualNeighbours,
} from "./neighbours.js";
import {
  type ClassBalance,
  classBalance,
  type InceptionScore,
  inceptionScore,
  usualSplits,
} from "./scores.js";

/** What each metric says, by its name. Those that were not asked for are not there. */
export interface MetricScores {
  fid?: Fid | undefined;
  kid?: Kid | undefined;
  precisionRecall?: PrecisionRecall | undefined;
  densityCoverage?: DensityCoverage | undefined;
  inceptionScore?: InceptionScore | undefined;
  classBalance?: ClassBalance | undefined;
  modeCoverage?: ModeCoverage | undefined;
}

export type MetricName = keyof MetricScores;

/** Real samples, with what is only computed of them once. */
export interface Reals {
  readonly features: Features;
  /** Undefined where nobody wants FID. */
  readonly statistics: Statistics | undefined;
}

type Compute = (reals: Reals, generated: Features, seed: number) => Promise<object>;

const table: Record<MetricName, Compute> = {
  fid: ({ features, statistics: known }, generated) => fid(known ?? features, generated),
  kid: ({ features }, generated, seed) => kid(features, generated, { seed }),
  precisionRecall: ({ features }, generated) => precisionRecall(features, generated),
  densityCoverage: ({ features }, generated) => densityCoverage(features, generated),
  inceptionScore: (_, generated) => inceptionScore(generated),
  classBalance: ({ features }, generated) => classBalance(features, generated),
  modeCoverage: ({ features }, generated) => modeCoverage(features, generated),
};

export const metricNames = Object.keys(table) as MetricName[];

/**
 * What a feature network says of an image beside its features: its class, the class of each
 * channel, or nothing.
 */
export type Answers = "class" | "classes" | "none";

const needed: { readonly [Name in MetricName]?: Answers } = {
  inceptionScore: "class",
  classBalance: "class",
  modeCoverage: "classes",
};

/** Whether a network that answers so can be asked for a metric. */
export const suits = (name: MetricName, answers: Answers) =>
  needed[name] === undefined || needed[name] === answers;

const both = (count: number) => ({ samples: count, reals: count });

const least: { readonly [Name in MetricName]?: ReturnType<typeof both> } = {
  kid: both(2),
  precisionRecall: both(usualNeighbours.precisionRecall + 1),
  densityCoverage: both(usualNeighbours.densityCoverage + 1),
  inceptionScore: { samples: usualSplits, reals: 1 },
};

/**
 * How many samples, and real images, a metric takes at least. FID takes more than it has features:
 * prepareReals() sees to that.
 */
export const leastOf = (name: MetricName) => least[name] ?? both(1);

/**
 * What is computed of the real samples alone. Throws RangeError for too few.
 * @param name what the user calls their number
 */
export async function prepareReals(
  features: Features,
  names: readonly MetricName[],
  name: string,
): Promise<Reals> {
  return {
    features,
    statistics: names.includes("fid") ? await statisticsOf(features, name) : undefined,
  };
}

/** @param seed of the subsets of KID */
export async function score(
  reals: Reals,
  generated: Features,
  names: readonly MetricName[],
  seed: number,
): Promise<MetricScores> {
  const entries: [string, object][] = [];
  // One after the other: they would only wait for each other.
  for (const name of names) entries.push([name, await table[name](reals, generated, seed)]);
  return Object.fromEntries(entries);
}
