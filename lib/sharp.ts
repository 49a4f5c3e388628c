// The library that reads and writes pictures. Loaded when it is first needed: it costs a tenth of a
// second, and most programs do without it.
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { refused, type SparringError } from "./errors.js";
import { cureOf } from "./loading.js";

type Library = typeof import("sharp")["default"];

const require = createRequire(import.meta.url);
let library: Library | undefined;

/**
 * Loads sharp by require(): as a module it imports JSON, of which the oldest Node that is supported
 * warns. Its native part is an optional dependency, which an installation may have left out.
 */
export function loadSharp(): Library {
  try {
    library ??= require("sharp") as Library;
    return library;
  } catch (cause) {
    throw unloaded(cause as Error);
  }
}

/** What the loader says of the native part, in the midst of sharp's advice: `CODE: why`. */
const ofLoader = /^(ERR_DLOPEN_\w+): (.+)$/m;

function unloaded(cause: Error): SparringError {
  const [first] = cause.message.split("\n");
  const [, code, said] = ofLoader.exec(cause.message) ?? [];
  const otherwise = "run `npm install --include=optional sharp`";
  const place = { library: "sharp", otherwise };
  const found = Object.assign(new Error(said), { code });
  const cure = said === undefined ? otherwise : cureOf(found, foldersOf("sharp"), place);
  const received = `one that does not load (${said ?? first}); ${cure}`;
  return refused("ERR_NATIVE", "the npm package sharp", "pictures", received, { cause });
}

/** Where a package is; nowhere where it is not there at all. */
function foldersOf(name: string): string[] {
  try {
    return [dirname(require.resolve(name))];
  } catch {
    return [];
  }
}

/** Draws with sharp. Throws ERR_NATIVE where it does not load, and ERR_MEMORY. */
export async function draw<T>(work: (sharp: Library) => Promise<T>): Promise<T> {
  const sharp = loadSharp();
  try {
    return await work(sharp);
  } catch (cause) {
    throw lackOf(cause) ?? cause;
  }
}

/** What libvips, and the libraries behind it, say where the system gives them nothing. */
const lacks = /creating thread|out of memory|bad_alloc|(cannot|failed to) allocate/i;

/** An error of sharp's as ERR_MEMORY, where it is one of memory; else undefined. */
export function lackOf(cause: unknown): SparringError | undefined {
  const told = (cause as Error).message.split("\n").find((line) => lacks.test(line));
  if (told === undefined) return undefined;
  const cure = "fewer processes, or higher limits (ulimit -v, ulimit -u), make room";
  const received = `too little (${told}); ${cure}`;
  return refused("ERR_MEMORY", "enough memory and threads", "pictures", received, { cause });
}
