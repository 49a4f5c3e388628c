// What is in a folder of images: their files, in an order that does not depend on the disk, and the
// classes.
import type { Dirent, Stats } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { outOfRange, show } from "../../errors.js";
import { isOfSystem, reason, refusal, type Refuse } from "../../reason.js";
import { inParallel } from "../parallel.js";

/** A file that should be an image by its name. */
export interface SourceFile {
  /** Its path from the root of the folder. */
  readonly path: string;
  readonly label: number;
  readonly size: number;
  readonly mtimeMs: number;
  /** What is wrong with it, as far as can be seen without opening it. */
  readonly problem?: string | undefined;
}

export interface Listing {
  readonly root: string;
  readonly files: readonly SourceFile[];
  /** The folders that are classes; undefined where there are none. */
  readonly classNames: readonly string[] | undefined;
}

const extensions = [".png", ".jpg", ".jpeg", ".webp"];

/** Labels are bytes. */
const classLimit = 256;
/** A file is in memory while it is decoded. */
const sizeLimit = 512 * 1024 ** 2;
/** Questions to the file system at a time; a network's answer slowly. */
const lanes = 64;

/** Whether a file is taken for an image. */
export function isImageName(name: string): boolean {
  return extensions.includes(extname(name).toLowerCase());
}

/**
 * Lists a folder. Folders in it are classes, and what is below them belongs to them, as in
 * torchvision's ImageFolder. Throws ERR_DATA.
 *
 * @param limit most files to list, as many of each class as there are
 */
export async function listFolder(
  root: string,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<Listing> {
  const refuse = refusal("ERR_DATA", "a folder of images", root);
  const walk = new Walk(root, refuse);
  const top = await walk.read("");
  if (top.images.length > 0 && top.folders.length > 0) {
    const [image, folder] = [top.images[0], top.folders[0]].map(show);
    throw refuse(`it holds both images (${image}) and folders that would be classes (${folder})`);
  }
  const classNames = top.folders.length > 0 ? top.folders : undefined;
  if (classNames === undefined && top.images.length === 0)
    throw refuse(`it holds no images (${extensions.join(", ")}) and no folders of them`);
  if (top.folders.length > classLimit)
    throw refuse(`it holds ${top.folders.length} folders, more than ${classLimit} classes`);
  if (limit < top.folders.length)
    throw outOfRange(`at least ${top.folders.length}, one for each class,`, "limit", limit);
  const classes = [top.images];
  for (const [label, name] of top.folders.entries()) {
    const images = await walk.below(name);
    if (images.length === 0)
      throw refuse(`the class ${show(name)} has no images (${extensions.join(", ")})`);
    classes[label] = images;
  }
  const files = await lookAt(root, choose(classes, limit), signal);
  return { root, files, classNames };
}

/** One pass through the folders, in which each is read once: links may lead in circles. */
class Walk {
  readonly #root: string;
  readonly #refuse: Refuse;
  readonly #seen = new Map<string, string>();

  constructor(root: string, refuse: Refuse) {
    this.#root = root;
    this.#refuse = refuse;
  }

  /** Paths of all images below a folder, sorted by folder and name. */
  async below(folder: string): Promise<string[]> {
    const pages: { folder: string; images: string[] }[] = [];
    const open = [folder];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const parent = next;
      const { images, folders } = await this.read(parent);
      pages.push({ folder: parent, images: images.map((name) => join(parent, name)) });
      open.push(...folders.map((name) => join(parent, name)));
    }
    return pages.sort((a, b) => (a.folder < b.folder ? -1 : 1)).flatMap(({ images }) => images);
  }

  /** Names of the images and of the folders in a folder, sorted; what is hidden is left out. */
  async read(folder: string): Promise<{ images: string[]; folders: string[] }> {
    const found = { images: [] as string[], folders: [] as string[] };
    for (const entry of await this.#entries(folder)) {
      if (entry.name.startsWith(".")) continue;
      if (await this.#isFolder(folder, entry)) found.folders.push(entry.name);
      else if (isImageName(entry.name)) found.images.push(entry.name);
    }
    found.images.sort();
    found.folders.sort();
    return found;
  }

  async #entries(folder: string): Promise<Dirent[]> {
    const path = join(this.#root, folder);
    try {
      const real = await realpath(path);
      const before = this.#seen.get(real);
      if (before !== undefined) {
        const [here, there] = [folder, before || "."].map(show);
        throw this.#refuse(`the folder ${here} is the folder ${there} again, by a link`);
      }
      this.#seen.set(real, folder);
      return await readdir(path, { withFileTypes: true });
    } catch (cause) {
      throw this.#unreadable(folder, cause);
    }
  }

  async #isFolder(folder: string, entry: Dirent): Promise<boolean> {
    if (!entry.isSymbolicLink()) return entry.isDirectory();
    const path = join(folder, entry.name);
    try {
      return (await stat(join(this.#root, path))).isDirectory();
    } catch (cause) {
      // Listed as a broken image, if its name is that of one.
      if (isImageName(entry.name)) return false;
      throw this.#unreadable(path, cause);
    }
  }

  #unreadable(path: string, cause: unknown): unknown {
    if (!isOfSystem(cause)) return cause;
    if (path === "") return this.#refuse.unreadable(cause);
    return this.#refuse(`${show(path)} cannot be read (${reason(cause)})`, cause);
  }
}

interface Named {
  readonly path: string;
  readonly label: number;
}

/**
 * At most `limit` files, the first of each class, as many of one as of another as far as there are.
 */
function choose(classes: readonly (readonly string[])[], limit: number): Named[] {
  const all = classes.flatMap((paths, label) => paths.map((path, rank) => ({ path, label, rank })));
  if (all.length <= limit) return all;
  const first = all.toSorted((a, b) => a.rank - b.rank).slice(0, limit);
  return first.sort((a, b) => a.label - b.label || a.rank - b.rank);
}

async function lookAt(
  root: string,
  named: readonly Named[],
  signal: AbortSignal | undefined,
): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  const look = async (index: number) => {
    const { path, label } = named[index] as Named;
    try {
      const found = await stat(join(root, path));
      const { size, mtimeMs } = found;
      files[index] = { path, label, size, mtimeMs, problem: problemOf(found) };
    } catch (cause) {
      files[index] = { path, label, size: 0, mtimeMs: 0, problem: reason(cause) };
    }
  };
  await inParallel(named.length, lanes, look, signal);
  return files;
}

function problemOf(found: Stats): string | undefined {
  if (!found.isFile()) return "it is no regular file";
  if (found.size === 0) return "it is empty";
  if (found.size > sizeLimit) return `it has ${found.size} bytes, more than ${sizeLimit}`;
  return undefined;
}
