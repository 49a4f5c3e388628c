// Runs other programs: output is kept, not shown, until it is needed.
import { spawn } from "node:child_process";

/**
 * Runs a program to its end. Never rejects: a program that cannot be started has `code` null and
 * says why in `output`.
 * @param {string} program
 * @param {string[]} parameters
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, verbose?: boolean, onLine?: (line: string) =>
 *   void }} [options]
 * @returns {Promise<{ code: number | null, output: string, stdout: string }>} `output` holds both
 *   streams in order
 */
export function run(program, parameters, { cwd, env = process.env, verbose = false, onLine } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, parameters, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let stdout = "";
    let rest = "";
    const take = (chunk) => {
      output += chunk;
      if (verbose) process.stderr.write(chunk);
      if (!onLine) return;
      const lines = (rest + chunk).split(/\r?\n|\r/);
      rest = lines.pop();
      for (const line of lines) onLine(line);
    };
    child.stdout.setEncoding("utf8").on("data", (chunk) => {
      stdout += chunk;
      take(chunk);
    });
    child.stderr.setEncoding("utf8").on("data", take);
    child.on("error", (error) => resolve({ code: null, output: error.message, stdout }));
    child.on("close", (code, signal) => {
      resolve({
        code: code ?? 1,
        output: signal ? `${output}\nended by ${signal}` : output,
        stdout,
      });
    });
  });
}

/**
 * The part of a compiler's output that explains a failure: from the first error on.
 * @param {string} output
 * @param {number} limit how many lines
 */
export function firstError(output, limit = 30) {
  // cmake-js repeats a failure without its reason.
  const lines = output
    .trimEnd()
    .split("\n")
    .filter((line) => !line.startsWith("ERROR OMG"));
  const signs = [/\berror:|undefined reference/i, /\berror\b|FAILED/i];
  const start =
    signs.map((sign) => lines.findIndex((line) => sign.test(line))).find((at) => at >= 0) ?? -1;
  const shown = start < 0 ? lines.slice(-limit) : lines.slice(start, start + limit);
  return shown.join("\n");
}
