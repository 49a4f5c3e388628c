// JSON that somebody wrote by hand: where it stops being JSON, which V8 tells of some mistakes and
// not of others, and what it says twice.
import type { ParseError } from "jsonc-parser";
import { show } from "../errors.js";

/** The text of a file, without the mark that editors of another system put before it. */
export function textOf(bytes: Buffer): string {
  return bytes.toString("utf8").replace(/^\uFEFF/, "");
}

/**
 * `line 3, column 5`: where a text that is no JSON has what cannot be there, or ends too early; and
 * what that is, where a look at the place may not show it.
 */
export async function placeOfMistake(text: string): Promise<string> {
  const { default: jsonc } = await import("jsonc-parser");
  return untilTooDeep(() => {
    const mistakes: ParseError[] = [];
    jsonc.parse(text, mistakes, { disallowComments: true, allowTrailingComma: false });
    const offset = mistakes[0]?.offset ?? text.length;
    return placeOf(text, offset) + whatIsAt(text, offset);
  });
}

function placeOf(text: string, offset: number): string {
  const before = text.slice(0, offset).split("\n");
  return `line ${before.length}, column ${(before.at(-1) as string).length + 1}`;
}

/**
 * The first key that an object of a JSON text has twice, and where it is again: JSON.parse keeps the
 * last of them, and drops the others without a word. Undefined where none has.
 */
export async function keyGivenTwice(text: string): Promise<string | undefined> {
  const { default: jsonc } = await import("jsonc-parser");
  // The keys of each object that the place is in.
  const around: Set<string>[] = [];
  let twice: string | undefined;
  const visitor = {
    onObjectBegin: () => void around.push(new Set()),
    onObjectProperty: (key: string, offset: number) => {
      const keys = around.at(-1) as Set<string>;
      if (keys.has(key)) twice ??= `${show(key)} again at ${placeOf(text, offset)}`;
      keys.add(key);
    },
    onObjectEnd: () => void around.pop(),
  };
  return untilTooDeep(() => {
    jsonc.visit(text, visitor);
    return twice;
  });
}

/** Has the library read a text: it calls itself for each bracket in another one, and V8 does not. */
function untilTooDeep<T>(read: () => T): T | string {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return "more brackets in each other than can be followed";
  }
}

/** What JavaScript and many an editor's files allow, and JSON does not. */
function whatIsAt(text: string, offset: number): string {
  const rest = text.slice(offset);
  if (/^\/[/*]/.test(rest)) return ", a comment, which JSON has not";
  if (rest.startsWith("'")) return ", a single quote in place of a double one";
  const isEnd = /^[}\]]/.test(rest);
  return isEnd && /,\s*$/.test(text.slice(0, offset)) ? ", after a comma that nothing follows" : "";
}
