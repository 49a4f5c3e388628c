// The runs in a folder, as they come and go.
import { readdir, realpath, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { refused, showPath } from "../errors.js";
import { reason } from "../reason.js";
import type { RunCard } from "./page/protocol.js";
import { looksLikeRun, ShownRun } from "./run.js";

/** A sweep of sweeps is two deep. */
const deepest = 4;
/** More than a page can list. */
const mostRuns = 1000;
/** Folders that are looked into; a home folder may be given by mistake. */
const mostFolders = 5000;
/** Milliseconds. */
const lookEvery = 700;

export class Runs {
  /** Absolute, without links. */
  readonly path: string;
  #runs = new Map<string, ShownRun>();
  #cards: { readonly at: number; readonly list: Promise<readonly RunCard[]> } | undefined;

  private constructor(path: string) {
    this.path = path;
  }

  /** @param name what the user calls the folder. Throws ERR_DATA where it is none. */
  static async in(path: string, name: string): Promise<Runs> {
    try {
      const found = await stat(path);
      if (!found.isDirectory()) throw new Error("it is a file");
      await readdir(path);
      return new Runs(await realpath(resolve(path)));
    } catch (cause) {
      const received = `${showPath(path)} (${reason(cause)})`;
      throw refused("ERR_DATA", "a run or a folder of runs", name, received, { cause });
    }
  }

  /**
   * A run that the list had when it was last made; what else a name may mean is never looked for.
   */
  get(id: string): ShownRun | undefined {
    return this.#runs.get(id);
  }

  /** All runs, the newest first. However many ask, the disk is looked at once in `lookEvery`. */
  list(): Promise<readonly RunCard[]> {
    const now = performance.now();
    if (this.#cards === undefined || now - this.#cards.at > lookEvery)
      this.#cards = { at: now, list: this.#look() };
    return this.#cards.list;
  }

  async #look(): Promise<readonly RunCard[]> {
    const found = await findRuns(this.path);
    const runs = found.map((id) => this.#runs.get(id) ?? new ShownRun(id, join(this.path, id)));
    this.#runs = new Map(runs.map((run) => [run.id, run]));
    const cards = await Promise.all(runs.map((run) => run.card()));
    return cards.sort(
      (a, b) => (b.started ?? "").localeCompare(a.started ?? "") || a.id.localeCompare(b.id),
    );
  }
}

/** Ids of the runs in a folder: their paths from it. Follows no links, and looks into no run. */
async function findRuns(root: string): Promise<string[]> {
  const found: string[] = [];
  let level = ["."];
  let looked = 0;
  for (let depth = 0; depth <= deepest && level.length > 0; ++depth) {
    const next: string[] = [];
    for (const id of level) {
      if (++looked > mostFolders || found.length >= mostRuns) return found;
      const entries = await readdir(join(root, id), { withFileTypes: true }).catch(() => []);
      if (looksLikeRun(new Set(entries.map(({ name }) => name)))) {
        found.push(id);
        continue;
      }
      const folders = entries.filter((entry) => entry.isDirectory() && isShown(entry.name));
      next.push(...folders.map(({ name }) => (id === "." ? name : `${id}/${name}`)));
    }
    level = next;
  }
  return found;
}

function isShown(name: string): boolean {
  return !name.startsWith(".") && name !== "node_modules";
}
