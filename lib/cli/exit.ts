// How the command ends: exit codes, and errors as one sentence.
import { inspect } from "node:util";
import { type ErrorCode, hasCode, isMisuse, SparringError } from "../errors.js";

/**
 * The codes of all commands. `again`, after sysexits.h for what may work when it is tried again:
 * another rank was lost, or had a signal.
 */
export const exitCodes = { ok: 0, failure: 1, badInput: 2, again: 75 } as const;

/** Whether a code tells of what the user gave, as long as nothing has begun. */
const isOfInput: Readonly<Record<ErrorCode, boolean>> = {
  ERR_ARCHITECTURE: true,
  ERR_BUSY: false,
  ERR_CHECKPOINT: true,
  ERR_DATA: true,
  ERR_DEVICE: true,
  ERR_DISPOSED: false,
  ERR_DIVERGED: false,
  ERR_LIBTORCH: false,
  ERR_MEMORY: false,
  ERR_NATIVE: false,
  ERR_OUTPUT: true,
  ERR_RANK: false,
  ERR_STOPPED: false,
  ERR_WEIGHTS: true,
};

/** Something that went wrong after training began: never the fault of the command line. */
export class RunFailure extends Error {
  constructor(cause: unknown) {
    super("the run failed", { cause });
  }
}

/**
 * Prints an error to stderr and returns the exit code for it.
 *
 * @param speaker what comes before it, `rank 1: `
 */
export function reportError(error: unknown, speaker = ""): number {
  const failed = error instanceof RunFailure;
  const cause = causeOf(error);
  process.stderr.write(`${speaker}${describe(cause)}\n`);
  if (failed && hasCode(cause, "ERR_RANK")) return exitCodes.again;
  return failed || !isBadInput(cause) ? exitCodes.failure : exitCodes.badInput;
}

/** What is printed of an error, as one rank tells it to the others. */
export function sentenceOf(error: unknown): string {
  return describe(causeOf(error));
}

function causeOf(error: unknown): unknown {
  return error instanceof RunFailure ? error.cause : error;
}

function describe(error: unknown): string {
  if (process.env.SPARRING_DEBUG === "1") return inspect(error);
  if (error instanceof SparringError || isMisuse(error)) return error.message;
  const message = error instanceof Error ? error.message : String(error);
  if (isDenied(error))
    return `Node refuses that under --permission: ${message} (${error.permission})`;
  return `This is a bug in sparring: ${message} (SPARRING_DEBUG=1 shows where)`;
}

/** What Node throws where a program may not do what it asks for. */
function isDenied(error: unknown): error is Error & { permission: string } {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === "ERR_ACCESS_DENIED";
}

function isBadInput(error: unknown): boolean {
  return isMisuse(error) || (error instanceof SparringError && isOfInput[error.code]);
}
