// Options of a command line: what --help shows of them, and what they become.
import { Option } from "commander";

/** Defaults are filled in by lib/run, which knows them; here they are only shown. */
export function flag(flags: string, description: string, shown?: string | number): Option {
  return new Option(
    flags,
    shown === undefined ? description : `${description} (default: ${shown})`,
  );
}

/** `logEvery` → `--log-every`. */
export function toFlag(option: string): string {
  return `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** The same, for commands whose argument is a run. */
export function toName(option: string): string {
  return option === "run" ? "the run" : toFlag(option);
}

/** Texts as a request, the options that are numbers as those. */
export function toRequest(
  texts: Readonly<Record<string, string | boolean>>,
  numbers: ReadonlySet<string>,
): Record<string, unknown> {
  const entries = Object.entries(texts);
  return Object.fromEntries(
    entries.map(([key, text]) => {
      return [key, numbers.has(key) && typeof text === "string" ? toNumber(text) : text];
    }),
  );
}

/** The number that a text means; the text itself, to be refused, if it is none, or digits that would not all be kept. */
export function toNumber(text: string): number | string {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return text;
  const value = Number(text);
  const isKept = /[.e]/i.test(text) || Math.abs(value) <= Number.MAX_SAFE_INTEGER;
  return isKept && Number.isFinite(value) ? value : text;
}
