import { randomBytes } from "node:crypto";
import { open, rename, unlink } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { SparringError } from "./errors.js";

/**
 * Writes a file so that it is there whole or not at all: beside it under another name, synced, renamed.
 * Throws ERR_OUTPUT.
 */
export async function writeWhole(
  path: string,
  chunks: readonly (Uint8Array | string)[],
): Promise<void> {
  const target = resolve(path);
  const temporary = `${target}.${process.pid}-${randomBytes(4).toString("hex")}.tmp`;
  try {
    const file = await open(temporary, "wx");
    try {
      for (const chunk of chunks) await file.writeFile(chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
    await syncFolder(dirname(target));
  } catch (cause) {
    await unlink(temporary).catch(() => {});
    throw new SparringError(
      "ERR_OUTPUT",
      `Expected a writable file for path but received ${JSON.stringify(path)} (${reason(cause)})`,
      { cause },
    );
  }
}

/** Without it the new name may not survive a power failure. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** What the operating system said, without its call and path. */
export function reason(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  const known: Record<string, string> = {
    EACCES: "permission denied",
    EEXIST: "it exists already",
    EISDIR: "it is a folder",
    ENOENT: "no such file or folder",
    ENOSPC: "the disk is full",
    ENOTDIR: "a part of the path is not a folder",
    EPERM: "not permitted",
    EROFS: "the file system is read-only",
  };
  return known[code ?? ""] ?? message;
}
