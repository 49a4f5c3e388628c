// Sentences about files that are not what a dataset is made of.
import { SparringError } from "../errors.js";
import { reason } from "../files.js";

/** Makes the errors about one path. */
export interface Refusal {
  /** What is wrong with what is there. */
  (why: string, cause?: unknown): SparringError;
  /** What the operating system said instead of giving it. */
  unreadable(cause: unknown): SparringError;
}

/** @param what was expected: `an IDX file of rank 3` */
export function refusal(what: string, path: string): Refusal {
  const sentence = `Expected ${what} for path but received ${JSON.stringify(path)}`;
  const refuse = (text: string, cause?: unknown) =>
    new SparringError("ERR_DATA", sentence + text, { cause });
  return Object.assign((why: string, cause?: unknown) => refuse(`: ${why}`, cause), {
    unreadable: (cause: unknown) => refuse(` (${reason(cause)})`, cause),
  });
}
