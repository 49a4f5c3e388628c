// A training run: from a plan to networks, data and a folder that fills while they train.
import type { Checkpoint } from "../checkpoint/load.js";
import type { Dataset } from "../data/dataset.js";
import { hasCode, refused, type SparringError } from "../errors.js";
import { reason } from "../reason.js";
import { keeping } from "../keeping.js";
import type { Discriminator, Generator } from "../networks.js";
import { Watcher } from "../trainer/health.js";
import type { Trainer } from "../trainer.js";
import type { Explanation } from "../trainer/explanation.js";
import { Boundaries } from "./boundaries.js";
import { goOn, noChanges } from "./changes.js";
import { type RunConfig, sharedOf } from "./config.js";
import type { Best } from "./checkpoints.js";
import type { DataWatch } from "./data.js";
import { RunEpochs } from "./epochs.js";
import type { Judge } from "./evaluation.js";
import { RunFolder, type RunPlace } from "./folder.js";
import { Meter } from "./meter.js";
import { Pace } from "./pace.js";
import type { ResumePlan, RunPlan } from "./plan.js";
import { type Prepared, prepareRun } from "./prepare.js";
import { Records } from "./records.js";
import { accompanyRun, loadRun, type Resumed } from "./resume.js";
import { type Progress, Saver } from "./saver.js";
import { type Ending, removeSummary, writeSummary } from "./summary.js";
import { Team } from "./team.js";
import type { RunTick } from "./tick.js";

/** How a run is watched and ended. */
export interface TrainOptions {
  /**
   * Ends the run at the next step boundary; its weights and last samples are saved all the same.
   */
  readonly signal?: AbortSignal | undefined;
  /** Reports about this often beside the ticks, for someone who watches. @default only the ticks */
  readonly secondsApart?: number | undefined;
  /** Called with a sentence about what was not as it should be, and did not end the run. */
  readonly onNote?: ((sentence: string) => void) | undefined;
}

/** The steps since the last tick; `complete` if this is one, and a line of stats.jsonl. */
export interface RunReport {
  readonly tick: RunTick;
  readonly complete: boolean;
}

/**
 * What a run is made of. A new one has a place to go to; one that goes on has its folder, and the
 * tick that was under way.
 */
type Parts = Omit<Prepared, "heldFingerprint" | "judge" | "place"> &
  Partial<Prepared> &
  Partial<Pick<Resumed, "folder" | "seconds" | "meter" | "watcher">>;

/** Everything a run needs, loaded and fitting together; nothing is on the disk yet. */
export class TrainingRun implements Disposable {
  readonly config: RunConfig;
  readonly epochs: RunEpochs;
  /** The processes that train it. */
  readonly team: Team;
  readonly #boundaries: Boundaries;
  readonly #dataset: Dataset;
  readonly #judge: Judge | undefined;
  /** The fingerprint of the images that are kept back. */
  readonly #heldFingerprint: string | undefined;
  #trainer: Trainer;
  /** Where a new run is to go; undefined where its folder is there already. */
  readonly #place: RunPlace | undefined;
  #folder: RunFolder | undefined;
  /** Seconds that it had taken before it was resumed. */
  readonly #before: number;
  /** The tick that is under way. */
  #meter: Meter;
  /** Has seen the ticks of the whole run, of earlier sessions too. */
  #watcher: Watcher;
  /** Undefined where another rank keeps the folder. */
  #records: Records | undefined;
  readonly #saver: Saver;
  /** Whether a signal came before the last step was evaluated: that is done where it goes on. */
  #isUnjudged = false;

  private constructor(parts: Parts, team: Team) {
    const { config } = parts;
    this.config = config;
    this.#trainer = parts.trainer;
    this.epochs = new RunEpochs(config);
    this.#boundaries = new Boundaries(config);
    this.#dataset = parts.dataset;
    this.#judge = parts.judge;
    this.#heldFingerprint = parts.heldFingerprint;
    this.team = team;
    this.#saver = new Saver(team);
    this.#place = parts.place;
    this.#folder = parts.folder;
    this.#before = parts.seconds ?? 0;
    this.#meter = parts.meter ?? new Meter();
    this.#watcher = parts.watcher ?? new Watcher();
  }

  /** Loads a run that was stopped, by whatever, at its newest intact checkpoint. */
  static async resume(
    plan: ResumePlan,
    watch: DataWatch = {},
    team = new Team(),
  ): Promise<TrainingRun> {
    return new TrainingRun(await loadRun(plan, watch, team), team).#together();
  }

  /** Loads the run on the other ranks, which hear from rank 0 what they go on with. */
  static async accompany(watch: DataWatch, team: Team): Promise<TrainingRun> {
    return new TrainingRun(await accompanyRun(watch, team), team).#together();
  }

  /** Loads what the plan names. Whatever is wrong with it is thrown here, cheap checks first. */
  static async prepare(
    plan: RunPlan,
    watch: DataWatch = {},
    team = new Team(),
  ): Promise<TrainingRun> {
    return new TrainingRun(await prepareRun(plan, watch, team), team).#together();
  }

  /** Agrees with the other ranks on what to do, and takes the beginning over from rank 0. */
  async #together(): Promise<TrainingRun> {
    if (this.team.group === undefined) return this;
    return keeping(async (keep) => {
      await this.team.agree(sharedOf(keep(this).config));
      await this.#trainer.follow();
      return this;
    });
  }

  /**
   * Makes the run folder, unless the run is resumed; on the first of a team. Throws ERR_OUTPUT, and
   * leaves nothing behind, if it cannot be made.
   */
  async open(): Promise<RunFolder> {
    this.#folder ??= await RunFolder.create(this.#place as RunPlace, this.config);
    return this.#folder;
  }

  get generator(): Generator {
    return this.#trainer.generator;
  }

  get discriminator(): Discriminator {
    return this.#trainer.discriminator;
  }

  /** How its steps are carried out, and what they cost. */
  explain(): Promise<Explanation> {
    return this.#trainer.explain({ batchSize: this.config.batch });
  }

  /** Steps done so far. */
  get step(): number {
    return this.#trainer.step;
  }

  /** Whether nothing is left to do. */
  get isDone(): boolean {
    return this.step >= this.config.steps && !this.#isUnjudged;
  }

  /**
   * Trains to the end or until the signal; samples, statistics, checkpoints and weights go to the
   * folder.
   */
  async *train(options: TrainOptions = {}): AsyncGenerator<RunReport, void, void> {
    const folder = this.team.isFirst ? await this.open() : undefined;
    if (folder !== undefined) await removeSummary(folder);
    // Stays so if its caller leaves the loop.
    let ending: Ending = { state: "stopped" };
    try {
      yield* this.#trainAll(folder, options);
      if (this.isDone) ending = { state: "done" };
    } catch (error) {
      ending = { state: "failed", error };
      throw error;
    } finally {
      await this.#saver.settle();
      if (folder !== undefined) {
        const written = writeSummary(folder, this.config, this.step, ending);
        // What is thrown is why the run failed.
        await (ending.state === "failed" ? toldOf(written, "No summary", options) : written);
      }
    }
  }

  async *#trainAll(
    folder: RunFolder | undefined,
    options: TrainOptions,
  ): AsyncGenerator<RunReport, void, void> {
    const { config, step } = this;
    const pace = options.secondsApart === undefined ? undefined : new Pace(options.secondsApart);
    const began = performance.now() - 1000 * this.#before;
    if (folder !== undefined) {
      this.#records = await Records.open(folder, config, this.#judge, step);
      this.#saver.open(folder, this.#records, config.keepCheckpoints, this.#heldFingerprint);
    }
    for (let rollbacks = 0; ; ++rollbacks) {
      try {
        yield* this.#loop(began, pace, options);
        break;
      } catch (error) {
        const isAlone = this.team.size === 1;
        if (hasCode(error, "ERR_DIVERGED") && isAlone && rollbacks < config.rollbacks) {
          await this.#rollBack(error, rollbacks + 1, options);
          continue;
        }
        // What was learned until here may be hours of work. Weights that are no numbers are worth
        // nothing, and so is what one rank has of a step that the others, who are not there to
        // compare, did not do.
        if (!hasCode(error, "ERR_DIVERGED") && isAlone)
          await toldOf(
            this.#saver.saveAll(this.#progress),
            `Not all of step ${this.step} is saved`,
            options,
          );
        throw error;
      }
    }
    await this.#saver.saveAll(this.#progress);
    // Nobody leaves, and is missed, while another compares.
    await this.team.group?.barrier();
  }

  /**
   * Goes back to the last checkpoint, with other random numbers. Throws the error itself where
   * there is none yet.
   */
  async #rollBack(
    error: SparringError,
    attempt: number,
    { onNote = () => {} }: TrainOptions,
  ): Promise<void> {
    const { device, precision, seed, rollbacks } = this.config;
    const others = { device, precision, seed: (seed + attempt) % 2 ** 53 };
    const since = this.config.changes?.at(-1)?.step ?? 0;
    const rulesOf = (saved: Checkpoint) => {
      // Until then the config says what held. No ERR_CHECKPOINT: an older one is no better.
      if (saved.step < since)
        throw refused(
          "ERR_DATA",
          `a checkpoint of step ${since} or later, as other rules hold since then,`,
          "a rollback",
          `one of step ${saved.step}`,
        );
      return goOn(this.config, noChanges, saved).options;
    };
    const optionsOf = (saved: Checkpoint) => ({ ...rulesOf(saved), ...others });
    const found = await this.#saver.goBack(optionsOf, onNote).catch((failure) => {
      onNote(`No rollback: ${reason(failure)}`);
      throw error;
    });
    const from = this.step;
    this.#disposeTrainer();
    this.#trainer = found.trainer;
    this.#meter = found.meter;
    const to = this.step;
    const records = this.#records as Records;
    const event = { event: "rollback", attempt, from, to, reason: error.message } as const;
    const { ticks, left } = await records.goBack(event);
    this.#watcher = Watcher.after(ticks);
    await this.#saver.recallBest(left);
    onNote(`Went back from step ${from} to ${to} (${attempt} of ${rollbacks}): ${error.message}`);
  }

  /** Frees networks, optimizers and data now, and lets others train the run. */
  [Symbol.dispose](): void {
    this.#folder?.[Symbol.dispose]();
    this.#disposeTrainer();
    this.#judge?.[Symbol.dispose]();
    this.#dataset.dispose();
  }

  #disposeTrainer(): void {
    this.#trainer.dispose();
    this.generator.dispose();
    this.discriminator.dispose();
  }

  async *#loop(
    began: number,
    pace: Pace | undefined,
    options: TrainOptions,
  ): AsyncGenerator<RunReport, void, void> {
    const { signal, onNote = () => {} } = options;
    // A resumed run has it, unless a failure came first. Grids since its checkpoint are made again,
    // and are equal.
    if (this.#boundaries.isSample(this.step))
      await this.#records?.missingSample(this.#sampled, this.step);
    // A signal in the very step of an evaluation left no time for it.
    const missed = await this.#evaluate(options);
    if (missed !== undefined) await this.#saver.keep(missed);
    let sampled = this.step;
    while (this.step < this.config.steps) {
      const going = await this.#advance(pace, signal);
      if (this.#meter.isEmpty) break;
      const complete = !going || this.#boundaries.isTick(this.step);
      const tick = this.#tick(began, complete);
      if (complete) {
        // A tick that ended early goes on where the run is resumed.
        if (this.#boundaries.isWholeTick(this.step)) this.#meter = new Meter();
        await this.#records?.tick(tick);
      }
      await this.#records?.plan(this.#trainer);
      if (complete || pace !== undefined) yield { tick, complete };
      this.#isUnjudged = !going && this.#boundaries.isEvaluation(this.step);
      if (!going) break;
      if (this.#boundaries.isSample(this.step)) {
        await this.#saveSample();
        sampled = this.step;
      }
      const best = await this.#evaluate(options);
      if (best !== undefined || this.#boundaries.isCheckpoint(this.step))
        await this.#saver.begin(this.#progress, onNote, best);
    }
    if (sampled !== this.step) await this.#saveSample();
  }

  /**
   * Trains up to the next boundary. False if a signal ended the run, after a step or before one.
   */
  async #advance(pace: Pace | undefined, signal?: AbortSignal): Promise<boolean> {
    const { group } = this.team;
    // A rank that left by itself would be missed: the trainer stops them all.
    if (group === undefined && signal?.aborted) return false;
    const before = this.step;
    const started = performance.now();
    const toNext = this.#boundaries.toNext(before);
    const tickEvery = Math.min(toNext, pace?.steps ?? Number.POSITIVE_INFINITY);
    const { batch: batchSize, dropLast, horizontalFlip } = this.config;
    const run = { steps: tickEvery, batchSize, dropLast, horizontalFlip, tickEvery, signal };
    let going = true;
    try {
      for await (const tick of this.#trainer.run(this.#dataset, run)) {
        const images = this.epochs.images(tick.step) - this.epochs.images(before);
        this.#meter.add(tick, tick.step - before, images);
      }
    } catch (error) {
      const isOwn = signal?.aborted === true && error === signal.reason;
      // Another rank had a signal, or the process is ending.
      const isStop = group !== undefined && hasCode(error, "ERR_STOPPED");
      if (!isOwn && !isStop) throw error;
      going = false;
    }
    pace?.learn(this.step - before, (performance.now() - started) / 1000);
    // Where a signal came in the last of these steps, which may be the only one, nothing throws.
    // Of ranks all leave after the step in which they heard of it.
    return going && !(group === undefined ? signal?.aborted : group.isStopping);
  }

  #tick(began: number, complete: boolean): RunTick {
    const seconds = Number(((performance.now() - began) / 1000).toFixed(3));
    const { health, ...means } = this.#meter.read();
    const place = this.epochs.last(this.step);
    // Looked at in ticks alone: how often a terminal is told must not change what a seed gives.
    const warnings = complete && health !== undefined ? this.#watcher.look(health) : [];
    return { step: this.step, ...place, ...means, seconds, health, warnings };
  }

  /** Measures the generator where it is time to; the best one yet is kept by all. */
  async #evaluate(options: TrainOptions): Promise<Best | undefined> {
    if (!this.#boundaries.isEvaluation(this.step)) return undefined;
    const lowest = () => this.#saver.best();
    const found = await this.team.tell(async () =>
      this.#records?.evaluate(this.#sampled, this.step, lowest, options),
    );
    this.#isUnjudged = found === "stopped";
    return found === "stopped" ? undefined : found;
  }

  get #progress(): Progress {
    return { trainer: this.#trainer, meter: this.#meter };
  }

  /** The generator that samples are drawn from. */
  get #sampled(): Generator {
    return this.#trainer.ema ?? this.generator;
  }

  async #saveSample(): Promise<void> {
    await this.#records?.sample(this.#sampled, this.step);
  }
}

/**
 * Does work after a failure. If it fails too that is told of, and does not take the place of the
 * first.
 */
async function toldOf(
  work: Promise<void>,
  what: string,
  { onNote = () => {} }: TrainOptions,
): Promise<void> {
  await work.catch((error: unknown) => onNote(`${what}: ${reason(error)}`));
}
