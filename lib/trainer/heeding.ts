// A signal, while something is under way that it can stop.
import {
  addAbortListener,
  defaultMaxListeners,
  getMaxListeners,
  setMaxListeners,
} from "node:events";

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
  const listening = addAbortListener(signal, stop);
  try {
    return await work();
  } finally {
    listening[Symbol.dispose]();
  }
}
