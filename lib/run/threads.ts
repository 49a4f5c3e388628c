// The CPU threads of a run that is taken up again: other numbers of them round otherwise.
import { availableParallelism } from "node:os";
import { counted } from "../count.js";
import { setThreads } from "../device.js";

/**
 * Takes the threads that a run had, as far as there are processors for them: a cluster may give it
 * fewer the next time. Its config keeps what it began with. Returns how many they are.
 */
export async function takeThreads(
  threads: number,
  onNote: (sentence: string) => void,
): Promise<number> {
  const count = Math.min(threads, availableParallelism());
  if (count < threads)
    onNote(
      `${counted(count, "CPU thread")} in place of the run's ${threads}, as this process may use no more processors: the last digits may differ`,
    );
  await setThreads(count);
  return count;
}
