import type { Tick } from "../trainer/tick.js";

/** A line of stats.jsonl. */
export interface RunTick extends Tick {
  /** The last batch of this tick in its epoch, from 0. */
  readonly batch: number;
  /** Time since training began, with everything that is not a step. */
  readonly seconds: number;
}

/** Whether a line has what the summary counts by. A stranger may have left out the rest. */
export function isRunTick(line: object): line is RunTick {
  const { step, warnings }: Partial<RunTick> = line;
  return Number.isSafeInteger(step) && Array.isArray(warnings);
}
