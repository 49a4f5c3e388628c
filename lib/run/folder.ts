// The folder of a run on the disk: what is in it, and that it never holds two runs.
import { constants } from "node:fs";
import { access, lstat, mkdir, readdir, rm, rmdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { refused, showPath, SparringError } from "../errors.js";
import { makeFolders, namesIn, temporaryPattern, writeWhole } from "../files.js";
import { reason } from "../reason.js";
import { Checkpoints } from "./checkpoints.js";
import type { RunConfig } from "./config.js";
import { historyOf } from "./history.js";
import { appendLine, cutLines } from "./json-lines.js";
import { FolderLock } from "./lock.js";
import { forFile } from "./out.js";

const { R_OK, W_OK, X_OK } = constants;
/** The file of a run that has all of its settings. */
export const configFile = "config.json";
const statsFile = "stats.jsonl";
const eventsFile = "events.jsonl";

/** A path of a run, and what the user calls it, for the sentences of errors. */
interface NamedPath {
  readonly path: string;
  readonly name: string;
}

/** Where a run is to go. */
export interface RunPlace extends NamedPath {
  /** Whether the user chose it; otherwise the next free name will do. */
  readonly chosen: boolean;
  /**
   * Whether the same run began there and ended before its first checkpoint: what it left is made
   * again.
   *
   * @default false
   */
  readonly begun?: boolean | undefined;
}

/**
 * A line of the statistics, of which only the step is sure: a stranger, or another version, may
 * have written it.
 */
interface TickLine {
  readonly step: number;
  readonly seconds?: unknown;
}

export class RunFolder implements Disposable {
  /** As the user wrote it. */
  readonly path: string;
  /** Held while this process trains the run. */
  #lock: FolderLock | undefined;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Makes the folder of a new run, with its config, and locks it. On failure nothing that it made
   * stays behind.
   *
   * @param place.name what the user calls the path, for the error
   */
  static async create(place: RunPlace, config: object): Promise<RunFolder> {
    const { path, name } = place;
    await checkRunFolder(place);
    const made: string[] = [];
    let folder: RunFolder | undefined;
    try {
      await makeFolders(dirname(path), made);
      folder = RunFolder.#lockAt({ path: await makeFolder(place, made), name });
      if (place.begun) await folder.#clear(name);
      for (const child of folder.#folders) {
        await mkdir(child);
        made.push(child);
      }
      const text = `${JSON.stringify(config, null, 2)}\n`;
      const { config: file } = folder;
      made.push(file);
      await forFile(name, () => writeWhole(file, [text]));
      return folder;
    } catch (cause) {
      // Two started at the same moment: the other one has the folder, and may not have filled it
      // yet.
      const isOthers = folder === undefined && cause instanceof SparringError;
      // The config has its name already where only the sync of its folder failed.
      const remove = (one: string) => (one === folder?.config ? rm(one) : rmdir(one));
      if (!isOthers) for (const one of made.reverse()) await remove(one).catch(() => {});
      folder?.[Symbol.dispose]();
      throw cause instanceof SparringError ? cause : refuse(place, reason(cause), { cause });
    }
  }

  /**
   * Takes the folder of a run for this process to train, and for nobody else until it is disposed.
   * Throws ERR_OUTPUT where somebody else trains it.
   *
   * @param place.name what the user calls the path, for the error
   */
  static lock(place: NamedPath): RunFolder {
    try {
      return RunFolder.#lockAt(place);
    } catch (cause) {
      if (cause instanceof SparringError) throw cause;
      throw refuse(place, reason(cause), { cause, what: "a run that can be read" });
    }
  }

  static #lockAt(place: NamedPath): RunFolder {
    const folder = new RunFolder(place.path);
    folder.#lock = FolderLock.take(place.path);
    if (folder.#lock !== undefined) return folder;
    const what = "a run that nobody else trains";
    throw refuse(place, "another process trains it", { what });
  }

  /** Lets others train it. */
  [Symbol.dispose](): void {
    this.#lock?.[Symbol.dispose]();
  }

  /** Removes what a run leaves, its config last. */
  async #clear(name: string): Promise<void> {
    // Whoever had the folder until a moment ago may have trained on since this was decided.
    if (await this.hasWork())
      throw refuse({ path: this.path, name }, "another process has trained it");
    const others = (await readdir(this.path)).filter(
      (name) => name.includes(".tfevents.") || temporaryPattern.test(name),
    );
    const named = [...this.told, ...this.#folders, ...others.map((name) => join(this.path, name))];
    for (const one of [...named, this.config]) await rm(one, { recursive: true, force: true });
  }

  /** Whether there is something to go on with: what a run has learned. */
  async hasWork(): Promise<boolean> {
    const checkpoints = await new Checkpoints(this.checkpoints).list();
    return checkpoints.length > 0 || this.hasWeights();
  }

  /** Whether it has weights beside its checkpoints: a run writes them at its end. */
  async hasWeights(): Promise<boolean> {
    const files = await forFile("weights", () => namesIn(this.weights));
    return files.some((name) => !temporaryPattern.test(name));
  }

  /**
   * Mends the folder of a run that goes on: makes the folders in it that are missing, and removes
   * what a process that was killed was writing. Nobody else writes here. Throws ERR_OUTPUT.
   *
   * @param name what the user calls it
   */
  async mend(name: string): Promise<void> {
    for (const path of this.#folders) {
      if ((await readFolder(path)) === "file") throw refuse({ path, name }, "it is a file");
      await makeFolders(path).catch((cause) => {
        throw refuse({ path, name }, reason(cause), { cause });
      });
    }
    for (const folder of [this.path, ...this.#folders])
      for (const file of await readdir(folder))
        if (temporaryPattern.test(file))
          await rm(join(folder, file), { recursive: true, force: true });
  }

  /** Folders that every run has from its beginning. */
  get #folders(): string[] {
    return [this.samples, this.weights, this.checkpoints];
  }

  /** The folder of a run that is there already, as far as anybody knows. */
  static at(path: string): RunFolder {
    return new RunFolder(path);
  }

  /** The file that says what the run does. */
  get config(): string {
    return join(this.path, configFile);
  }

  /** The file that says how steps are carried out; there after the first of them. */
  get plan(): string {
    return join(this.path, "plan.json");
  }

  get samples(): string {
    return join(this.path, "samples");
  }

  get weights(): string {
    return join(this.path, "weights");
  }

  /** The file of the weights of a network. */
  weightsOf(network: "generator" | "generator-ema" | "discriminator"): string {
    return join(this.weights, `${network}.safetensors`);
  }

  /** The folder of checkpoints, each a folder named by its step. */
  get checkpoints(): string {
    return join(this.path, "checkpoints");
  }

  /** The picture of samples after `step` steps. */
  sample(step: number): string {
    return join(this.samples, `${step}.png`);
  }

  /** The file of events: a line a rollback. */
  get events(): string {
    return join(this.path, eventsFile);
  }

  /** The file of statistics: a line a tick. */
  get stats(): string {
    return join(this.path, statsFile);
  }

  /** The file of evaluations: a line each. */
  get evaluations(): string {
    return join(this.path, "evaluations.jsonl");
  }

  /** The file that says how the run ended; not there while it goes on. */
  get summary(): string {
    return join(this.path, "summary.json");
  }

  /** The files that say what it did. */
  get told(): string[] {
    return [this.stats, this.evaluations, this.events, this.summary, this.plan];
  }

  /** Appends an event: what happened to the run, a rollback. */
  async appendEvent(event: object): Promise<void> {
    await appendLine(this.events, "events", event);
  }

  /** Leaves out of the events what is no line: appended to, it would spoil the next one as well. */
  async cutEvents(): Promise<void> {
    await cutLines(this.events, "events", (_): _ is object => true);
  }

  /** Appends a line to the statistics. */
  async appendStats(tick: object): Promise<void> {
    await appendLine(this.stats, "statistics", tick);
  }

  /**
   * Leaves out statistics of steps after `step`, which are going to be done again, a line that was
   * cut short, and a tick that ended early because the run did. That of the last of all `steps`
   * stays: nothing of it is done again.
   *
   * @returns the ticks that are left
   */
  cutStats(
    step: number,
    config: Pick<RunConfig, "logEvery" | "steps" | "changes">,
  ): Promise<readonly TickLine[]> {
    const history = historyOf(config, ["logEvery"]);
    const isWhole = (done: number) => {
      const { logEvery } = history.findLast(({ since }) => since < done) ?? config;
      return done % logEvery === 0;
    };
    return cutLines(this.stats, "statistics", (line): line is TickLine => {
      const { step: done }: Partial<TickLine> = line;
      if (typeof done !== "number" || done > step) return false;
      return isWhole(done) || done === config.steps;
    });
  }
}

/** Whether a run could be written there, without writing anything. Throws ERR_OUTPUT. */
export async function checkRunFolder(place: RunPlace): Promise<void> {
  const { path, chosen, begun } = place;
  try {
    if (begun) {
      // For a moment: a run that somebody trains is refused before anything is loaded.
      using _ = RunFolder.lock(place);
      return await access(path, R_OK | W_OK | X_OK);
    }
    if (!chosen) return await checkParent(dirname(resolve(path)));
    const entries = await readFolder(path);
    if (entries === "file") throw refuse(place, "it is a file");
    if (entries?.some((entry) => entry === configFile || entry === statsFile)) {
      throw refuse(place, "it holds another run; --resume goes on with that one");
    }
    if (entries !== undefined && entries.length > 0) throw refuse(place, "it is not empty");
    await access(await nearestFolder(resolve(path)), R_OK | W_OK | X_OK);
  } catch (cause) {
    throw cause instanceof SparringError ? cause : refuse(place, reason(cause), { cause });
  }
}

/** Whether a folder could be made in a folder, which need not be there yet. Throws where not. */
async function checkParent(path: string): Promise<void> {
  if ((await readFolder(path)) === "file") throw new Error("a part of the path is not a folder");
  await access(await nearestFolder(path), R_OK | W_OK | X_OK);
}

/** Whether a run began there. Throws ERR_OUTPUT where that cannot be seen. */
export async function holdsRun(place: NamedPath): Promise<boolean> {
  return (await entriesOf(place))?.includes(configFile) ?? false;
}

/**
 * Whether a run was about to begin there: none of the files that RunFolder.create() makes has its
 * name yet. Throws ERR_OUTPUT where that cannot be seen.
 */
export async function holdsBeginning(place: NamedPath): Promise<boolean> {
  const { path, name } = place;
  const { samples, weights, checkpoints } = RunFolder.at(path);
  const children = [samples, weights, checkpoints].map((child) => basename(child));
  const entries = (await entriesOf(place)) ?? [];
  for (const entry of entries.filter((one) => !temporaryPattern.test(one))) {
    if (!children.includes(entry)) return false;
    const inside = await entriesOf({ path: join(path, entry), name });
    if (!inside?.every((one) => temporaryPattern.test(one))) return false;
  }
  return entries.length > 0;
}

/** Names in a folder; undefined where there is none. Throws ERR_OUTPUT where it cannot be read. */
async function entriesOf(place: NamedPath): Promise<readonly string[] | undefined> {
  try {
    const entries = await readFolder(place.path);
    return entries === "file" ? undefined : entries;
  } catch (cause) {
    throw refuse(place, reason(cause), { cause, what: "a folder that can be read" });
  }
}

/** Names in a folder; undefined if nothing has its name. */
function readFolder(path: string): Promise<string[] | "file" | undefined> {
  const read = async () => ((await stat(path)).isDirectory() ? readdir(path) : "file");
  return unlessMissing(read());
}

/**
 * The nearest folder that is there, the path itself or one above: where the first new one would be
 * made. Throws where that could not be, as a link to nothing has its name.
 */
async function nearestFolder(path: string): Promise<string> {
  if ((await unlessMissing(stat(path))) !== undefined) return path;
  const found = await unlessMissing(lstat(path));
  if (found === undefined) return nearestFolder(dirname(path));
  if (found.isSymbolicLink()) throw new Error(`the link ${showPath(path)} leads to nothing`);
  // A run that started at the same moment has just made it.
  return path;
}

/** What is found; undefined if nothing has the name. */
async function unlessMissing<T>(looking: Promise<T>): Promise<T | undefined> {
  try {
    return await looking;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw cause;
  }
}

/**
 * Makes the last folder of the path; where nobody chose the path, with the first free number after
 * it.
 */
async function makeFolder({ path, chosen }: RunPlace, made: string[]): Promise<string> {
  if (chosen) {
    await makeFolders(path, made);
    return path;
  }
  for (let number = 1; ; ++number) {
    const candidate = number === 1 ? path : `${path}-${number}`;
    try {
      await mkdir(candidate);
      made.push(candidate);
      return candidate;
    } catch (cause) {
      // A run that started in the same second has it.
      if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
    }
  }
}

function refuse(
  { path, name }: NamedPath,
  why: string,
  {
    cause,
    what = "a new or empty folder that can be written",
  }: { cause?: unknown; what?: string } = {},
): SparringError {
  return refused("ERR_OUTPUT", what, name, `${showPath(path)} (${why})`, { cause });
}
