import { addon, crossing } from "../addon.js";
import * as check from "../check.js";
import { outOfRange, traced } from "../errors.js";
import { Features, type Measured, measured, truncationOf } from "./features.js";
import { meanOf, spreadOf } from "../mean-and-spread.js";
import type { Decimals } from "./native.js";

/** @internal How many parts the score is the mean over by default. */
export const usualSplits = 10;

/** How the score is taken. */
export interface InceptionScoreOptions {
  /**
   * Parts of the samples, in order, that it is taken of each; 1 to the number of samples.
   * @default 10
   */
  readonly splits?: number | undefined;
}

/** An Inception-style score and what it was measured with. It does not look at real images. */
export interface InceptionScore extends Omit<Measured<"inceptionScore">, "real"> {
  /** Mean over the splits: from 1 to the number of classes; larger is better. */
  readonly value: number;
  /** Standard deviation over the splits, divided by their number. */
  readonly standardDeviation: number;
  /** Parts that it is the mean over. */
  readonly splits: number;
}

/** How the classes are shared out, and what that was measured with. */
export interface ClassBalance extends Measured<"classBalance"> {
  /**
   * Half the sum of the shares' differences: 0 where generated classes are as frequent as real
   * ones, 1 where none is shared.
   */
  readonly value: number;
  /** Share of the real that each class has, as the network sees it: [classes], with a sum of 1. */
  readonly realShares: readonly number[];
  /** Share of the generated that each class has: [classes], with a sum of 1. */
  readonly generatedShares: readonly number[];
}

/**
 * The Inception score (Salimans et al. 2016, https://arxiv.org/abs/1606.03498) of a classifier's
 * answers: exp of the mean KL(p(y|x) ‖ p(y)). With another classifier than Inception it is another
 * number; and one perfect sample of each class is all it asks for.
 *
 * @param generated features with logits, one answer for each sample
 * @throws TypeError and RangeError for features without logits or with several answers, and for
 * more splits than samples
 */
export async function inceptionScore(
  generated: Features,
  options: InceptionScoreOptions = {},
): Promise<InceptionScore> {
  const logits = logitsOf(generated, "generated");
  const given = check.options(options, "options", ["splits"]);
  const splits = check.integer(given.splits ?? usualSplits, "splits", 1);
  const { count, classes, network } = generated;
  if (count < splits)
    throw outOfRange(
      `at least a sample for each of ${splits} splits`,
      "generated",
      `${count} samples`,
    );
  const scores = await traced(() =>
    crossing(() => addon().metrics.inceptionScores(logits, [count, classes], splits)),
  );
  return {
    metric: "inceptionScore",
    network,
    generated: count,
    ...truncationOf(generated),
    value: meanOf(scores),
    standardDeviation: spreadOf(scores),
    splits,
  };
}

/**
 * How often each class comes, among the real and among the generated: what a generator that drops
 * digits shows first. The class of a sample is the one of its largest logit; the value is the total
 * variation between the two shares.
 *
 * @param real features with logits, one answer for each sample
 * @param generated the same, of the same network and classes
 * @throws TypeError and RangeError for features without logits or with several answers, and for two
 * networks
 */
export async function classBalance(real: Features, generated: Features): Promise<ClassBalance> {
  const [theirs, ours] = [logitsOf(real, "real"), logitsOf(generated, "generated")];
  if (real.network !== generated.network || real.classes !== generated.classes)
    throw outOfRange(
      `features of ${real.network}, with ${real.classes} classes,`,
      "generated",
      `features of ${generated.network}, with ${generated.classes}`,
    );
  const shares = async (logits: Decimals, { count, classes }: Features) => {
    const counts = await crossing(() => addon().metrics.classCounts(logits, [count, classes]));
    return Array.from(counts, (each) => each / count);
  };
  return traced(async () => {
    const realShares = await shares(theirs, real);
    const generatedShares = await shares(ours, generated);
    const gaps = realShares.map((share, i) => Math.abs(share - (generatedShares[i] as number)));
    const value = gaps.reduce((sum, gap) => sum + gap, 0) / 2;
    return { ...measured("classBalance", real, generated), value, realShares, generatedShares };
  });
}

function logitsOf(features: unknown, name: string): Decimals {
  const { logits, answers, network } = check.made(features, name, Features, "Features");
  if (logits === undefined)
    throw outOfRange("features of a network that classifies", name, "features without logits");
  if (answers === 1) return logits;
  const what = `features of ${network} with ${answers}`;
  throw outOfRange("features with one answer for each sample", name, what);
}
