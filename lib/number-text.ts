// Numbers as people write them, on a command line.

/**
 * The number that a text means; the text itself, to be refused, if it is none, or digits that would
 * not all be kept.
 */
export function toNumber(text: string): number | string {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return text;
  const value = Number(text);
  const isKept = /[.e]/i.test(text) || Math.abs(value) <= Number.MAX_SAFE_INTEGER;
  return isKept && Number.isFinite(value) ? value : text;
}
