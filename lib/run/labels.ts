// The classes of a run: their numbers, and what its data call them.
import * as check from "../check.js";
import { wrongType } from "../errors.js";

/** Most class names in the sentence of an error. */
const mostTold = 10;

/**
 * A class of a generator, by its number or its name; undefined if none is asked for. Throws
 * TypeError or RangeError.
 */
export function checkClass(
  label: unknown,
  { classes, classNames }: { classes: number; classNames: readonly string[] | null },
  name: string,
): number | undefined {
  if (label === undefined) return undefined;
  if (classes === 0) throw wrongType("nothing (the generator has no classes)", name, label);
  if (typeof label !== "string" || classNames === null)
    return check.integer(label, name, 0, classes - 1);
  const found = classNames.indexOf(label);
  if (found >= 0) return found;
  const told = classNames.slice(0, mostTold).join(", ");
  const more = classNames.length > mostTold ? ", ..." : "";
  throw wrongType(`a class (${told}${more}) or its number from 0 to ${classes - 1}`, name, label);
}

/** What a config.json calls the classes: null in those that do not say. Throws TypeError. */
export function checkClassNames(value: unknown, classes: number): readonly string[] | null {
  if (value === undefined || value === null) return null;
  const isNames = Array.isArray(value) && value.every((one) => typeof one === "string");
  if (!isNames || value.length !== classes)
    throw wrongType(`null or an array of ${classes} strings`, "classNames", value);
  return value;
}
