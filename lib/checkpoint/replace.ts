// A checkpoint in the place of an older one: whenever the process is killed, a whole one is there.
//
// The new one is written into a folder inside the old one, and renamed to `.next` when it is whole.
// That is the moment at which it is the checkpoint: readers look there first, file by file
// (load.ts). Its files then take the places of the old ones, the manifest last. What a kill leaves
// is finished, or removed, by whoever replaces it next.
import { rename, rm, rmdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type FolderKind, isFree, newFolder, syncFolder, writeFolder } from "../files.js";
import { manifestFile, nextFolder, parts } from "./format.js";
import { readManifest } from "./load.js";

/** One that is not there yet, or takes the place of a checkpoint, and of nothing else. */
const checkpoint: FolderKind = {
  what: "a new folder, or a checkpoint to replace, that can be written",
  async take(target) {
    if (await isFree(target)) return newFolder.take(target);
    await readManifest(target, notOne);
    await finish(target);
    const next = join(target, nextFolder);
    const temporary = `${next}.tmp`;
    await rm(temporary, { recursive: true, force: true });
    const put = async () => {
      await rename(temporary, next);
      await syncFolder(target);
      await finish(target);
    };
    return { temporary, put };
  },
};

const notOne = (why: string, cause?: unknown) => new Error(why, { cause });

/** Puts the files of the next checkpoint where they belong, if there is one. */
async function finish(folder: string): Promise<void> {
  const next = join(folder, nextFolder);
  if (!(await ifThere(stat(next)))) return;
  const { files } = await readManifest(folder, notOne);
  for (const { file } of parts) {
    if (file in files) await ifThere(rename(join(next, file), join(folder, file)));
    else await rm(join(folder, file), { force: true });
  }
  await syncFolder(folder);
  await ifThere(rename(join(next, manifestFile), join(folder, manifestFile)));
  await rmdir(next);
  await syncFolder(folder);
}

/** Undefined where there is no such file: one that was moved before. */
async function ifThere<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw cause;
    return undefined;
  }
}

/** The last to be written to each place. */
const writing = new Map<string, Promise<void>>();

/**
 * Writes a folder as writeFolder() does, in the place of an older checkpoint if one is there. One
 * at a time to a path: a loop need not await each.
 */
export async function replaceFolder(
  path: string,
  make: Parameters<typeof writeFolder>[1],
): Promise<void> {
  const place = resolve(path);
  const before = writing.get(place);
  const mine = (async () => {
    await before?.catch(() => {});
    await writeFolder(path, make, checkpoint);
  })();
  writing.set(place, mine);
  try {
    await mine;
  } finally {
    if (writing.get(place) === mine) writing.delete(place);
  }
}
