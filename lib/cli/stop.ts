// Signals: the first one finishes the step and saves everything. Ctrl+C once more, a moment later,
// ends the process at once.
import { constants } from "node:os";
import { expected } from "../errors.js";
import { reason } from "../reason.js";
import { exitCodes } from "./exit.js";
import { outlivesTerminal } from "./hang-up.js";

/** What ends a command: Ctrl+C, whoever manages it, and a terminal that is closed. */
export const signals: readonly NodeJS.Signals[] = outlivesTerminal
  ? ["SIGINT", "SIGTERM"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Milliseconds in which a signal that comes again is the one that came: a terminal sends Ctrl+C to
 * npm and to this process, and npm, where its shell is bash, sends this process another.
 */
const sameFor = 1000;

export interface StopRequest {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal;
  /** The shell's code for the signal that came, 130 for Ctrl+C; undefined if none did. */
  readonly exitCode: number | undefined;
  /** Calls back when the first signal comes. */
  onStop(callback: () => void): void;
  /** Signals end the process again as they do by default. */
  forget(): void;
}

export function stopOnSignals(): StopRequest {
  const controller = new AbortController();
  let exitCode: number | undefined;
  let came = 0;
  const stop = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) {
      // Not SIGTERM: Slurm repeats it, and torchrun sends its ranks what Slurm has sent them
      // already. Who is in such a hurry has SIGKILL.
      if (name === "SIGINT" && performance.now() - came >= sameFor) process.exit(toExitCode(name));
      return;
    }
    came = performance.now();
    exitCode = toExitCode(name);
    controller.abort();
  };
  const onOutputError = (error: NodeJS.ErrnoException) => {
    if (controller.signal.aborted) return;
    // Node ignores SIGPIPE; the write fails instead. Whoever reads the log has left, as `| head`
    // does.
    if (error.code === "EPIPE") return stop("SIGPIPE");
    // The terminal has been closed, and the signal that says so is on its way.
    if (error.code === "EIO" && process.stdout.isTTY) return stop("SIGHUP");
    process.stderr.write(`${expected("a writable stream", "stdout", reason(error))}\n`);
    exitCode = exitCodes.failure;
    controller.abort();
  };
  for (const name of signals) process.on(name, stop);
  process.stdout.on("error", onOutputError);
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    onStop: (callback) => controller.signal.addEventListener("abort", callback, { once: true }),
    forget() {
      for (const name of signals) process.off(name, stop);
      process.stdout.off("error", onOutputError);
    },
  };
}

/**
 * Has signals end the first process of a container where nothing else listens to them: it gets none
 * from the system that it does not listen to.
 */
export function endBySignals(): void {
  for (const name of signals)
    process.on(name, () => {
      if (process.listenerCount(name) === 1) process.exit(toExitCode(name));
    });
}

/** Ends this process as a signal does that nobody listens to. */
export function endBy(name: NodeJS.Signals): never {
  process.kill(process.pid, name);
  // The first process of a container survives that.
  process.exit(toExitCode(name));
}

/** The shell's code for a signal. */
export function toExitCode(name: NodeJS.Signals): number {
  return 128 + constants.signals[name];
}
