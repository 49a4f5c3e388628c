// Why a file cannot be had, in words: what the operating system says, and the errors that tell it.
import { constants } from "node:os";
import { type ErrorCode, refused, showPath, type SparringError } from "./errors.js";

const reasons = {
  EACCES: "permission denied",
  EDQUOT: "the disk quota is used up",
  EEXIST: "it exists already",
  EISDIR: "it is a folder",
  ELOOP: "its links go round in a circle",
  EMFILE: "too many files are open",
  ENAMETOOLONG: "its name is too long",
  ENOENT: "no such file or folder",
  ENOSPC: "the disk is full",
  ENOTDIR: "a part of the path is not a folder",
  ENOTEMPTY: "it exists already",
  ENXIO: "it is no regular file",
  ERR_INVALID_ARG_VALUE: "it contains NUL",
  EPERM: "not permitted",
  EROFS: "the file system is read-only",
  ESTALE: "its file server has lost it",
} as const;

/** An error as the operating system throws it where it is the one that refuses. */
export function unreadable(code: keyof typeof reasons): Error {
  return Object.assign(new Error(reasons[code]), { code, syscall: "open" });
}

/** An error of the operating system's, and not one of ours. */
export function isOfSystem(cause: unknown): boolean {
  return (cause as NodeJS.ErrnoException | undefined)?.syscall !== undefined;
}

/** Makes the errors that refuse what is at one path. */
export interface Refuse {
  /** What is wrong with what is there. */
  (why: string, cause?: unknown): SparringError;
  /** What the operating system said instead of giving it. */
  unreadable(cause: unknown): SparringError;
}

/**
 * Makes the errors about a path.
 *
 * @param what was expected there: `an IDX file of rank 3`
 * @param name what the user calls the path
 */
export function refusal(code: ErrorCode, what: string, path: string, name = "path"): Refuse {
  const refuse = (why: string, cause: unknown) =>
    refused(code, what, name, showPath(path) + why, cause === undefined ? {} : { cause });
  return Object.assign((why: string, cause?: unknown) => refuse(`: ${why}`, cause), {
    unreadable: (cause: unknown) => refuse(` (${reason(cause)})`, cause),
  });
}

/** What the operating system said, without its call and path. */
export function reason(cause: unknown): string {
  const { code, errno = 0, message } = cause as NodeJS.ErrnoException;
  const known = (reasons as Record<string, string>)[namesOfOthers.get(-errno) ?? code ?? ""];
  return known ?? /^(?:[A-Z0-9]+|Unknown .+?): (.+), \w+( '|$)/.exec(message)?.[1] ?? message;
}

/** Errors that are an `Unknown system error -122` to Node. */
const namesOfOthers = new Map(
  (["EDQUOT", "ESTALE"] as const).map((name) => [constants.errno[name], name]),
);
