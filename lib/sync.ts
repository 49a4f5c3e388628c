// Puts what was written on the disk, also where Node, or what stands in for its files, refuses
// sync().
import { constants, fsync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { promisify } from "node:util";

const { O_CREAT, O_EXCL, O_RDWR, O_SYNC } = constants;

/**
 * Opens a new file that is to be synced. Node 26 refuses sync() under `--permission`: there each
 * write waits for the disk instead.
 */
export function openNew(path: string): Promise<FileHandle> {
  const { permission } = process as { permission?: unknown };
  return open(path, O_RDWR | O_CREAT | O_EXCL | (permission === undefined ? 0 : O_SYNC));
}

/** Returns once the disk has what a file, or a folder, holds. */
export async function sync(file: FileHandle): Promise<void> {
  try {
    await file.sync();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    // A file's bytes are there, see openNew(). A folder's names may follow later.
    if (code === "ERR_ACCESS_DENIED") return;
    // Some file systems, such as the shared folders of virtual machines, have it for files alone.
    if (code === "EINVAL" && (await file.stat()).isDirectory()) return;
    if (code !== undefined) throw cause;
    // The files of Yarn's Plug'n'Play have no sync() of their own, but their numbers are Node's.
    await promisify(fsync)(file.fd);
  }
}
