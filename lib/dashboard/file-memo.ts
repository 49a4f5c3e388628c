// What was read of a file or folder, and is read again only after that changed.
import { lstat } from "node:fs/promises";

export class FileMemo<T> {
  readonly #path: string;
  readonly #read: (path: string) => Promise<T>;
  #mark: string | undefined;
  #value: T | undefined;
  #changed = 0;

  /** @param read takes what is wanted from the path; rejects where it cannot */
  constructor(path: string, read: (path: string) => Promise<T>) {
    this.#path = path;
    this.#read = read;
  }

  /**
   * What it is now. Undefined where it is not there, or is a link: that may lead out of the folder.
   */
  async get(): Promise<T | undefined> {
    const found = await lstat(this.#path).catch(() => undefined);
    if (found === undefined || found.isSymbolicLink()) {
      this.#mark = undefined;
      this.#value = undefined;
      return undefined;
    }
    const mark = `${found.ino} ${found.size} ${found.mtimeMs}`;
    this.#changed = found.mtimeMs;
    if (mark !== this.#mark) {
      this.#value = await this.#read(this.#path).catch(() => undefined);
      this.#mark = mark;
    }
    return this.#value;
  }

  /** When the file last changed, in milliseconds since 1970; 0 if it never was there. */
  get changed(): number {
    return this.#changed;
  }
}
