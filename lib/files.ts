import { randomBytes } from "node:crypto";
import { constants as buffer } from "node:buffer";
import { constants, statSync } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { isOfSystem, refusal, unreadable, reason } from "./reason.js";
import { openNew, sync } from "./sync.js";

/**
 * Writes a file so that it is there whole or not at all: beside it under another name, synced,
 * renamed. Throws ERR_OUTPUT.
 */
export async function writeWhole(
  path: string,
  chunks: readonly (Uint8Array | string)[],
): Promise<void> {
  await writeWholeWith(path, (file) => writeChunks(file, chunks));
}

async function writeChunks(
  file: FileHandle,
  chunks: readonly (Uint8Array | string)[],
): Promise<void> {
  for (const chunk of chunks) await file.writeFile(chunk);
}

/**
 * Writes a file as writeWhole() does, with work that fills it and may read what it wrote. What the
 * work throws of its own is thrown as it is.
 */
export async function writeWholeWith<T>(
  path: string,
  work: (file: FileHandle) => Promise<T>,
): Promise<T> {
  let own = false,
    temporary: string | undefined;
  const watched = async (file: FileHandle) => {
    try {
      return await work(file);
    } catch (error) {
      own = !isOfSystem(error);
      throw error;
    }
  };
  try {
    // The working directory may be gone.
    const target = resolve(path);
    await checkReplaceable(target);
    temporary = join(dirname(target), temporaryName());
    const result = await writeSynced(temporary, watched);
    await rename(temporary, target);
    await syncFolder(dirname(target));
    return result;
  } catch (cause) {
    if (temporary !== undefined) await unlink(temporary).catch(() => {});
    if (own) throw cause;
    throw refusal("ERR_OUTPUT", "a writable file", path).unreadable(cause);
  }
}

/**
 * Throws where a file would take the place of a device or a pipe: root would lose /dev/null to it.
 */
export async function checkReplaceable(target: string): Promise<void> {
  const found = await stat(target).catch(() => undefined);
  // A folder stays what it is: no file can take its place.
  if (found !== undefined && !found.isFile() && !found.isDirectory())
    throw new Error("it is no regular file");
}

/** What is in each file of a folder, under its name. */
type Files = Readonly<Record<string, readonly (Uint8Array | string)[]>>;

/** How a folder gets to its place. */
export interface FolderKind {
  /** What is expected at its path. */
  readonly what: string;
  /** Looks at the place, and says where to write it first, and what puts it there. */
  take(target: string): Promise<{ readonly temporary: string; put(): Promise<void> }>;
}

/** One that is not there yet. Folders above it are made. */
export const newFolder: FolderKind = {
  what: "a new folder that can be written",
  async take(target) {
    // Throws what the renaming would in the end.
    const found = await stat(target).catch(() => undefined);
    if (found !== undefined && !found.isDirectory()) throw new Error("it is a file");
    if (!(await isFree(target))) throw unreadable("ENOTEMPTY");
    await makeFolders(dirname(target));
    const put = async () => {
      // A folder that is not empty is never replaced by this.
      await rename(temporary, target);
      await syncFolder(dirname(target));
    };
    const temporary = join(dirname(target), temporaryName());
    return { temporary, put };
  },
};

/**
 * Writes a folder of files so that it is there whole or not at all: under another name, every file
 * synced in the order given, renamed. Throws ERR_OUTPUT, also where something is in the way.
 *
 * @param make asked for the files once the place is free and can be written to, as they may take
 *   long to make; what it throws is thrown as it is
 */
export async function writeFolder(
  path: string,
  make: () => Promise<Files>,
  kind = newFolder,
): Promise<void> {
  let own = false,
    temporary: string | undefined;
  try {
    const place = await kind.take(resolve(path));
    temporary = place.temporary;
    await mkdir(temporary);
    const files = await make().catch((error: unknown) => {
      own = true;
      throw error;
    });
    for (const [name, chunks] of Object.entries(files))
      await writeSynced(join(temporary, name), (file) => writeChunks(file, chunks));
    await syncFolder(temporary);
    await place.put();
  } catch (cause) {
    if (temporary !== undefined)
      await rm(temporary, { recursive: true, force: true }).catch(() => {});
    if (own) throw cause;
    throw refusal("ERR_OUTPUT", kind.what, path).unreadable(cause);
  }
}

/** Whether no folder that is not empty is there. */
export async function isFree(target: string): Promise<boolean> {
  // What else may be there, and keep it from being written, is for the calls that write.
  const names = await readdir(target).catch(() => []);
  return names.length === 0;
}

/**
 * mkdir -p. Not Node's own, which tries without end where a folder that is there answers ENOENT for
 * what is not, as those of /proc do.
 *
 * @param made gets what it makes, outermost first
 */
export async function makeFolders(path: string, made: string[] = []): Promise<void> {
  const target = resolve(path);
  const make = async () => {
    try {
      await mkdir(target);
      made.push(target);
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code !== "EEXIST" || !(await stat(target)).isDirectory()) throw cause;
    }
  };
  try {
    await make();
  } catch (cause) {
    const parent = dirname(target);
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT" || parent === target) throw cause;
    await makeFolders(parent, made);
    await make();
  }
}

/** Names in a folder; none where it is not there. Throws ERR_OUTPUT. */
export function namesIn(path: string): Promise<string[]> {
  return unlessGone("a folder", path, [], () => readdir(path));
}

/** Why nothing can be found at a path, as there is no such file; undefined where something is. */
export function whyMissing(path: string): string | undefined {
  try {
    statSync(path);
    return undefined;
  } catch (cause) {
    return reason(cause);
  }
}

/** What is in a file; nothing where it is not there. Throws ERR_OUTPUT. */
export function textIn(path: string): Promise<string> {
  return unlessGone("a file", path, "", async () => (await readWhole(path)).toString("utf8"));
}

/** Calls back with each line of a file; with none where it is not there. Throws ERR_OUTPUT. */
export function linesIn(path: string, onLine: (line: string) => void): Promise<void> {
  return unlessGone("a file", path, undefined, () =>
    withFile(path, async (file) => {
      let rest = "";
      // Not readLines(), to which U+2028 ends a line.
      for await (const text of file.createReadStream({ encoding: "utf8", autoClose: false })) {
        // Only what is new is searched: a line may be as long as the file.
        const [first, ...others] = text.split("\n") as [string, ...string[]];
        rest += first;
        for (const next of others) {
          onLine(rest);
          rest = next;
        }
      }
      if (rest !== "") onLine(rest);
    }),
  );
}

/**
 * What is read, or `nothing` where it is not there. What is there and cannot be read is an error:
 * it would be made anew.
 */
async function unlessGone<T>(
  what: string,
  path: string,
  nothing: T,
  read: () => Promise<T>,
): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return nothing;
    throw refusal("ERR_OUTPUT", `${what} that can be read`, path).unreadable(cause);
  }
}

/** What a process that was killed while it wrote may leave beside its target. */
export const temporaryPattern = /^\.sparring-\d+-[0-9a-f]{8}\.tmp$/;

/**
 * What nobody has written to for so long, in milliseconds, is nobody's: pids of other machines say
 * nothing here.
 */
const abandonedAfter = 600_000;

/** Removes what writers that were killed left in a folder. */
export async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!temporaryPattern.test(name)) continue;
    const path = join(folder, name);
    const { mtimeMs } = await stat(path);
    const pid = Number(name.split("-")[1]);
    // Of our number was a process before us, too: in each container the first has the same.
    const isAlive = pid !== process.pid && isRunning(pid);
    if (!isAlive && Date.now() - mtimeMs > abandonedAfter)
      await rm(path, { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/**
 * A name for a file that is being written: not the target's and more, which may be as long as the
 * file system allows.
 */
function temporaryName(): string {
  return `.sparring-${process.pid}-${randomBytes(4).toString("hex")}.tmp`;
}

async function writeSynced<T>(path: string, work: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await openNew(path);
  try {
    const result = await work(file);
    await sync(file);
    return result;
  } finally {
    await file.close();
  }
}

/** Reads a regular file of at most `limit` bytes. */
export function readWhole(path: string, limit = buffer.MAX_LENGTH): Promise<Buffer> {
  return withFile(path, async (file, size) => {
    if (size > limit) throw new Error(`it has ${size} bytes, more than ${limit}`);
    // Only for files that tell no size, as those of /proc: it puts the pieces of a larger one
    // together at once, and fails for one in an archive of Yarn's Plug'n'Play.
    if (size === 0) return file.readFile();
    const bytes = Buffer.allocUnsafeSlow(size);
    if (await fill(file, bytes, 0)) return bytes;
    throw new Error("it became shorter while it was read");
  });
}

/**
 * Bytes that are read, copied or summed up at a time: with more, other reads and timers are kept
 * waiting.
 */
export const chunkBytes = 16 * 1024 ** 2;

/**
 * Fills `target` from `position` on, and calls back for each part that is there. False if the file
 * ends first.
 */
export async function fill(
  file: FileHandle,
  target: Uint8Array,
  position: number,
  onPart: (part: Uint8Array) => void = () => {},
): Promise<boolean> {
  for (let done = 0; done < target.length; ) {
    const length = Math.min(chunkBytes, target.length - done);
    const { bytesRead } = await file.read(target, done, length, position + done);
    if (bytesRead === 0) return false;
    onPart(target.subarray(done, done + bytesRead));
    done += bytesRead;
  }
  return true;
}

/**
 * Works with an open regular file of `size` bytes, and closes it. A pipe or a device is refused: it
 * may have no end, or never begin.
 */
export async function withFile<T>(
  path: string,
  work: (file: FileHandle, size: number) => Promise<T>,
): Promise<T> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = await file.stat();
    if (found.isDirectory()) throw unreadable("EISDIR");
    if (!found.isFile()) throw unreadable("ENXIO");
    return await work(file, found.size);
  } finally {
    await file.close();
  }
}

/** Makes the names in a folder survive a power failure. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await sync(folder);
  } finally {
    await folder.close();
  }
}
