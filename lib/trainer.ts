import { addon, crossing, direct } from "./addon.js";
import * as check from "./check.js";
import { type Checkpoint, readCheckpoint } from "./checkpoint/load.js";
import { reseeded } from "./checkpoint/format.js";
import { writeCheckpoint } from "./checkpoint/save.js";
import { toNative } from "./choice.js";
import type { Dataset } from "./data/dataset.js";
import { type Device, resolveDevice } from "./device.js";
import { SparringError, show, traced, wrongType } from "./errors.js";
import { Discriminator, Generator } from "./networks.js";
import { countBytes } from "./networks/network.js";
import type {
  NativeReport,
  NativeSnapshot,
  NativeTrainer,
  NativeTrainerOptions,
} from "./native.js";
import { toNativeOptimizer } from "./optimizers/table.js";
import { checkBatch, checkDataset } from "./trainer/data.js";
import { warnOfSlowBfloat16 } from "./trainer/half.js";
import { type Health, toHealth, type Warning, Watcher } from "./trainer/health.js";
import { checkMemory, explainMemory } from "./trainer/memory.js";
import { type Explanation, explain } from "./trainer/explain.js";
import { checkOptions, type TrainerOptions, type TrainerSettings } from "./trainer/options.js";

export type { ExplainedOperation, Explanation, Refusal } from "./trainer/explain.js";
export type { Health, Warning } from "./trainer/health.js";
export type {
  DiffAugmentPolicy,
  EmaOptions,
  Order,
  Precision,
  TrainerOptions,
} from "./trainer/options.js";

/** How far and on what to train. */
export interface RunOptions {
  /** Adversarial steps to run; each takes `discriminatorSteps` batches. */
  readonly steps: number;
  /** Reals a batch; from 1, or 2 where BatchNorm needs two, to the size of the dataset. @default 64 */
  readonly batchSize?: number;
  /** Steps between two ticks. @default 100 */
  readonly tickEvery?: number;
  /** Stops at the next step boundary; the loop then throws `signal.reason`. */
  readonly signal?: AbortSignal;
}

/** How a checkpoint is gone on with. */
export interface LoadOptions {
  readonly device?: Device;
  readonly seed?: number;
}

/** A report on the steps since the one before. */
export interface Tick {
  /** Steps done since the trainer was made. */
  readonly step: number;
  /** Mean discriminator loss over the updates of this tick. */
  readonly discriminatorLoss: number;
  /** Mean generator loss over the steps of this tick. */
  readonly generatorLoss: number;
  /** Real images a second, over the time that the steps themselves took. */
  readonly imagesPerSecond: number;
  /** How the players were doing in the last of these steps; undefined where a signal stopped them before it. */
  readonly health: Health | undefined;
  /** What the health of this tick, and of those before it, is a warning of. */
  readonly warnings: readonly Warning[];
}

/** Trains a generator and a discriminator against each other. */
export class Trainer implements Disposable {
  readonly generator: Generator;
  readonly discriminator: Discriminator;
  /**
   * A generator whose weights are the moving average of the trained one's, if `ema` asked for it: a copy made
   * with the trainer, which owns it. It can be sampled and saved at any time, as any generator.
   */
  readonly ema: Generator | undefined;
  readonly execution: "eager" | "fused";
  readonly #settings: TrainerSettings;
  readonly #native: NativeTrainer;
  readonly #watcher = new Watcher();
  #step = 0;
  #running = false;
  #disposed = false;

  constructor(options: TrainerOptions) {
    const settings = checkOptions(options);
    const { generator, discriminator } = settings;
    this.#settings = settings;
    this.generator = generator;
    this.discriminator = discriminator;
    this.execution = settings.execution;
    this.ema = settings.ema === undefined ? undefined : generator.clone();
    // Up to two moments for every weight, and gradients while a step runs.
    const bytes = 3 * (countBytes(generator.resolved) + countBytes(discriminator.resolved));
    this.#native = direct(
      () =>
        new (addon().Trainer)(
          generator.native,
          discriminator.native,
          toNativeOptions(settings),
          bytes,
          this.ema?.native,
        ),
    );
  }

  /** Steps done so far. */
  get step(): number {
    return this.#step;
  }

  /**
   * Trains, and reports every `tickEvery` steps and after the last. The event loop stays free: the steps
   * of a tick are one native call. Leaving the loop leaves the trainer at a step boundary, ready for more;
   * the same dataset and batch size then go on in the epoch where they stopped.
   */
  async *run(dataset: Dataset, options: RunOptions): AsyncGenerator<Tick, void, void> {
    const { steps, batchSize, tickEvery, signal } = this.#checkRun(dataset, options);
    signal?.throwIfAborted();
    checkMemory(this.#settings, batchSize);
    if (this.#running)
      throw new SparringError(
        "ERR_BUSY",
        "Expected an idle trainer for run() but received one that is running",
      );
    this.#running = true;
    const stop = () => {
      // A listener has nobody to catch what it throws.
      if (!this.#disposed) this.#native.stop();
    };
    signal?.addEventListener("abort", stop, { once: true });
    try {
      if (this.#settings.precision === "bfloat16" && this.generator.device === "cpu")
        await warnOfSlowBfloat16();
      for (let done = 0; done < steps; ) {
        signal?.throwIfAborted();
        const report = await crossing(() =>
          this.#native.run(dataset.native, batchSize, Math.min(tickEvery, steps - done)),
        );
        if (report !== null) {
          done += report.steps;
          this.#step = report.step;
          yield this.#toTick(checkFinite(report));
        } else {
          if (this.#disposed)
            throw new SparringError("ERR_DISPOSED", "This trainer was disposed while it ran");
          signal?.throwIfAborted();
        }
      }
    } catch (error) {
      throw explainMemory(error, this.#settings, batchSize);
    } finally {
      this.#running = false;
      signal?.removeEventListener("abort", stop);
    }
  }

  /**
   * Tells how a step is carried out and what it costs: which layers run as one operation, what is not rewritten and
   * why, arithmetic, memory, and the shortest time that this machine leaves for it. Changes nothing; measures the
   * machine for some tenths of a second, between two steps. `String()` of it is a table.
   *
   * @param options.batchSize reals a batch, at least 1. @default 64
   */
  async explain(options: { readonly batchSize?: number } = {}): Promise<Explanation> {
    check.options(options, "options", ["batchSize"]);
    const batchSize = check.integer(options.batchSize ?? 64, "batchSize", 1);
    const { device } = this.generator;
    const { precision } = this.#settings;
    const [plan, ceiling] = await crossing(() =>
      Promise.all([this.#native.explain(), addon().ceiling(device, precision)]),
    );
    return explain(this.#settings, batchSize, plan, ceiling);
  }

  /**
   * Writes a checkpoint: a new folder with everything that Trainer.load() needs to go on bit for bit. Networks and average
   * as safetensors files that PyTorch reads; optimizers, random numbers, the place in the data and all options
   * beside them, with a checksum over all. While the trainer runs it is the state between two steps, and the next one waits
   * only for the copy.
   *
   * @param path a folder that is not there yet, or is empty; those above it are made
   * @throws ERR_OUTPUT, and nothing is left behind
   */
  async save(path: string): Promise<void> {
    check.path(path, "path");
    await traced(() => this.saveWith(path));
  }

  /** @internal The same with what a run keeps beside its trainer. */
  async saveWith(path: string, run?: unknown): Promise<void> {
    await writeCheckpoint(path, this.#settings, await this.snapshot(), run);
  }

  /** @internal Everything that training changes, as it is between two steps. */
  snapshot(): Promise<NativeSnapshot> {
    return crossing(() => this.#native.snapshot());
  }

  /**
   * A trainer, with networks of its own, that goes on where the checkpoint was made: with the same data, batch size, number
   * of threads and libtorch it ends with the bytes that one would have ended with that was never stopped. Other data, or
   * another batch size, begin a new epoch.
   *
   * @param path what save() wrote
   * @param options.device where to go on @default the device that it was saved on
   * @param options.seed draws other random numbers from here on, those of this seed @default goes on with its own
   * @throws ERR_CHECKPOINT for what is missing, damaged, or of a version to come
   */
  static async load(path: string, options: LoadOptions = {}): Promise<Trainer> {
    check.path(path, "path");
    check.options(options, "options", ["device", "seed"]);
    if (options.seed !== undefined) check.seed(options.seed, "seed");
    return traced(async () => Trainer.restore(await readCheckpoint(path), options));
  }

  /** @internal */
  static async restore(saved: Checkpoint, { device: on, seed }: LoadOptions): Promise<Trainer> {
    const device = resolveDevice(on ?? saved.device);
    const trainer = new Trainer({
      ...saved.trainer,
      generator: new Generator(saved.generator, { device }),
      discriminator: new Discriminator(saved.discriminator, { device }),
    });
    await crossing(() =>
      trainer.#native.restore(seed === undefined ? saved.snapshot : reseeded(saved.snapshot, seed)),
    );
    trainer.#step = saved.step;
    return trainer;
  }

  /**
   * Frees the optimizers' state and the average; a step that is running ends first. The two networks stay.
   * Calling it twice is fine.
   */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#native.stop();
    this.#native.dispose();
    this.ema?.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #toTick({ step, images, seconds, health: seen, ...losses }: NativeReport): Tick {
    const health = seen === null ? undefined : toHealth(seen);
    const warnings = health === undefined ? [] : this.#watcher.look(health);
    const { discriminatorLoss, generatorLoss } = losses;
    const imagesPerSecond = images / seconds;
    return { step, discriminatorLoss, generatorLoss, imagesPerSecond, health, warnings };
  }

  #checkRun(dataset: Dataset, options: RunOptions) {
    const { size } = checkDataset(dataset, this.#settings);
    if (options === undefined) throw wrongType("an object", "options", options);
    check.options(options, "options", ["steps", "batchSize", "tickEvery", "signal"]);
    if (options.signal !== undefined && !(options.signal instanceof AbortSignal))
      throw wrongType("an AbortSignal", "signal", options.signal);
    return {
      steps: check.integer(options.steps, "steps", 1),
      batchSize: checkBatch(options.batchSize ?? 64, "batchSize", this, size),
      tickEvery: check.integer(options.tickEvery ?? 100, "tickEvery", 1),
      signal: options.signal,
    };
  }
}

function toNativeOptions(settings: TrainerSettings): NativeTrainerOptions {
  const { generator, discriminator, optimizer, order, discriminatorSteps } = settings;
  const { penalties, auxiliaries, ...objective } = settings.objective;
  return {
    objective: toNative(objective),
    penalties: penalties.map(toNative),
    auxiliaries: auxiliaries.map(toNative),
    scores: discriminator.scores,
    latent: generator.latent,
    conditional: discriminator.resolved.classes > 0,
    heads: discriminator.heads,
    generatorOptimizer: toNativeOptimizer(optimizer.generator),
    discriminatorOptimizer: toNativeOptimizer(optimizer.discriminator),
    order,
    discriminatorSteps,
    ema: settings.ema ?? null,
    diffAugment: settings.diffAugment,
    execution: settings.execution,
    precision: settings.precision,
  };
}

/** Nothing good comes after a loss, or a weight, that is no number. */
function checkFinite(report: NativeReport): NativeReport {
  const { step, generatorLoss, discriminatorLoss, health } = report;
  const losses = [discriminatorLoss, generatorLoss];
  if (!losses.every(Number.isFinite)) {
    throw new SparringError(
      "ERR_DIVERGED",
      `Expected finite losses for step ${step} but received ${show(losses)}; lower the learning rate`,
    );
  }
  if (health?.finite === false) {
    throw new SparringError(
      "ERR_DIVERGED",
      `Expected finite weights after step ${step} but received NaN or infinity; lower the learning rate`,
    );
  }
  return report;
}
