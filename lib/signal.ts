// A signal, while something is under way that it can stop.
import {
  addAbortListener,
  defaultMaxListeners,
  getMaxListeners,
  setMaxListeners,
} from "node:events";
import { addon, crossing, direct } from "./addon.js";
import { hasCode } from "./errors.js";
import type { NativeStop } from "./native.js";

/** How a long answer is ended early. */
export interface Stoppable {
  /**
   * Ends the work before the next part of 256 samples; the promise then rejects with
   * `signal.reason`.
   * @default none
   */
  readonly signal?: AbortSignal | undefined;
}

/** Listeners of a signal before Node warns of a leak: more than a process has trainers. */
const manyListeners = 1000;

/**
 * Does work, and calls `stop` where the signal aborts meanwhile. A signal may live as long as the
 * process: nothing that it holds may outlive the work.
 */
export async function heeding<T>(
  signal: AbortSignal | undefined,
  stop: () => void,
  work: () => Promise<T>,
): Promise<T> {
  if (signal === undefined) return work();
  if (getMaxListeners(signal) === defaultMaxListeners) setMaxListeners(manyListeners, signal);
  addAbortListener(signal, stop);
  try {
    return await work();
  } finally {
    // Not by what that returned: before Node 24, contexts of node:vm, which Vitest's vm pools run
    // tests in, have no Symbol.dispose.
    signal.removeEventListener("abort", stop);
  }
}

/**
 * Awaits native work that goes in parts; where the signal aborts it ends before the next part, and
 * this rejects with the signal's reason.
 */
export async function crossingUntil<T>(
  signal: AbortSignal | undefined,
  work: (stop?: NativeStop) => Promise<T>,
): Promise<T> {
  if (signal === undefined) return crossing(() => work());
  signal.throwIfAborted();
  const stop = direct(() => new (addon().Stop)());
  try {
    return await heeding(
      signal,
      () => stop.stop(),
      () => crossing(() => work(stop)),
    );
  } catch (error) {
    const isStopped = hasCode(error, "ERR_STOPPED");
    throw isStopped && signal.aborted ? signal.reason : error;
  }
}
