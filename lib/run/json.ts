// JSON that somebody wrote by hand: where it stops being JSON. V8 tells that of some mistakes, and
// not of others.
import type { ParseError } from "jsonc-parser";

/** `line 3, column 5`: where a text that is no JSON has what cannot be there, or ends too early. */
export async function placeOfMistake(text: string): Promise<string> {
  // Loaded when there is one.
  const { default: jsonc } = await import("jsonc-parser");
  const mistakes: ParseError[] = [];
  jsonc.parse(text, mistakes, { disallowComments: true, allowTrailingComma: false });
  const before = text.slice(0, mistakes[0]?.offset).split("\n");
  return `line ${before.length}, column ${(before.at(-1) as string).length + 1}`;
}
