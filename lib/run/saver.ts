// The saving of a run: checkpoints, which are written while it goes on, and at its end the weights
// by themselves.
import type { Checkpoint } from "../checkpoint/load.js";
import { SparringError } from "../errors.js";
import { isOfSystem, reason } from "../reason.js";
import type { Trainer } from "../trainer.js";
import type { LoadOptions } from "../trainer/options.js";
import { type Best, Checkpoints } from "./checkpoints.js";
import type { Evaluation } from "./evaluations.js";
import type { RunFolder } from "./folder.js";
import type { Meter } from "./meter.js";
import type { Records } from "./records.js";
import type { Team } from "./team.js";

/** How far a run is: what a checkpoint is taken of. */
export interface Progress {
  readonly trainer: Trainer;
  /** The tick that is under way. */
  readonly meter: Meter;
}

export class Saver {
  readonly #team: Team;
  /** Undefined where another rank keeps the folder, as its records are. */
  #checkpoints: Checkpoints | undefined;
  #records: Records | undefined;
  /** The checkpoint that is being written; never rejects. */
  #saving: Promise<void> = Promise.resolve();
  /** Why a checkpoint was not taken, where that ends the run: ranks that differ, or a bug. */
  #failure: { readonly error: unknown } | undefined;

  constructor(team: Team) {
    this.#team = team;
  }

  /**
   * Tells where to save to; before there is a folder nothing is saved.
   *
   * @param keep how many checkpoints, the newest
   * @param heldFingerprint that of the images that the run keeps back
   */
  open(
    folder: RunFolder,
    records: Records,
    keep: number,
    heldFingerprint: string | undefined,
  ): void {
    this.#checkpoints = new Checkpoints(folder.checkpoints, keep, heldFingerprint);
    this.#records = records;
  }

  /**
   * Takes a checkpoint, which is written while the run goes on. One that cannot be written is told
   * of and leaves those before it as they are: the next one may find room. Any other failure ends
   * the run, at the next checkpoint.
   *
   * @param best where it is the best one yet
   */
  async begin(progress: Progress, onNote: (note: string) => void, best?: Best): Promise<void> {
    await this.#saved();
    const { step } = progress.trainer;
    this.#saving = this.#save(progress, best).catch((error: unknown) => {
      const isOurs = error instanceof SparringError && error.code !== "ERR_RANK";
      if (isOurs || isOfSystem(error)) onNote(`No checkpoint of step ${step}: ${reason(error)}`);
      else this.#failure = { error };
    });
  }

  /**
   * Writes what is owed, takes the last checkpoint, unless this step has its own already, and
   * writes the weights by themselves; each of them whatever becomes of the others.
   */
  async saveAll(progress: Progress): Promise<void> {
    const { trainer } = progress;
    try {
      await this.#records?.catchUp();
    } finally {
      await this.#saveLast(progress).finally(() => this.#records?.weights(trainer));
    }
  }

  async #saveLast(progress: Progress): Promise<void> {
    await this.#saved();
    const isThere = await this.#team.tell(() => this.#checkpoints?.has(progress.trainer.step));
    if (isThere !== true) await this.#save(progress);
  }

  /** Records the best checkpoint, which is there. Throws ERR_OUTPUT. */
  async keep(best: Best): Promise<void> {
    await this.#checkpoints?.record(best);
  }

  /** Resolves when nothing is being written. */
  settle(): Promise<void> {
    return this.#saving;
  }

  /** The best checkpoint, if any was evaluated. */
  async best(): Promise<Best | undefined> {
    await this.#saving;
    return this.#checkpoints?.best();
  }

  /** Goes back to the newest intact checkpoint. Throws ERR_CHECKPOINT where there is none. */
  async goBack(
    optionsOf: (saved: Checkpoint) => LoadOptions,
    onNote: (note: string) => void,
  ): Promise<Progress> {
    await this.#saving;
    const checkpoints = this.#checkpoints as Checkpoints;
    const { broken, ...progress } = await checkpoints.newest("a rollback", optionsOf, onNote);
    await checkpoints.drop(broken);
    return progress;
  }

  /** Chooses the best checkpoint anew, after goBack(), among the evaluations that are left. */
  async recallBest(evaluations: readonly Evaluation[]): Promise<void> {
    await this.#checkpoints?.recallBest(evaluations);
  }

  /** Lets all ranks compare what they have, and the first of them write it. */
  #save({ trainer, meter }: Progress, best?: Best): Promise<void> {
    const checkpoints = this.#checkpoints;
    return checkpoints === undefined
      ? trainer.checkEqual()
      : checkpoints.save(trainer, meter, best);
  }

  /**
   * Waits for the checkpoint that is under way. Throws, once, why it could not be taken: ERR_RANK
   * where ranks differ.
   */
  async #saved(): Promise<void> {
    await this.#saving;
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
  }
}
