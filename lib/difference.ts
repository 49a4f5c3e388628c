// Where two values of JSON differ.
import * as check from "./check.js";
import { show } from "./errors.js";

type Difference = readonly [path: string, first: unknown, second: unknown];

/**
 * The first place where two values of JSON differ; undefined where none does. A list of numbers or
 * of words is one value: one of two sides would say little.
 *
 * @param path where they are themselves, which comes before the place: "" for the whole of what
 * they are in
 */
export function difference(first: unknown, second: unknown, path: string): Difference | undefined {
  if (isListOfParts(first) && isListOfParts(second) && first.length === second.length) {
    for (const [i, item] of first.entries()) {
      const found = difference(item, second[i], `${path}[${i}]`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (check.isObject(first) && check.isObject(second)) {
    for (const key of new Set([...Object.keys(first), ...Object.keys(second)])) {
      const found = difference(first[key], second[key], path === "" ? key : `${path}.${key}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  return JSON.stringify(first) === JSON.stringify(second) ? undefined : [path, first, second];
}

function isListOfParts(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.some((item) => typeof item === "object" && item !== null);
}

/** One of two values that differ, for a sentence: JSON has no value for what is not there. */
export function showOne(value: unknown): string {
  return value === undefined ? "none" : show(value);
}
