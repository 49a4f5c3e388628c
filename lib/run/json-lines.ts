// Files of one JSON object a line, which grow while a run goes on. A line that was cut short, as by
// a kill, or that a stranger wrote, is passed over by whoever reads them.
import { isObject } from "../check.js";
import { linesIn, writeWhole } from "../files.js";
import { append } from "./append.js";
import { forFile } from "./out.js";

type Line = Readonly<Record<string, unknown>>;

/** The object that a line holds; undefined where it holds none. */
export function parseLine(text: string): Line | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Adds a line. Throws ERR_OUTPUT. @param name what the file is for, for the error */
export function appendLine(path: string, name: string, value: object): Promise<void> {
  return append(path, name, `${JSON.stringify(value)}\n`);
}

/**
 * Calls back with each object, one at a time: there may be a million. Throws ERR_OUTPUT.
 *
 * @param name what the file is for, for the error
 */
export async function readLines(
  path: string,
  name: string,
  onLine: (line: Line) => void,
): Promise<void> {
  await forFile(name, () =>
    linesIn(path, (text) => {
      const line = parseLine(text);
      if (line !== undefined) onLine(line);
    }),
  );
}

/**
 * Leaves out all lines but those that `isKept` takes, and what is no line. Where there is no file
 * none is made. Throws ERR_OUTPUT.
 *
 * @param name what the file is for, for the error
 * @returns what is left
 */
export async function cutLines<T extends object>(
  path: string,
  name: string,
  isKept: (line: object) => line is T,
): Promise<T[]> {
  const kept: { readonly line: T; readonly text: string }[] = [];
  let isThere = false;
  await forFile(name, async () => {
    await linesIn(path, (text) => {
      isThere = true;
      const line = parseLine(text);
      if (line !== undefined && isKept(line)) kept.push({ line, text });
    });
    if (isThere) await writeWhole(path, [kept.map(({ text }) => `${text}\n`).join("")]);
  });
  return kept.map(({ line }) => line);
}
