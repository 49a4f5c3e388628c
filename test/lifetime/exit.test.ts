// The engine thread under every way a process can end: this was a segmentation fault, every time.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const child = fileURLToPath(new URL("./child.mjs", import.meta.url));
const times = 20;

interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
  readonly error: string;
}

function run(how: string): Promise<Ending> {
  return new Promise((resolve) => {
    const process_ = spawn(process.execPath, [child, how], { stdio: ["ignore", "ignore", "pipe"] });
    let error = "";
    process_.stderr.on("data", (text) => {
      error += text;
    });
    process_.on("close", (code, signal) => resolve({ code, signal, error }));
  });
}

/** Two at a time: enough to shake the timing, not so much that the machine only waits. */
async function runMany(how: string, count: number): Promise<Ending[]> {
  const endings: Ending[] = [];
  for (let i = 0; i < count; i += 2) endings.push(...(await Promise.all([run(how), run(how)])));
  return endings;
}

it.each<[string, number, number, string]>([
  ["exit", times, 7, ""],
  ["throw", times, 1, "Error: uncaught"],
  ["terminate", times, 0, ""],
  ["terminate-answered", 4, 0, ""],
  ["exit-answered", 4, 0, ""],
  ["end", 4, 0, ""],
  ["exit-with-worker", 6, 7, ""],
  ["two-workers", 4, 7, ""],
  ["late", 4, 7, ""],
  ["listener-exits", 6, 7, ""],
  ["listener-throws", 4, 1, "thrown by a listener"],
  ["no-listeners", 6, 7, ""],
  ["really", 6, 7, ""],
  ["really-with-worker", 4, 7, ""],
  ["really-with-two", 4, 7, ""],
  ["loaded-often", 2, 0, ""],
  ["emitted", 2, 7, ""],
  ["handing-exit", 6, 7, ""],
  ["handing-terminate", 4, 0, ""],
  ["starved-exit", 6, 7, ""],
  ["starved-end", 2, 0, ""],
  ["starved-terminate", 6, 0, ""],
  ["starved-left", 2, 0, ""],
])(
  "%s in the middle of a step, of the wait for one, of an answer or of large weights, ends all %i processes cleanly with code %i",
  async (how, count, code, error) => {
    for (const ending of await runMany(how, count)) {
      expect({ code: ending.code, signal: ending.signal }).toEqual({ code, signal: null });
      if (error === "") expect(ending.error).toBe("");
      else expect(ending.error).toContain(error);
    }
  },
);
