// What stats.jsonl has a line of.
import type { Tick } from "../trainer.js";

/** A line of stats.jsonl. */
export interface RunTick extends Tick {
  /** Epoch of the last batch of this tick, from 0. */
  readonly epoch: number;
  /** The last batch of this tick in its epoch, from 0. */
  readonly batch: number;
  /** Since training began, with everything that is not a step. */
  readonly seconds: number;
}

/** Whether a line has what a tick is counted by; the rest a stranger may have left out. */
export function isRunTick(line: object): line is RunTick {
  const { step, warnings }: Partial<RunTick> = line;
  return Number.isSafeInteger(step) && Array.isArray(warnings);
}
