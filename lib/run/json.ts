// JSON that somebody wrote by hand: where it stops being JSON. V8 tells that of some mistakes, and
// not of others.
import type { ParseError } from "jsonc-parser";

/**
 * `line 3, column 5`: where a text that is no JSON has what cannot be there, or ends too early; and
 * what that is, where a look at the place may not show it.
 */
export async function placeOfMistake(text: string): Promise<string> {
  // Loaded when there is one.
  const { default: jsonc } = await import("jsonc-parser");
  const mistakes: ParseError[] = [];
  jsonc.parse(text, mistakes, { disallowComments: true, allowTrailingComma: false });
  const offset = mistakes[0]?.offset ?? text.length;
  const before = text.slice(0, offset).split("\n");
  const place = `line ${before.length}, column ${(before.at(-1) as string).length + 1}`;
  return place + whatIsAt(text, offset);
}

/** What JavaScript and many an editor's files allow, and JSON does not. */
function whatIsAt(text: string, offset: number): string {
  const rest = text.slice(offset);
  if (/^\/[/*]/.test(rest)) return ", a comment, which JSON has not";
  if (rest.startsWith("'")) return ", a single quote in place of a double one";
  const isEnd = /^[}\]]/.test(rest);
  return isEnd && /,\s*$/.test(text.slice(0, offset)) ? ", after a comma that nothing follows" : "";
}
