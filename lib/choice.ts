// A choice from a table, as data: { type, ...options }. It survives JSON, so what comes back from a
// file is made again by the factory that made it first, and what the factory would refuse is
// refused.
import * as check from "./check.js";
import { wrongType } from "./errors.js";
import type { NativeChoice } from "./native.js";

/** What every choice is. */
export interface Choice {
  readonly type: string;
}

/** Makes a choice complete. Throws TypeError or RangeError. */
export type Factory<T extends Choice> = (options: never) => T;

/**
 * Makes a choice again.
 *
 * @param what the WHAT of an error, for a value that is no choice at all
 * @param typeWhat that for a type which is not in the table @default every type that is
 */
export function remake<T extends Choice>(
  value: unknown,
  name: string,
  what: string,
  table: Readonly<Record<string, Factory<T>>>,
  typeWhat?: (type: unknown) => string,
): T {
  if (!check.isObject(value)) throw wrongType(what, name, value);
  const { type, ...options } = value;
  const known = check.oneOf(type, `${name}.type`, Object.keys(table), typeWhat);
  return (table[known] as Factory<T>)(options as never);
}

/** Makes each choice of a list again. Throws if one type is there twice. */
export function remakeAll<T extends Choice>(
  value: unknown,
  name: string,
  what: string,
  table: Readonly<Record<string, Factory<T>>>,
): readonly T[] {
  if (!Array.isArray(value)) throw wrongType("an array", name, value);
  // Array.from sees the holes of a sparse array, which map would skip.
  const choices = Array.from(value, (one, i) => remake(one, `${name}[${i}]`, what, table));
  const types = choices.map(({ type }) => type);
  if (new Set(types).size < types.length) throw wrongType("each type once", name, types);
  return choices;
}

/** A choice as native code reads it: every option is there, and 0 stands for none. */
export function toNative({ type, ...options }: Choice): NativeChoice {
  const entries = Object.entries(options).map(([key, value]) => [key, value ?? 0]);
  return { type, options: Object.fromEntries(entries) };
}
