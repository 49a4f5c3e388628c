// The checkpoints of a run: `checkpoints/<step>/`, the newest few of them, and the best.
import { existsSync } from "node:fs";
import { rm, unlink } from "node:fs/promises";
import { join } from "node:path";
import { manifestFile } from "../checkpoint/format.js";
import { type Checkpoint, isDamage, readCheckpoint, skipNote } from "../checkpoint/load.js";
import { refused, type SparringError, showPath } from "../errors.js";
import { namesIn, textIn, writeWhole } from "../files.js";
import { Trainer } from "../trainer.js";
import type { LoadOptions } from "../trainer/options.js";
import type { Evaluation } from "./evaluations.js";
import { Meter } from "./meter.js";
import { forFile } from "./out.js";

/** Checkpoints that are kept unless asked otherwise. */
export const defaultKeep = 3;

/** best.json: the checkpoint whose evaluation was the best, which stays however old it is. */
export interface Best {
  readonly step: number;
  /** The metric whose lowest value is the best. */
  readonly metric: "fid";
  readonly value: number;
}

/** What newest() found. */
interface Newest {
  readonly trainer: Trainer;
  readonly was: Checkpoint["trainer"];
  /** The tick that was under way. */
  readonly meter: Meter;
  /** The fingerprint of the images that were kept back, unchecked; of old runs undefined. */
  readonly heldFingerprint: unknown;
  readonly broken: readonly string[];
}

/** The record of it, in the folder of the checkpoints. */
export const bestFile = "best.json";

/** What its record is called in an error. */
const ofBest = "the best checkpoint";

export class Checkpoints {
  readonly #folder: string;
  readonly #keep: number;
  readonly #heldFingerprint: string | undefined;

  /**
   * @param keep how many, the newest; at least 1
   * @param heldFingerprint that of the images that the run keeps back, for the checkpoints to come
   */
  constructor(folder: string, keep: number = defaultKeep, heldFingerprint?: string) {
    this.#folder = folder;
    this.#keep = keep;
    this.#heldFingerprint = heldFingerprint;
  }

  /**
   * Saves the trainer as it is now. Then checkpoints beyond the newest few go, but for the best.
   * Throws ERR_OUTPUT.
   *
   * @param best what to record, where this checkpoint is the best
   */
  async save(trainer: Trainer, meter: Meter, best?: Best): Promise<void> {
    const step = trainer.step;
    const beside = { meter: meter.toJSON(), held: this.#heldFingerprint };
    await forFile("a checkpoint", () => trainer.saveWith(join(this.#folder, nameOf(step)), beside));
    // Recorded now that the checkpoint is there: until then the best one before it is kept.
    if (best !== undefined) await this.record(best);
    const kept = (await this.best())?.step;
    const older = (await this.list()).filter(({ step: other }) => other < step && other !== kept);
    for (const { path } of older.slice(this.#keep - 1)) await remove(path);
  }

  /** The best checkpoint, if any was evaluated and it is there. */
  async best(): Promise<Best | undefined> {
    const best = await this.#recorded();
    return best !== undefined && (await this.has(best.step)) ? best : undefined;
  }

  /** Why there is no best checkpoint by the record of one; undefined where there is no record. */
  async whyNoBest(): Promise<string | undefined> {
    if (!existsSync(this.#best)) return undefined;
    const step = (await this.#recorded())?.step;
    const gone = `the checkpoint that it names, of step ${step}, is gone`;
    const why = step === undefined ? "it is damaged" : gone;
    return `${showPath(this.#best)} (${why})`;
  }

  /** What the record says; undefined where there is none, or it is damaged. */
  async #recorded(): Promise<Best | undefined> {
    const text = await forFile(ofBest, () => textIn(this.#best));
    try {
      const best: Best = JSON.parse(text);
      return Number.isSafeInteger(best.step) && Number.isFinite(best.value) ? best : undefined;
    } catch {
      return undefined;
    }
  }

  /**
   * Chooses the best anew after steps were taken back, among evaluations whose checkpoint is there.
   */
  async recallBest(evaluations: readonly Evaluation[]): Promise<void> {
    const there = new Set((await this.list()).map(({ step }) => step));
    const candidates = evaluations
      .filter(({ step, values }) => there.has(step) && Number.isFinite(values?.fid))
      .map(({ step, values }) => ({ step, metric: "fid", value: values.fid as number }) as const);
    const best = candidates.toSorted((a, b) => a.value - b.value || a.step - b.step)[0];
    if (best === undefined) await rm(this.#best, { force: true });
    else await this.record(best);
  }

  get #best(): string {
    return join(this.#folder, bestFile);
  }

  /** Records which is the best. Throws ERR_OUTPUT. */
  async record(best: Best): Promise<void> {
    await forFile(ofBest, () => writeWhole(this.#best, [`${JSON.stringify(best)}\n`]));
  }

  /** Whether there is one of this step, intact or not. */
  async has(step: number): Promise<boolean> {
    return (await this.list()).some((one) => one.step === step);
  }

  /**
   * Makes a trainer from the newest checkpoint that is intact. Broken ones are told of once it is
   * found. Throws ERR_CHECKPOINT where no checkpoint is intact, or where a newer one cannot be read
   * but may be intact.
   *
   * @param name what the user asked for, for errors
   * @param optionsOf what a checkpoint is to be loaded with
   * @param cure what else can be done, for the error where there is none
   * @returns `was`: the options that its trainer had; `broken`: newer checkpoints that are not
   *   intact, for drop()
   */
  async newest(
    name: string,
    optionsOf: (saved: Checkpoint) => LoadOptions,
    onNote: (note: string) => void,
    cure: () => Promise<string | undefined> = async () => undefined,
  ): Promise<Newest> {
    const broken: { path: string; error: SparringError }[] = [];
    for (const { path } of await this.list()) {
      try {
        const saved = await readCheckpoint(path, name);
        const beside = (saved.run ?? {}) as { meter?: unknown; held?: unknown };
        const meter = Meter.from(beside.meter);
        const { trainer: was } = saved;
        const { held: heldFingerprint } = beside;
        const trainer = await Trainer.restore(saved, optionsOf(saved));
        for (const { error } of broken) onNote(skipNote(error));
        return { trainer, was, meter, heldFingerprint, broken: broken.map(({ path }) => path) };
      } catch (error) {
        // A checkpoint that another version may read, or this one tomorrow, is not to be trained
        // over.
        if (!isDamage(error)) throw error;
        broken.push({ path, error });
      }
    }
    const why =
      broken.length === 0 ? "it has none" : broken.map(({ error }) => error.message).join("; ");
    const told = [why, await cure()].filter((one) => one !== undefined).join("; ");
    throw refused(
      "ERR_CHECKPOINT",
      "an intact checkpoint",
      name,
      `${showPath(this.#folder)} (${told})`,
    );
  }

  /** Lists the checkpoints that are there, intact or not, newest first. */
  async list(): Promise<{ step: number; path: string }[]> {
    return (await forFile("checkpoints", () => namesIn(this.#folder)))
      .filter((name) => /^\d{6,}$/.test(name))
      .map((name) => ({ step: Number(name), path: join(this.#folder, name) }))
      .toSorted((a, b) => b.step - a.step);
  }

  /** Removes checkpoints that newest() found broken: the steps until there are done again. */
  async drop(broken: readonly string[]): Promise<void> {
    for (const path of broken) await remove(path);
  }
}

/** A name of six digits or more: sorted by name, checkpoints are sorted by step. */
function nameOf(step: number): string {
  return String(step).padStart(6, "0");
}

/** Removes a checkpoint, its manifest first: half of a checkpoint is none. */
async function remove(path: string): Promise<void> {
  await unlink(join(path, manifestFile)).catch(() => {});
  await rm(path, { recursive: true, force: true });
}
