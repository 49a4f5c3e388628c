// The library that reads and writes pictures. Loaded when it is first needed: it costs a tenth of a
// second, and most programs do without it.
import { createRequire } from "node:module";
import { refused } from "./errors.js";

type Library = typeof import("sharp")["default"];

let library: Library | undefined;

/**
 * Loads sharp by require(): as a module it imports JSON, of which the oldest Node that is supported
 * warns. Its native part is an optional dependency, which an installation may have left out.
 */
export function loadSharp(): Library {
  try {
    library ??= createRequire(import.meta.url)("sharp") as Library;
    return library;
  } catch (cause) {
    const [why] = (cause as Error).message.split("\n");
    const cure = "run `npm install --include=optional sharp`";
    const received = `one that does not load (${why}); ${cure}`;
    throw refused("ERR_NATIVE", "the npm package sharp", "pictures", received, { cause });
  }
}
