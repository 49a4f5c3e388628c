// What the stream at the other end can do.
import type { WriteStream } from "node:tty";

type Stream = Pick<WriteStream, "isTTY">;

/** Whether lines can be redrawn. */
export function hasCursor(stream: Stream): boolean {
  return stream.isTTY === true && process.env.TERM !== "dumb";
}

/** Whether colour is wanted (no-color.org). */
function hasColour(stream: Stream): boolean {
  return hasCursor(stream) && !process.env.NO_COLOR;
}

const codes = { bold: [1, 22], dim: [2, 22], cyan: [36, 39], magenta: [35, 39] } as const;

/** Paints for one stream: the text itself where there is no colour. */
export function painter(stream: Stream): (style: keyof typeof codes, text: string) => string {
  if (!hasColour(stream)) return (_style, text) => text;
  return (style, text) => `\x1b[${codes[style][0]}m${text}\x1b[${codes[style][1]}m`;
}
