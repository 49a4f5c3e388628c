// A command that is a program of its own: it reads its own command line and speaks for itself.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { signals, toExitCode } from "./stop.js";

const output = new URL("output.js", import.meta.url).href;

/** Runs a script of this package to its end. @returns its exit code */
export async function runScript(
  script: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<number> {
  const child = spawn(process.execPath, ["--import", output, script, ...args], {
    env: { ...process.env, ...environment },
    stdio: "inherit",
  });
  // A terminal sends Ctrl+C to both, `kill` sends it to this process alone. The script clears up
  // behind itself, and a second SIGINT would end it in the middle of that: what is sent on is a
  // signal that it still listens to then.
  let came: NodeJS.Signals | undefined;
  const forward = (signal: NodeJS.Signals) => {
    came ??= signal;
    child.kill("SIGTERM");
  };
  for (const signal of signals) process.on(signal, forward);
  try {
    const [code] = await once(child, "close");
    return came === undefined ? (code ?? 1) : toExitCode(came);
  } finally {
    for (const signal of signals) process.off(signal, forward);
  }
}
