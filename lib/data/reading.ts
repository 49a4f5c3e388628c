// Reading files that are larger than one read may be.
import { type FileHandle, open } from "node:fs/promises";
import type { Refusal } from "./refuse.js";

const chunk = 16 * 1024 ** 2;

/** Works with an open regular file of `size` bytes, and closes it. Throws ERR_DATA if it cannot be read. */
export async function withFile<T>(
  path: string,
  refuse: Refusal,
  work: (file: FileHandle, size: number) => Promise<T>,
): Promise<T> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, "r");
    const found = await file.stat();
    if (found.isFile()) return await work(file, found.size);
  } catch (cause) {
    throw isOfSystem(cause) ? refuse.unreadable(cause) : cause;
  } finally {
    await file?.close();
  }
  throw refuse("it is not a file");
}

/** Fills `target` from `position` on, and calls back for each part that is there. Throws if the file ends first. */
export async function readInto(
  file: FileHandle,
  target: Uint8Array,
  position: number,
  refuse: Refusal,
  onPart: (part: Uint8Array) => void = () => {},
): Promise<void> {
  for (let done = 0; done < target.length; ) {
    const length = Math.min(chunk, target.length - done);
    const { bytesRead } = await file.read(target, done, length, position + done);
    if (bytesRead === 0) throw refuse("it became shorter while it was read");
    onPart(target.subarray(done, done + bytesRead));
    done += bytesRead;
  }
}

/** An error of the operating system's, and not one of ours. */
export function isOfSystem(cause: unknown): boolean {
  return (cause as NodeJS.ErrnoException).syscall !== undefined;
}
