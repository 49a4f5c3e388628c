// Reading files that are larger than one read may be.
import type { Bytes } from "../arrays.js";
import type { FileHandle } from "node:fs/promises";
import { totalmem } from "node:os";
import { SparringError } from "../errors.js";
import { chunkBytes, fill, withFile } from "../files.js";
import { isOfSystem, type Refuse } from "../reason.js";

/**
 * Works with an open regular file of `size` bytes, and closes it. Throws ERR_DATA if it cannot be
 * read.
 */
export async function readingFile<T>(
  path: string,
  refuse: Refuse,
  work: (file: FileHandle, size: number) => Promise<T>,
): Promise<T> {
  try {
    return await withFile(path, work);
  } catch (cause) {
    throw isOfSystem(cause) ? refuse.unreadable(cause) : cause;
  }
}

/**
 * Fills `target` from `position` on, and calls back for each part that is there. Throws if the file
 * ends first.
 */
export async function readInto(
  file: FileHandle,
  target: Uint8Array,
  position: number,
  refuse: Refuse,
  onPart?: (part: Uint8Array) => void,
): Promise<void> {
  if (!(await fill(file, target, position, onPart)))
    throw refuse("it became shorter while it was read");
}

/**
 * Reads `length` bytes from `position` on in parts, none of which is kept. Throws if the file ends
 * first.
 */
export async function scan(
  file: FileHandle,
  position: number,
  length: number,
  refuse: Refuse,
  onPart: (part: Uint8Array) => void,
): Promise<void> {
  const scratch = new Uint8Array(Math.min(chunkBytes, length));
  for (let done = 0; done < length; ) {
    const part = scratch.subarray(0, Math.min(chunkBytes, length - done));
    await readInto(file, part, position + done, refuse);
    onPart(part);
    done += part.length;
  }
}

/**
 * Bytes for images that a file, or a folder, promises: it may be gigabytes long without a byte on
 * the disk. Throws ERR_MEMORY.
 */
export function reserve(count: number, image: number, cure = ""): Bytes {
  const refuse = (cause?: unknown) => {
    const sentence = `Expected enough host memory for ${count} images of ${image} bytes but it ran out${cure}`;
    return new SparringError("ERR_MEMORY", sentence, { cause });
  };
  // The system may promise more than there is, and end the process when it is used.
  if (count * image > totalmem()) throw refuse();
  try {
    return new Uint8Array(count * image);
  } catch (cause) {
    throw refuse(cause);
  }
}
