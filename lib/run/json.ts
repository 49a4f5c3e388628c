// JSON that somebody wrote by hand: where it stops being JSON. V8 tells that of some mistakes, and not of others.

const space = /[ \t\n\r]*/y;
const token =
  /[{}[\],:]|"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/uy;
/** What values begin with. */
const value = '{["-0123456789tfn';

/** `line 3, column 5`: where a text that is no JSON has what cannot be there, or ends too early. */
export function placeOfMistake(text: string): string {
  const before = text.slice(0, offsetOfMistake(text)).split("\n");
  return `line ${before.length}, column ${(before.at(-1) as string).length + 1}`;
}

function offsetOfMistake(text: string): number {
  /** What closes the objects and arrays that are open. */
  const open: string[] = [];
  let wanted = value;
  let isKey = false;
  for (let at = 0; ; ) {
    at = endOf(space, text, at);
    const end = endOf(token, text, at);
    const first = text[at] as string;
    if (end === at || !wanted.includes(first)) return at;
    at = end;
    if (isKey && first === '"') wanted = ":";
    else if (first === ":") wanted = value;
    else if (first === "{") wanted = '"}';
    else if (first === "[") wanted = `${value}]`;
    else if (first === ",") wanted = open.at(-1) === "}" ? '"' : value;
    if (first === "{" || first === "[") open.push(first === "{" ? "}" : "]");
    isKey = first === "{" || (first === "," && open.at(-1) === "}");
    if ("{[,:".includes(first) || wanted === ":") continue;
    if (first === open.at(-1)) open.pop();
    wanted = open.length === 0 ? "" : `,${open.at(-1)}`;
  }
}

/** Where a match that begins at `start` ends; `start` where there is none. */
function endOf(pattern: RegExp, text: string, start: number): number {
  pattern.lastIndex = start;
  return start + (pattern.exec(text)?.[0].length ?? 0);
}
