// A lock on the folder of a run, so that one process trains it: it goes with the process, however
// that ends.
import { closeSync, constants, openSync } from "node:fs";
import { addon } from "../addon.js";

export class FolderLock implements Disposable {
  #descriptor: number | undefined;

  private constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /**
   * Locks a folder; undefined where somebody else has done so. Throws what the operating system
   * says.
   */
  static take(path: string): FolderLock | undefined {
    const lock = new FolderLock(openSync(path, constants.O_RDONLY | constants.O_DIRECTORY));
    if (addon().tryLock(lock.#descriptor as number)) return lock;
    lock[Symbol.dispose]();
    return undefined;
  }

  /** Lets others in. */
  [Symbol.dispose](): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}
