import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** Threads that spin while they wait make tests on a shared machine up to ten times slower. */
export const environment = { OMP_WAIT_POLICY: "passive", ...process.env };

/**
 * Runs a program in the project's folder.
 * @param {string} program
 * @param {readonly string[]} parameters
 * @param {{ env?: NodeJS.ProcessEnv, show?: (text: string) => void }} options `show` gets what it
 *     prints, as it comes
 * @returns {Promise<{ code: number, output: string }>} 1 for one that a signal ended
 */
export function runProgram(program, parameters, { env = environment, show = () => {} } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, parameters, {
      cwd: root,
      env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (chunk) => {
      output += chunk;
      show(chunk);
    });
    child.on("error", (error) => resolve({ code: 1, output: error.message }));
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}
