// The library that reads and writes pictures. Loaded when it is first needed: it costs a tenth of a
// second, and most programs do without it.
import { createRequire } from "node:module";

type Library = typeof import("sharp")["default"];

let library: Library | undefined;

/**
 * Loads sharp by require(): as a module it imports JSON, of which the oldest Node that is supported
 * warns.
 */
export function loadSharp(): Library {
  library ??= createRequire(import.meta.url)("sharp") as Library;
  return library;
}
