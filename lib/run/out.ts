// A file that a command writes: looked at before there is anything to write, and written.
import { constants } from "node:fs";
import { access, lstat, stat } from "node:fs/promises";
import { dirname, resolve, sep } from "node:path";
import { refused, renamed, showPath } from "../errors.js";
import { checkReplaceable } from "../files.js";
import { reason } from "../reason.js";

/**
 * Checks that a file could be written there, and writes nothing. Throws ERR_OUTPUT.
 *
 * @param name what the user calls it
 */
export async function checkWritable(path: string, name: string): Promise<void> {
  const refuse = (why: string, cause?: unknown) => {
    return refused("ERR_OUTPUT", "a writable file", name, `${showPath(path)} (${why})`, { cause });
  };
  try {
    // The file is made beside its target, and takes its place. Of a file in the place of the folder
    // root would hear that it may not be executed, but for the dot behind it.
    await access(`${dirname(resolve(path))}/.`, constants.W_OK | constants.X_OK);
    // Of a name that is too long nobody hears before.
    await lstat(resolve(path)).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code !== "ENOENT") throw cause;
    });
    await checkReplaceable(resolve(path));
  } catch (cause) {
    throw refuse(reason(cause), cause);
  }
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) throw refuse("it is a folder");
  // Without it the path would be a file's.
  if (path.endsWith(sep)) throw refuse("it ends as the path of a folder does");
}

/**
 * Does work that writes the file, or looks for it. Throws ERR_OUTPUT, as of a disk that is full.
 *
 * @param name what the user calls it: an option, or what the file is for in the folder of a run
 */
export function forFile<T>(name: string, work: () => Promise<T>): Promise<T> {
  return renamed("path", name, work, "ERR_OUTPUT");
}
