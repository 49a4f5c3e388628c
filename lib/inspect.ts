// What console.log shows of the library's objects: a line, as their fields may be megabytes.
import { counted, grouped } from "./count.js";
import { show } from "./errors.js";

/** `Images { 3 × [1, 8, 8] }`, of the parts that there are. */
export function lineOf(object: object, ...parts: readonly (string | undefined)[]): string {
  return `${object.constructor.name} { ${parts.filter((part) => part !== undefined).join(", ")} }`;
}

/** `1,234 steps`, `1 step`; undefined for none. */
export function some(count: number, one: string, many?: string): string | undefined {
  return count === 0 ? undefined : counted(count, one, many);
}

/** `1,234 × [1, 8, 8]` */
export function times(count: number, shape: readonly number[]): string {
  return `${grouped(count)} × ${show(shape)}`;
}

/** The word for an object that was disposed, after all else. */
export function gone(isDisposed: boolean): string | undefined {
  return isDisposed ? "disposed" : undefined;
}
