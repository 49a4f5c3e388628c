// Prints the steps of a set-up: one line each, with its time. On a terminal the line of a running
// step moves.
import { performance } from "node:perf_hooks";

const frames = ["|", "/", "-", "\\"];

/**
 * @param {NodeJS.WriteStream} stream where the lines go
 * @param {NodeJS.ProcessEnv} environment read for NO_COLOR and TERM
 */
export function createReport(stream = process.stderr, environment = process.env) {
  const terminal = Boolean(stream.isTTY) && environment.TERM !== "dumb";
  const colour = terminal && !environment.NO_COLOR;
  const paint = (code, text) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  const clear = () => terminal && stream.write("\r\u001b[K");
  const signs = terminal
    ? { done: "✓", failed: "✗", note: "·" }
    : { done: "ok", failed: "failed", note: "note" };

  function line(sign, code, text, seconds) {
    clear();
    const time = seconds === undefined ? "" : `${seconds.toFixed(1)} s`.padStart(9);
    stream.write(`${paint(code, sign)} ${time ? text.padEnd(64) : text}${time}\n`);
  }

  return {
    /**
     * Runs `action` under a title and prints how long it took. The action gets `detail(text)`,
     * which says how far it is, and may return another title for the finished line.
     */
    async step(title, action) {
      const begin = performance.now();
      const seconds = () => (performance.now() - begin) / 1000;
      let detail = "";
      let turn = 0;
      const draw = () => {
        const text = `${frames[turn++ % frames.length]} ${title}${detail && ` ${detail}`}   ${seconds().toFixed(0)} s`;
        stream.write(`\r\u001b[K${text.slice(0, (stream.columns || 80) - 1)}`);
      };
      const timer = terminal ? setInterval(draw, 125) : undefined;
      try {
        const finished = await action((text) => {
          detail = text;
        });
        clearInterval(timer);
        line(signs.done, 32, typeof finished === "string" ? finished : title, seconds());
        return finished;
      } catch (error) {
        clearInterval(timer);
        line(signs.failed, 31, title, seconds());
        throw error;
      }
    },
    /** A line without a time: why a way was not taken, what is being waited for. */
    note: (text) => line(signs.note, 33, text),
    /** Plain text, word for word. */
    write: (text) => stream.write(text.endsWith("\n") ? text : `${text}\n`),
  };
}
