import type { Choice } from "../choice.js";
import { wrongType } from "../errors.js";
import { mentions, parseFormula, programOf, type ScoreName, separated } from "./expression.js";
import { type ObjectiveOf, type ObjectiveOptions, objective } from "./options.js";

/** Options of formula: the loss of each player, as text. */
export interface FormulaOptions extends ObjectiveOptions {
  /**
   * What the generator minimises, of `fake` and, if it is to look at them, `real`.
   * @default "softplus(-fake)"
   */
  readonly generator?: string | undefined;
  /**
   * What the discriminator minimises, of `real` and `fake`.
   * @default "softplus(-real) + softplus(fake)"
   */
  readonly discriminator?: string | undefined;
}

/** A pair of losses as data, complete. */
export interface FormulaObjective extends ObjectiveOf<"formula"> {
  readonly generator: string;
  readonly discriminator: string;
}

/**
 * Losses of your own, as text. `real` is the score of an image, `fake` that of a sample, and a loss
 * is the mean of its formula over the batch. There are + − * / and parentheses; abs, exp, log,
 * relu, sigmoid, softplus, sqrt, square and tanh of one value; max, min and pow of two; and mean,
 * which is that of a batch. The defaults are the non-saturating losses of logits.
 *
 *     objectives.formula({ generator: "-fake", discriminator: "relu(1 - real) + relu(1 + fake)" })
 *
 * @throws TypeError for an unknown option or one of the wrong type, for a text that is no formula,
 * and for a term that is there twice; RangeError for one out of its range
 */
export function formula(options: FormulaOptions = {}): FormulaObjective {
  const base = objective("formula", options, ["generator", "discriminator"]);
  const { generator = "softplus(-fake)", discriminator = "softplus(-real) + softplus(fake)" } =
    options;
  checkFormula(generator, "generator of formula", ["fake"]);
  checkFormula(discriminator, "discriminator of formula", ["real", "fake"]);
  return { ...base, generator, discriminator };
}

/** Throws TypeError for what is no formula of those scores. */
function checkFormula(text: string, name: string, needed: readonly ScoreName[]): void {
  const parsed = parseFormula(text, name);
  if (needed.every((one) => mentions(parsed, one))) return;
  throw wrongType(`a formula of ${needed.join(" and ")}`, name, text);
}

/** @internal Whether the generator's loss looks at reals. */
export const generatorLooksAtReals = ({ generator }: FormulaObjective) =>
  mentions(parseFormula(generator, "generator of formula"), "real");

/**
 * @internal The losses as native code takes them: programs, and none for what there is not. The
 * discriminator's is one of pairs, or the sum of one of reals and one of fakes.
 */
export function compiled({ generator, discriminator }: FormulaObjective): Choice {
  const whole = parseFormula(discriminator, "discriminator of formula");
  const parts = separated(whole);
  const programs = {
    generator: programOf(parseFormula(generator, "generator of formula")),
    ofPairs: parts === undefined ? programOf(whole) : "",
    ofReals: parts === undefined ? "" : programOf(parts.real),
    ofFakes: parts === undefined ? "" : programOf(parts.fake),
  };
  return { type: "formula", ...programs };
}
