// What the doctor finds.

/** `ok`; `warning` for what training can do without; `problem` for what it cannot. */
export type Status = "ok" | "warning" | "problem";

/** One thing that was looked at. */
export interface Finding {
  /** For programs: `libtorch`, `addon`, ... */
  readonly name: string;
  readonly status: Status;
  /** What was found, one sentence without its full stop. */
  readonly says: string;
  /** What to do about it; undefined where there is nothing to be done. */
  readonly advice?: string | undefined;
  /** What was found, for programs. */
  readonly facts: Readonly<Record<string, unknown>>;
}
