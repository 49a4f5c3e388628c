// A command of a page that goes on: a server.
import { spawn } from "node:child_process";

/** Milliseconds for it to answer. */
const patience = 60_000;

/**
 * Starts a command, and waits for it to say where it serves.
 *
 * @returns {Promise<{ said: string, address: string, stop(): Promise<void> }>}
 */
export async function startServer(command, cwd, env) {
  // A group of its own, since npx starts another process that would outlive it.
  const child = spawn("bash", ["--norc", "-c", `${command} 2>&1`], { cwd, env, detached: true });
  const ended = new Promise((resolve) => child.on("close", resolve));
  let said = "";
  child.stdout.setEncoding("utf8");
  const address = await new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`${command} says: ${said}`)), patience);
    ended.then(() => reject(new Error(`${command} ended: ${said}`)));
    child.stdout.on("data", (chunk) => {
      said += chunk;
      const [found] = /http:\/\/127\.0\.0\.1:\d+\/\S*/.exec(said) ?? [];
      if (found === undefined || !said.endsWith("\n")) return;
      clearTimeout(late);
      resolve(found);
    });
  });
  return {
    said: said.trimEnd(),
    address,
    async stop() {
      process.kill(-child.pid);
      await ended;
    },
  };
}
