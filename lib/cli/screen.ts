import type { RunReport } from "../run/training.js";

/** How a run is shown: a bar on a terminal, lines elsewhere. */
export interface Screen {
  /** How often it wants reports beside the ticks; undefined for ticks only. */
  readonly secondsApart: number | undefined;
  show(report: RunReport): void;
  /** Something was not as it should be, and the run goes on. */
  note(sentence: string): void;
  /** A signal came; the step is being finished. */
  stopping(): void;
  /** Everything is saved. */
  done(): void;
  /** Leaves the terminal as it was found. Calling it twice is fine. */
  close(): void;
}
