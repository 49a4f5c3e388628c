import * as check from "../check.js";
import { wrongType } from "../errors.js";

/** A class of a generator that has so many; undefined if none is asked for. Throws TypeError or RangeError. */
export function checkClass(label: unknown, classes: number, name: string): number | undefined {
  if (label === undefined) return undefined;
  if (classes === 0) throw wrongType("nothing (the generator has no classes)", name, label);
  return check.integer(label, name, 0, classes - 1);
}
