// The command as a child process, as a shell would start it.
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const mainFile = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

export interface Ended {
  /** null if a signal killed it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
  /** Resolves with what of the output so far matches. Rejects if the process ends without it. */
  says(pattern: RegExp): Promise<string>;
}

/** Starts `sparring` with these arguments in a folder. */
export function startCli(
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): Started {
  return start(process.execPath, [mainFile, ...args], cwd, env);
}

/** Runs `sparring` to its end. */
export function runCli(
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): Promise<Ended> {
  const { child, ended } = startCli(args, cwd, env);
  child.stdin.end();
  return ended;
}

const asFirst = ["-rmpf", "--mount-proc", "--kill-child"];

/** Whether this user may start a process as the first of a container. */
export const mayBeFirst = spawnSync("unshare", [...asFirst, "true"]).status === 0;

/** Starts `sparring` as the first process of a container. */
export function startAsFirst(
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): Started & { kill(signal: NodeJS.Signals): void } {
  const started = start("unshare", [...asFirst, process.execPath, mainFile, ...args], cwd, env);
  const { pid } = started.child;
  const kill = (signal: NodeJS.Signals) => {
    const first = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8"));
    if (first > 0) process.kill(first, signal);
  };
  return { ...started, kill };
}

/** A command line with more options, which replace those of the same name that it has. */
export function withOptions(line: string, more: string): string {
  const flags = more.match(/--[a-z-]+/g) ?? [];
  const other = flags.reduce(
    (left, flag) => left.replace(new RegExp(` ${flag}(?= |$)( (?!--)\\S+)?`), ""),
    line,
  );
  return `${other} ${more}`;
}

/** Starts a program; spinning threads would slow every other test down. */
export function start(
  program: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): Started {
  const { NO_COLOR, FORCE_COLOR, SPARRING_DEBUG, ...inherited } = process.env;
  const environment = { ...inherited, OMP_WAIT_POLICY: "passive", ...env };
  const child = spawn(program, args, { cwd, env: environment });
  let [stdout, stderr] = ["", ""];
  const check = new Set<() => void>();
  child.stdout.setEncoding("utf8").on("data", (chunk) => {
    stdout += chunk;
    for (const one of check) one();
  });
  child.stderr.setEncoding("utf8").on("data", (chunk) => {
    stderr += chunk;
    for (const one of check) one();
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
  const says = (pattern: RegExp) =>
    new Promise<string>((resolve, reject) => {
      const look = () => {
        const [found] = pattern.exec(stdout) ?? pattern.exec(stderr) ?? [];
        if (found !== undefined) resolve(found);
      };
      check.add(look);
      look();
      ended.then(
        () => reject(new Error(`it ended without ${pattern}: ${stdout}${stderr}`)),
        reject,
      );
    });
  return { child, ended, says };
}
