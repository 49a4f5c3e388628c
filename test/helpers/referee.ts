import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { json } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { TestContext } from "vitest";
import { pythonEnvironment } from "../../scripts/python-env.mjs";

const testFolder = fileURLToPath(new URL("../", import.meta.url));
type Environment = { python: string; env?: Record<string, string> } | null;
let environment: Promise<Environment> | undefined;
let server: Promise<string> | undefined;

/** What an independent program says: live, or as it said when the reference was written. */
export interface Verdict<T> {
  /** False where no PyTorch could be had: the committed values come from another processor, perhaps. */
  readonly live: boolean;
  readonly value: T;
}

/**
 * Runs a Python script of test/ and parses the JSON that it prints. Where PyTorch cannot be had, answers
 * with test/reference/<name>.json and says so; in CI that is a failure. SPARRING_WRITE_REFERENCE=1 writes
 * the file anew.
 */
export async function referee<T>(
  name: string,
  script: string,
  args: readonly string[],
): Promise<Verdict<T>> {
  const file = join(testFolder, "reference", `${name}.json`);
  environment ??= pythonEnvironment() as Promise<Environment>;
  const found = await environment;
  if (found === null) {
    if (process.env.CI !== undefined)
      throw new Error("Expected a PyTorch to compare with in CI but found none");
    console.warn(`${name}: no PyTorch here, comparing with the committed reference`);
    return { live: false, value: JSON.parse(readFileSync(file, "utf8")) };
  }
  const value = await runPython<T>(found, script, args);
  if (process.env.SPARRING_WRITE_REFERENCE === "1") {
    mkdirSync(join(testFolder, "reference"), { recursive: true });
    writeFileSync(file, `${JSON.stringify(value)}\n`);
  }
  return { live: true, value };
}

/**
 * Ends a test that has nothing but a committed reference, and says so in the report: what was compared so far was
 * compared to rounding. What follows in the test asks for every bit, or for what the referee did here and now.
 */
export function needsLive({ live }: Verdict<unknown>, skip: TestContext["skip"]): void {
  skip(!live, "no PyTorch here: only compared with the committed reference, to rounding");
}

/** Where scripts are run: see referee.py. */
async function startServer({ python, env }: NonNullable<Environment>): Promise<string> {
  const child = spawn(python, [join(testFolder, "referee.py")], {
    env: { ...process.env, ...env },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const path = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).once("line", resolve);
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`referee.py ended with ${code}`)));
  });
  // It ends with this process, and does not keep it.
  child.unref();
  for (const pipe of [child.stdin, child.stdout]) (pipe as Socket).unref();
  return path;
}

async function runPython<T>(
  found: NonNullable<Environment>,
  script: string,
  args: readonly string[],
): Promise<T> {
  server ??= startServer(found);
  const socket = connect(await server);
  socket.end(`${JSON.stringify([join(testFolder, script), ...args])}\n`);
  const { said, failure } = (await json(socket)) as { said: string; failure: string | null };
  if (failure !== null) throw new Error(`${script}: ${failure}`);
  return JSON.parse(said);
}
