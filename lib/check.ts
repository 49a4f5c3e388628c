// Predicates on arguments. Each returns the value, so that a check reads as an assignment; of
// numbers, -0 as the 0 that a file would make of it.
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { types } from "node:util";
import { outOfRange, wrongType } from "./errors.js";
import { nearestOnes } from "./nearest.js";
import { optionMeant } from "./other-names.js";
import type { Bytes, Floats } from "./arrays.js";

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Objects that hold no options: a call without its await, a Map in place of an object. */
const holders = [
  types.isPromise,
  types.isMap,
  types.isSet,
  types.isDate,
  types.isRegExp,
  types.isArrayBufferView,
  types.isAnyArrayBuffer,
  types.isBoxedPrimitive,
];

/** Options of another call, which somebody may mean who gives them to this one. */
export interface Elsewhere {
  readonly known: readonly string[];
  /** What has them: `run()`. */
  readonly of: string;
}

/** An options object with no key that the call does not know. */
export function options<T extends object>(
  value: T | undefined,
  name: string,
  known: readonly (keyof T & string)[],
  elsewhere?: Elsewhere,
): T {
  if (value === undefined) return {} as T;
  if (!isObject(value) || holders.some((isHolder) => isHolder(value)))
    throw wrongType("an object", name, value);
  for (const key of Object.keys(value))
    if (!(known as readonly string[]).includes(key))
      throw wrongType(whatFor(key, known, elsewhere), name, key);
  return value;
}

/**
 * What is expected in the place of an option that there is not: the one that is meant, here or
 * elsewhere; the one that it is like; or all.
 */
function whatFor(key: string, known: readonly string[], elsewhere?: Elsewhere): string {
  if (known.length === 0) return "no options";
  for (const find of [optionMeant, optionLike]) {
    const here = find(key, known);
    if (here !== undefined) return `the option ${here}`;
    const there = elsewhere && find(key, elsewhere.known);
    if (there !== undefined) return `no option of ${elsewhere?.of}, as ${there} is,`;
  }
  return `only the options ${known.join(", ")}`;
}

/** The options that a misspelt one is like, of those that there are. */
function optionLike(key: string, known: readonly string[]): string | undefined {
  const all = nearestOnes(key, known);
  return all.length === 0 ? undefined : all.join(" or ");
}

/**
 * An options object as options() has it, without null: what that stands for in PyTorch is not
 * always the default.
 */
export function settings<T extends object>(
  value: T | undefined,
  name: string,
  known: readonly (keyof T & string)[],
): T {
  const given = options(value, name, known);
  noNull(given, (key) => `${key} of ${name.replace(/^options of /, "")}`);
  return given;
}

/** Throws for the first option that is null. */
export function noNull(given: object, nameOf: (key: string) => string): void {
  for (const [key, one] of Object.entries(given))
    if (one === null) throw wrongType("a value", nameOf(key), null);
}

export function number(value: unknown, name: string): number {
  if (typeof value !== "number" || Number.isNaN(value)) throw wrongType("a number", name, value);
  return value;
}

/** A whole number of at least `min`, small enough to be exact. */
export function integer(
  value: unknown,
  name: string,
  min: number,
  max = Number.MAX_SAFE_INTEGER,
): number {
  // The limit of exact numbers is named only to those who went beyond it.
  const what =
    max === Number.MAX_SAFE_INTEGER && !(typeof value === "number" && value > max)
      ? `a whole number of at least ${min}`
      : `a whole number from ${min} to ${max}`;
  if (typeof value !== "number") throw wrongType(what, name, value);
  if (!Number.isSafeInteger(value) || value < min || value > max)
    throw outOfRange(what, name, value);
  return value + 0;
}

/** A number in [min, max). */
export function within(value: unknown, name: string, min: number, max: number): number {
  const what = `a number in [${min}, ${max})`;
  if (typeof value !== "number") throw wrongType(what, name, value);
  if (!(value >= min && value < max)) throw outOfRange(what, name, value);
  return value + 0;
}

/** A number in [min, max]. */
export function between(value: unknown, name: string, min: number, max: number): number {
  const what = `a number in [${min}, ${max}]`;
  if (typeof value !== "number") throw wrongType(what, name, value);
  if (!(value >= min && value <= max)) throw outOfRange(what, name, value);
  return value + 0;
}

/** A number in (min, max]. */
export function upTo(value: unknown, name: string, min: number, max: number): number {
  const what = `a number in (${min}, ${max}]`;
  if (typeof value !== "number") throw wrongType(what, name, value);
  if (!(value > min && value <= max)) throw outOfRange(what, name, value);
  return value;
}

/** The largest finite float32. */
export const largestFloat32 = (2 - 2 ** -23) * 2 ** 127;

/** Whether a number is finite to a network, which computes in float32: 1e39 is infinite there. */
export function isFinite32(value: number): boolean {
  return Number.isFinite(Math.fround(value));
}

/** What a finite number has to be: float32 is named only to those who went beyond it. */
function finiteFor(value: unknown): string {
  return Number.isFinite(value) && !isFinite32(value as number)
    ? "a finite float32"
    : "a finite number";
}

/** A number that a float32 can hold. */
export function finite(value: unknown, name: string): number {
  const what = finiteFor(value);
  if (typeof value !== "number") throw wrongType(what, name, value);
  if (!isFinite32(value)) throw outOfRange(what, name, value);
  return value;
}

/** A number above zero that a float32 can hold. */
export function positive(value: unknown, name: string): number {
  const what = `${finiteFor(value)} above 0`;
  if (typeof value !== "number") throw wrongType(what, name, value);
  if (!(value > 0 && isFinite32(value))) throw outOfRange(what, name, value);
  return value;
}

/** A number of at least zero that a float32 can hold. */
export function notNegative(value: unknown, name: string): number {
  return atLeast(value, name, 0);
}

/** A number of at least `min` that a float32 can hold. */
export function atLeast(value: unknown, name: string, min: number): number {
  const what = `${finiteFor(value)} of at least ${min}`;
  if (typeof value !== "number") throw wrongType(what, name, value);
  if (!(value >= min && isFinite32(value))) throw outOfRange(what, name, value);
  return value + 0;
}

export function boolean(value: unknown, name: string): boolean {
  if (typeof value !== "boolean") throw wrongType("true or false", name, value);
  return value;
}

export function string(value: unknown, name: string): string {
  if (typeof value !== "string" || value === "") throw wrongType("a non-empty string", name, value);
  return value;
}

/**
 * Where a file or a folder is: a path, or a `file:` URL, such as
 * `new URL("digits.png", import.meta.url)`.
 */
export type Path = string | URL;

/** A path that the operating system can be asked for; that of a file: URL. */
export function path(value: unknown, name: string): string {
  const text = isUrl(value) ? pathOf(value, name) : string(value, name);
  if (text.includes("\0")) throw wrongType("a path without NUL", name, text);
  return text;
}

/** Not instanceof: a test runner may have a class of its own, as one that plays a browser has. */
export function isUrl(value: unknown): value is URL {
  return isObject(value) && typeof value.href === "string" && typeof value.protocol === "string";
}

function pathOf(url: URL, name: string): string {
  try {
    return fileURLToPath(url.href);
  } catch {
    throw wrongType("a path, or a file: URL of one,", name, url.href);
  }
}

/**
 * An object that its constructor made: Object.create(Class.prototype) is an instance too, and
 * empty.
 */
export function made<T extends object>(
  value: unknown,
  name: string,
  Class: abstract new (...given: never[]) => T,
  what: string,
): T {
  if (value instanceof Class && Object.keys(value).length > 0) return value;
  const more = isForeign(value, Class) ? " of another copy of sparring" : "";
  throw wrongType(what, name, value, more);
}

/** An object that its constructor made, and whose numbers are still there. */
export function madeWithMemory<T extends { readonly data: ArrayBufferView }>(
  value: unknown,
  name: string,
  Class: abstract new (...given: never[]) => T,
  what: string,
): T {
  const object = made(value, name, Class, what);
  withMemory(object.data, `data of ${name}`);
  return object;
}

/**
 * Whether another copy of this module made it, as where a program has two versions of Sparring: a
 * class of the user's own has at most the name.
 */
function isForeign(value: unknown, Class: abstract new (...given: never[]) => object): boolean {
  if (!isObject(value) || value instanceof Class) return false;
  try {
    const methods = Object.getOwnPropertyNames(Class.prototype);
    return value.constructor.name === Class.name && methods.every((method) => method in value);
  } catch {
    return false;
  }
}

/** @param what of an error, for a value that is none of them @default all of them */
export function oneOf<T extends string>(
  value: unknown,
  name: string,
  allowed: readonly T[],
  what: (value: unknown) => string = () => `one of ${allowed.join(", ")}`,
): T {
  if (typeof value !== "string" || !(allowed as readonly string[]).includes(value)) {
    throw wrongType(what(value), name, value);
  }
  return value as T;
}

/**
 * A shape of the given rank (any rank if none is given), each side a whole number of at least 1;
 * `side` names one of them.
 */
export function shape(
  value: unknown,
  name: string,
  rank?: number,
  side: (index: number) => string = (index) => `${name}[${index}]`,
): number[] {
  const what =
    rank === undefined ? "an array of whole numbers" : `an array of ${rank} whole numbers`;
  if (
    !Array.isArray(value) ||
    value.length === 0 ||
    (rank !== undefined && value.length !== rank)
  ) {
    throw wrongType(what, name, value);
  }
  // Array.from sees the holes of a sparse array, which forEach would skip.
  return Array.from(value, (item, i) => integer(item, side(i), 1));
}

export function floats(value: unknown, name: string): Floats {
  // Not instanceof: that is true of what only inherits, and false of an array of another realm.
  if (!types.isFloat32Array(value)) throw wrongType("a Float32Array", name, value);
  ownMemory<Floats>(value, name);
  return value;
}

/** Numbers of either precision. */
export function decimals(value: unknown, name: string): Float32Array | Float64Array {
  if (!types.isFloat32Array(value) && !types.isFloat64Array(value))
    throw wrongType("a Float32Array or Float64Array", name, value);
  ownMemory(value, name);
  return value;
}

export function bytes(value: unknown, name: string): Bytes {
  if (!types.isUint8Array(value)) throw wrongType("a Uint8Array", name, value);
  ownMemory<Bytes>(value, name);
  return value;
}

/** An AbortSignal, where there is one. */
export function signal(value: unknown, name: string): AbortSignal | undefined {
  if (value === undefined || value instanceof AbortSignal) return value;
  throw wrongType("an AbortSignal", name, value);
}

/** Memory that no other thread can change or take away while native code copies it. */
export function ownMemory<T extends ArrayBufferView>(
  array: ArrayBufferView,
  name: string,
): asserts array is T {
  if (!types.isArrayBuffer(array.buffer))
    throw wrongType("an array over memory of its own, not shared,", name, array);
  withMemory(array, name);
}

/**
 * Throws TypeError for an array whose memory was transferred, to another thread or by
 * structuredClone(): it is empty since, and would be called too short.
 */
export function withMemory(array: ArrayBufferView, name: string): void {
  try {
    // What ArrayBuffer.prototype.detached says, which Node 20 does not have.
    new Uint8Array(array.buffer);
  } catch {
    throw wrongType("an array whose memory was not transferred away", name, array);
  }
}

/** Seeds are what torch.manual_seed takes, as far as a JavaScript number is exact. */
export function seed(value: unknown, name: string): number {
  return integer(value, name, 0);
}

/** CPU threads of the engine: more than there are processors would only wait for each other. */
export function threads(value: unknown, name: string): number {
  return integer(value, name, 1, availableParallelism());
}
