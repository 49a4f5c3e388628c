import { type FileHandle, open } from "node:fs/promises";
import { refused, showPath } from "../errors.js";
import { reason } from "../reason.js";

/**
 * Adds to a file of a run, which grows while the run goes on: all of it or, as far as the disk
 * still answers, nothing. Throws ERR_OUTPUT.
 *
 * @param name what the file is for, for the error
 */
export async function append(
  path: string,
  name: string,
  content: string | Uint8Array,
): Promise<void> {
  try {
    const file = await open(path, "a");
    try {
      await addTo(file, content);
    } finally {
      await file.close();
    }
  } catch (cause) {
    const received = `${showPath(path)} (${reason(cause)})`;
    throw refused("ERR_OUTPUT", "a writable file", name, received, { cause });
  }
}

/** What comes next must not follow half of this. */
async function addTo(file: FileHandle, content: string | Uint8Array): Promise<void> {
  const { size } = await file.stat();
  try {
    await file.appendFile(content);
  } catch (cause) {
    await file.truncate(size).catch(() => {});
    throw cause;
  }
}
