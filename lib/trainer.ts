import { inspect } from "node:util";
import { addon, crossing, direct } from "./addon.js";
import * as check from "./check.js";
import { type Checkpoint, readCheckpoint } from "./checkpoint/load.js";
import { type Described, describe, writeCheckpoint } from "./checkpoint/save.js";
import { Dataset } from "./data/dataset.js";
import type { Stream } from "./data/stream.js";
import type { NativeDataset, NativeFeed } from "./data/native.js";
import { type Device, resolveDevice } from "./device.js";
import { traced } from "./errors.js";
import { heeding } from "./signal.js";
import { gone, lineOf, some } from "./inspect.js";
import { type Keep, keeping } from "./keeping.js";
import { Discriminator, Generator } from "./networks.js";
import type { NativeReport, NativeSnapshot, NativeTrainer } from "./native.js";
import { checkOptions } from "./trainer/check-options.js";
import type { Explanation, StepPlan } from "./trainer/explanation.js";
import { formOf } from "./trainer/feeding.js";
import { mayBeSlow, warnOfSlowBfloat16 } from "./trainer/half.js";
import { warnOfUndrawable } from "./trainer/undrawable.js";
import { Watcher } from "./trainer/health.js";
import { explainMemory, lackOfMemory } from "./trainer/memory.js";
import { checkExplain, explain, planSteps } from "./trainer/explain.js";
import { checkLoad, optionsToGoOn, stateToGoOn } from "./trainer/load-options.js";
import type { LoadOptions, TrainerOptions, TrainerSettings } from "./trainer/options.js";
import { Run } from "./trainer/run.js";
import { checkRun, type RunOptions, type RunSettings, stepsAfter } from "./trainer/run-options.js";
import { Supply } from "./trainer/supply.js";
import { checkFinite, stoppedElsewhere, type Tick, toTick } from "./trainer/tick.js";
import { makeNative } from "./trainer/to-native.js";
import { Claim, Claims } from "./trainer/claims.js";
import { askedNow, checkOthers, goOnWith, type OtherOptimizers } from "./trainer/set-optimizer.js";
import { Ranks } from "./trainer/ranks.js";

/**
 * Trains a generator and a discriminator against each other.
 *
 * @example
 * ```ts
 * const trainer = new Trainer({
 *   generator,
 *   discriminator,
 *   objective: objectives.nonSaturating(),
 *   optimizer: { generator: optimizers.adam(), discriminator: optimizers.adam() },
 * });
 * const images = await datasets.mnist();
 * for await (const tick of trainer.run(images, { steps: 2000, batchSize: 64 }))
 *   console.log(tick.step, tick.discriminatorLoss, tick.generatorLoss);
 * await trainer.save("checkpoint");
 * ```
 */
export class Trainer implements Disposable {
  /** The generator that is trained: yours, or after load() the trainer's own. */
  readonly generator: Generator;
  /** The discriminator that is trained: yours, or after load() the trainer's own. */
  readonly discriminator: Discriminator;
  /**
   * A generator whose weights are the moving average of the trained one's, if `ema` asked for it: a
   * copy that the trainer makes and owns. You can sample and save it at any time, like any
   * generator.
   */
  readonly ema: Generator | undefined;
  /** How its steps are carried out; explain() tells more. */
  readonly execution: "eager" | "fused";
  #settings: TrainerSettings;
  #native: NativeTrainer;
  /** Undefined where it trains alone. */
  readonly #ranks: Ranks | undefined;
  readonly #watcher = new Watcher();
  readonly #supply = new Supply();
  readonly #claims = new Claims();
  #step = 0;
  #disposed = false;
  /** Stops at the next step boundary. Listens to signals: nobody would catch what it throws. */
  readonly #stop = () => {
    if (!this.#disposed) this.#native.stop();
  };

  /**
   * Checks that the pair, the objective, the optimizers and the options go together. The networks
   * stay yours. What you change in the options later changes nothing: see setOptimizer().
   *
   * @throws TypeError, RangeError, ERR_ARCHITECTURE for what does not go together, ERR_DEVICE
   */
  constructor(options: TrainerOptions) {
    const settings = checkOptions(options);
    this.#settings = settings;
    this.generator = settings.generator;
    this.discriminator = settings.discriminator;
    this.execution = settings.execution;
    const { ema, native } = makeNative(settings);
    this.ema = ema;
    this.#native = native;
    if (settings.distributed !== undefined)
      this.#ranks = new Ranks(settings.distributed, this.#native);
  }

  /** Steps done so far. */
  get step(): number {
    return this.#step;
  }

  /**
   * Trains, and reports every `tickEvery` steps and after the last. The event loop stays free: the
   * steps of a tick are one native call. Leaving the loop leaves the trainer at a step boundary,
   * ready for more; the same dataset and batch size then go on in the epoch where they stopped.
   * The run's own return(), which `await using` calls, leaves in the middle of a tick, too, after
   * the step under way.
   *
   * An error of a stream's source is thrown here, after the steps for which the images before it
   * were enough; the next run goes on from there.
   *
   * A run that waits at a tick gives way to the next run(): its own next() then throws ERR_BUSY.
   *
   * If several ranks train together, all of them make the same run: the first takes weights and
   * everything else from rank 0, and a signal on one rank stops them all after the same step, the
   * others with ERR_STOPPED. They train on a dataset, not on a stream.
   *
   * @param dataset a dataset or stream of the discriminator's image, on the device of both; with
   * labels where they are needed
   * @param options `steps`, `epochs` or `untilStep`, and options that have a default
   * @throws TypeError, RangeError, ERR_DATA at the first turn of the loop; ERR_BUSY while steps of
   *   another run are under way, ERR_MEMORY for a batch that does not fit, ERR_DIVERGED for NaN,
   *   and the reason of `signal`; ERR_RANK where a rank is about to do something else, or is lost
   */
  run(dataset: Dataset | Stream, options: RunOptions): AsyncGenerator<Tick, void, void> {
    const claim = new Claim();
    return new Run(this.#train(dataset, options, claim), claim, this.#stop);
  }

  /** The ticks of a run. */
  async *#train(
    dataset: Dataset | Stream,
    options: RunOptions,
    claim: Claim,
  ): AsyncGenerator<Tick, void, void> {
    const asked = checkRun(dataset, options, this.#settings);
    const { batchSize, signal } = asked;
    const ranks = this.#ranks;
    // A rank that left by itself would be missed.
    if (ranks === undefined) signal?.throwIfAborted();
    const lack = lackOfMemory(batchSize, this.#settings);
    if (lack !== undefined) throw ranks === undefined ? lack : await ranks.refuse(lack);
    this.#claims.begin(claim);
    warnOfUndrawable(dataset, this.#settings);
    try {
      // Nothing is awaited without need: what the first step throws has the caller's line only
      // until then.
      if (mayBeSlow(this.#settings)) await warnOfSlowBfloat16();
      if (this.#claims.isChanging) await this.#claims.settle();
      if (ranks !== undefined && dataset instanceof Dataset) {
        // From the first time on, from the same beginning, too.
        await ranks.agree(this.#settings, dataset, asked);
        if (!ranks.isFollowing) await this.follow();
      }
      // Only now: a rank may have taken its count over from rank 0.
      claim.steps = stepsAfter(this.#step, asked);
      if (claim.steps === 0) return direct(() => this.#native.stop());
      const data = this.#supply.begin(dataset, formOf(asked, this.#settings));
      while (claim.done < claim.steps) {
        if (this.#claims.isChanging) await this.#claims.settle();
        const report = await this.#advance(data, asked, claim);
        if (report === null) {
          if (claim.isLeft) return;
          await this.#supply.explainNothing(this.#disposed, signal);
          continue;
        }
        claim.done += report.steps;
        this.#step = report.step;
        const tick = toTick(checkFinite(report), this.#watcher);
        this.#claims.park(claim);
        yield tick;
        this.#claims.resume(claim);
        if (claim.isLeft) return;
        if (ranks !== undefined && report.stopped && claim.done < claim.steps)
          throw signal?.aborted ? signal.reason : stoppedElsewhere(report.step);
      }
    } catch (error) {
      throw explainMemory(error, batchSize, this.#settings);
    } finally {
      if (this.#claims.end(claim)) this.#supply.pause();
    }
  }

  /** The steps up to the next tick, of those that are left; null where there were none. */
  #advance(
    data: NativeDataset | NativeFeed,
    { tickEvery, signal, untilStep, ...how }: RunSettings,
    claim: Claim,
  ): Promise<NativeReport | null> {
    const ranks = this.#ranks;
    if (ranks === undefined) signal?.throwIfAborted();
    const work = () => {
      const steps = Math.min(tickEvery, claim.steps - claim.done);
      const ran = this.#native.run(data, { ...how, steps });
      if (signal?.aborted || claim.isLeft) this.#stop();
      return ran;
    };
    const crossed = () => crossing(work);
    return heeding(signal, this.#stop, () => ranks?.train(crossed) ?? crossed());
  }

  /**
   * Says how a step is carried out and what it costs: which layers run as one operation, what is
   * not rewritten and why, arithmetic, memory, and the shortest time that this machine leaves for
   * it. Changes nothing; measures the machine for some tenths of a second, between two steps.
   * `String()` of it is a table.
   *
   * @param options.batchSize reals a batch, as many as run() could train on. @default 64
   * @throws TypeError and RangeError for options; ERR_DISPOSED
   */
  async explain(options: { readonly batchSize?: number | undefined } = {}): Promise<Explanation> {
    const batchSize = checkExplain(options, this.#settings);
    const { generator, precision } = this.#settings;
    const [plan, ceiling] = await crossing(() =>
      Promise.all([this.plan(batchSize), addon().ceiling(generator.device, precision)]),
    );
    return explain(plan, ceiling);
  }

  /** @internal Tells what explain() does without measuring the machine. */
  async plan(batchSize: number): Promise<StepPlan> {
    return planSteps(this.#settings, batchSize, await crossing(() => this.#native.explain()));
  }

  /**
   * Writes a checkpoint: a new folder with everything that Trainer.load() needs to go on bit for
   * bit. Networks and average as safetensors files that PyTorch reads; optimizers, random numbers,
   * the place in the data and all options beside them, with a checksum over all. While the trainer
   * runs, this is the state between two steps, and the next step waits only for the copy. A
   * setOptimizer() that nobody awaited comes first.
   *
   * If several ranks train together, all of them call save(), and none during a run: their bits are
   * compared, and rank 0 writes.
   *
   * @param path a folder that is not there yet, or is empty; those above it are made
   * @param options.replace whether it may be an older checkpoint, and nothing else, which this one
   * takes the place of: whenever the process is killed, one of the two is there, whole. One process
   * at a time replaces it @default false
   * @throws TypeError for options; ERR_OUTPUT, and nothing is left behind; ERR_RANK where a rank
   *   has other weights; ERR_BUSY for ranks in the middle of a tick
   */
  async save(
    path: check.Path,
    options: { readonly replace?: boolean | undefined } = {},
  ): Promise<void> {
    const place = check.path(path, "path");
    check.options(options, "options", ["replace"]);
    const replace = check.boolean(options.replace ?? false, "replace");
    await traced(() => this.saveWith(place, undefined, replace));
  }

  /** @internal Writes a checkpoint with what a run keeps beside its trainer. */
  async saveWith(path: string, run?: unknown, replace = false): Promise<void> {
    if (this.#claims.isChanging) await this.#claims.settle();
    const settings = this.#settings;
    // Asked for at once: what comes between is the same on every rank.
    const [snapshot] = await Promise.all([this.snapshot(), this.checkEqual()]);
    try {
      if (this.#ranks?.isFirst ?? true)
        await writeCheckpoint(path, settings, snapshot, { run, replace });
    } finally {
      direct(() => addon().release(snapshot.tensors));
    }
  }

  /**
   * @internal What a rank that writes no checkpoint does while others save. Throws ERR_RANK where a
   * rank has other weights.
   */
  async checkEqual(): Promise<void> {
    await this.#ranks?.checkEqual();
  }

  /** @internal Everything that training changes, as it is between two steps. */
  snapshot(): Promise<NativeSnapshot> {
    return crossing(() => this.#native.snapshot());
  }

  /**
   * Goes on with other optimizers from the next step on, as Trainer.load() does: with another
   * learning rate, schedule or clipping. Each has the type that its player had, and goes on with its
   * moments and its count of updates; a schedule is where it would be after so many.
   *
   * Call it between two runs, or in the loop of one: the next step waits for it. If several ranks
   * train together, all of them make the same call.
   *
   * @param optimizer that of a player, or of both; one that is not named stays
   * @throws TypeError and RangeError for what is no optimizer, is of another type, or needs what the
   * one before did not remember (`momentum`, `amsgrad`, `centered`); ERR_BUSY while steps are under
   * way, ERR_DISPOSED, ERR_MEMORY; ERR_RANK where a rank takes another, or is lost
   */
  async setOptimizer(optimizer: OtherOptimizers): Promise<void> {
    const asked = askedNow(optimizer, this.#settings.optimizer);
    await traced(() => this.#claims.change("setOptimizer()", () => this.#take(asked)));
  }

  async #take(given: OtherOptimizers): Promise<void> {
    const optimizer = checkOthers(given, this.#settings.optimizer);
    const settings = { ...this.#settings, optimizer };
    const make = async () => goOnWith(settings, this.ema, await this.snapshot());
    const native = await (this.#ranks?.change(optimizer, make) ?? make());
    this.#native.dispose();
    [this.#settings, this.#native] = [settings, native];
    if (this.#disposed) native.dispose();
    // Throws ERR_DISPOSED where that came meanwhile.
    direct(() => native.stop());
  }

  /** @internal Takes all that training changes over from rank 0; every rank does it together. */
  async follow(): Promise<void> {
    this.#step = await (this.#ranks as Ranks).follow();
  }

  /** @internal Its options, defaults and all. */
  get settings(): TrainerSettings {
    return this.#settings;
  }

  /** @internal What it is, as a checkpoint says it. */
  described(): Described {
    return describe(this.#settings);
  }

  /** @internal One with networks of its own, all kept, for weights that come from elsewhere. */
  static like(saved: Described, options: LoadOptions, keep: Keep): Trainer {
    const device = resolveDevice(options.device);
    const going = { ...optionsToGoOn(saved.trainer, options), distributed: options.distributed };
    const generator = keep(new Generator(saved.generator, { device }));
    const discriminator = keep(new Discriminator(saved.discriminator, { device }));
    return keep(new Trainer({ ...going, generator, discriminator }));
  }

  /**
   * A trainer, with networks of its own, that goes on where the checkpoint was made: with the same
   * data, batch size, number of threads and libtorch it ends with the bytes of a training that was
   * never stopped. Other data, or another batch size, begin a new epoch.
   *
   * @param path what save() wrote
   * @param options.device where to go on @default the device that it was saved on
   * @param options.distributed the ranks that go on with it, any number of them @default none
   * @param options.seed draws other random numbers from here on, those of this seed @default goes
   * on with its own
   * @param options.objective another one from here on, or the same with other penalties
   * @param options.optimizer others of the same types: another learning rate, say
   * @param options.ema and every other option of a trainer, except the pair and `syncBatchNorm`:
   * their values from here on, see LoadOptions
   * @throws TypeError and RangeError for options; ERR_DEVICE; ERR_CHECKPOINT for a checkpoint that
   * is missing, damaged, or of a newer version, and for an objective or an optimizer that needs
   * more state than was saved; ERR_ARCHITECTURE for networks that an objective does not go with
   */
  static async load(path: check.Path, options: LoadOptions = {}): Promise<Trainer> {
    const place = check.path(path, "path");
    const asked = checkLoad(options);
    return traced(async () => Trainer.restore(await readCheckpoint(place, "path"), asked));
  }

  /** @internal */
  static restore(saved: Checkpoint, options: LoadOptions): Promise<Trainer> {
    return keeping(async (keep) => {
      const { device = saved.device as Device } = options;
      const trainer = Trainer.like(saved, { ...options, device }, keep);
      await crossing(() => trainer.#native.restore(stateToGoOn(saved, options), false));
      trainer.#step = saved.step;
      trainer.#supply.restore(saved.snapshot);
      return trainer;
    });
  }

  /**
   * Frees the optimizers' state and the average; a step that is running ends first. The two
   * networks stay. Calling it twice is fine.
   */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#native.stop();
    this.#native.dispose();
    this.#supply.close();
    this.ema?.disposeWith("the trainer that made it");
  }

  /** What `using` calls: dispose(). */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** What JSON has of it: its fields and its step; of networks what they are, and no weights. */
  toJSON(): Pick<Trainer, "step" | "execution" | "generator" | "discriminator" | "ema"> {
    const { step, execution, generator, discriminator, ema } = this;
    return { step, execution, generator, discriminator, ema };
  }

  /** @internal */
  [inspect.custom](): string {
    const { device } = this.generator;
    return lineOf(this, some(this.step, "step"), this.execution, device, gone(this.#disposed));
  }
}
