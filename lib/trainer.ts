import { addon, crossing, direct } from "./addon.js";
import * as check from "./check.js";
import { Dataset } from "./data/dataset.js";
import { outOfRange, SparringError, show, wrongType } from "./errors.js";
import { countBytes, Discriminator, Generator } from "./networks.js";
import type { NativeAdam, NativeReport, NativeTrainer } from "./native.js";
import { type Objective, objectiveTypes } from "./objectives.js";
import { adam, type Optimizer } from "./optimizers.js";

/** The pair and how it is trained. */
export interface TrainerOptions {
  readonly generator: Generator;
  readonly discriminator: Discriminator;
  readonly objective: Objective;
  /** One for each player. */
  readonly optimizer: { readonly generator: Optimizer; readonly discriminator: Optimizer };
  /**
   * `eager` is PyTorch's arithmetic operation by operation, equal bit for bit; `fused` computes the same
   * function by exact rewrites, faster, equal to rounding. @default "fused"
   */
  readonly execution?: "eager" | "fused";
}

/** How far and on what to train. */
export interface RunOptions {
  /** Adversarial steps (batches) to run. */
  readonly steps: number;
  /** Reals a step; from 2 (BatchNorm needs two) to the size of the dataset. @default 64 */
  readonly batchSize?: number;
  /** Steps between two ticks. @default 100 */
  readonly tickEvery?: number;
  /** Stops at the next step boundary; the loop then throws `signal.reason`. */
  readonly signal?: AbortSignal;
}

/** A report on the steps since the one before. */
export interface Tick {
  /** Steps done since the trainer was made. */
  readonly step: number;
  /** Mean discriminator loss over the steps of this tick. */
  readonly discriminatorLoss: number;
  /** Mean generator loss over the steps of this tick. */
  readonly generatorLoss: number;
  /** Real images a second, over the time that the steps themselves took. */
  readonly imagesPerSecond: number;
}

/** Trains a generator and a discriminator against each other. */
export class Trainer implements Disposable {
  readonly generator: Generator;
  readonly discriminator: Discriminator;
  readonly execution: "eager" | "fused";
  readonly #native: NativeTrainer;
  #step = 0;
  #running = false;
  #disposed = false;

  constructor(options: TrainerOptions) {
    const known = ["generator", "discriminator", "objective", "optimizer", "execution"] as const;
    if (options === undefined) throw wrongType("an object", "options", options);
    check.options(options, "options", known);
    const { generator, discriminator } = checkPair(options);
    this.generator = generator;
    this.discriminator = discriminator;
    this.execution = check.oneOf(options.execution ?? "fused", "execution", ["eager", "fused"]);
    const optimizer = checkOptimizers(options.optimizer);
    const settings = {
      objective: checkObjective(options.objective).type,
      scores: discriminator.scores,
      latent: generator.latent,
      generatorOptimizer: toNative(optimizer.generator),
      discriminatorOptimizer: toNative(optimizer.discriminator),
      execution: this.execution,
    };
    // Two moments for every weight, and gradients while a step runs.
    const bytes = 3 * (countBytes(generator.resolved) + countBytes(discriminator.resolved));
    this.#native = direct(
      () => new (addon().Trainer)(generator.native, discriminator.native, settings, bytes),
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
    if (this.#running)
      throw new SparringError(
        "ERR_BUSY",
        "Expected an idle trainer for run() but it is running already",
      );
    this.#running = true;
    const stop = () => {
      // A listener has nobody to catch what it throws.
      if (!this.#disposed) this.#native.stop();
    };
    signal?.addEventListener("abort", stop, { once: true });
    try {
      for (let done = 0; done < steps; ) {
        signal?.throwIfAborted();
        const report = await crossing(() =>
          this.#native.run(dataset.native, batchSize, Math.min(tickEvery, steps - done)),
        );
        if (report !== null) {
          done += report.steps;
          this.#step = report.step;
          yield toTick(checkFinite(report));
        } else {
          if (this.#disposed)
            throw new SparringError("ERR_DISPOSED", "This trainer was disposed while it ran");
          signal?.throwIfAborted();
        }
      }
    } finally {
      this.#running = false;
      signal?.removeEventListener("abort", stop);
    }
  }

  /** Frees the optimizers' state; a step that is running ends first. The networks stay. Calling it twice is fine. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#native.stop();
    this.#native.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #checkRun(dataset: Dataset, options: RunOptions) {
    if (!(dataset instanceof Dataset)) throw wrongType("a dataset", "dataset", dataset);
    if (options === undefined) throw wrongType("an object", "options", options);
    check.options(options, "options", ["steps", "batchSize", "tickEvery", "signal"]);
    if (dataset.image.join() !== this.discriminator.image.join()) {
      throw new SparringError(
        "ERR_DATA",
        `Expected images of [${this.discriminator.image.join(", ")}] for dataset but received [${dataset.image.join(", ")}]`,
      );
    }
    if (options.signal !== undefined && !(options.signal instanceof AbortSignal))
      throw wrongType("an AbortSignal", "signal", options.signal);
    return {
      steps: check.integer(options.steps, "steps", 1),
      batchSize: checkBatch(options.batchSize ?? 64, "batchSize", this, dataset.size),
      tickEvery: check.integer(options.tickEvery ?? 100, "tickEvery", 1),
      signal: options.signal,
    };
  }
}

/** @internal A batch size that every batch of an epoch of `size` images can be trained with. */
export function checkBatch(
  batchSize: unknown,
  name: string,
  pair: Pick<TrainerOptions, "generator" | "discriminator">,
  size: number,
): number {
  const keys = [pair.generator, pair.discriminator].flatMap((network) => [
    ...network.resolved.state.keys(),
  ]);
  const coupled = keys.some((key) => key.endsWith(".running_mean"));
  if (coupled && size < 2)
    throw outOfRange("at least 2 images (BatchNorm trains on more than one)", "the dataset", size);
  if (coupled && batchSize === 1)
    throw outOfRange(
      `a whole number from 2 to ${size} (BatchNorm trains on more than one)`,
      name,
      batchSize,
    );
  const batch = check.integer(batchSize, name, coupled ? 2 : 1, size);
  if (coupled && size % batch === 1) {
    throw outOfRange(
      `a number that does not leave a last batch of 1 of ${size} images (BatchNorm trains on more than one)`,
      name,
      batch,
    );
  }
  return batch;
}

function checkPair({ generator, discriminator }: TrainerOptions): {
  generator: Generator;
  discriminator: Discriminator;
} {
  if (!(generator instanceof Generator)) throw wrongType("a Generator", "generator", generator);
  if (!(discriminator instanceof Discriminator))
    throw wrongType("a Discriminator", "discriminator", discriminator);
  if (generator.image.join() !== discriminator.image.join()) {
    throw new SparringError(
      "ERR_ARCHITECTURE",
      `Expected samples of [${discriminator.image.join(", ")}], which the discriminator takes, for generator but received [${generator.image.join(", ")}]`,
    );
  }
  if (generator.device !== discriminator.device) {
    throw new SparringError(
      "ERR_DEVICE",
      `Expected the generator's device "${generator.device}" for discriminator but received "${discriminator.device}"`,
    );
  }
  return { generator, discriminator };
}

function checkOptimizers(optimizer: TrainerOptions["optimizer"]): TrainerOptions["optimizer"] {
  if (!check.isObject(optimizer))
    throw wrongType("an object { generator, discriminator }", "optimizer", optimizer);
  check.options(optimizer, "optimizer", ["generator", "discriminator"]);
  return {
    generator: checkOptimizer(optimizer.generator, "optimizer.generator"),
    discriminator: checkOptimizer(optimizer.discriminator, "optimizer.discriminator"),
  };
}

/** Checked again, as it may come from a file: what adam() would refuse is refused. */
function checkOptimizer(value: unknown, name: string): Optimizer {
  if (!check.isObject(value) || value.type !== "adam")
    throw wrongType("an optimizer, as optimizers.adam() makes it,", name, value);
  const { type, ...options } = value;
  return adam(options);
}

function checkObjective(objective: Objective): Objective {
  if (!check.isObject(objective))
    throw wrongType(
      "an objective, as objectives.nonSaturating() makes it,",
      "objective",
      objective,
    );
  check.oneOf(objective.type, "objective.type", objectiveTypes);
  return objective;
}

function toNative({ lr, betas, eps, weightDecay }: Optimizer): NativeAdam {
  return { lr, beta1: betas[0], beta2: betas[1], eps, weightDecay };
}

/** Nothing good comes after a loss that is no number: the weights are gone. */
function checkFinite(report: NativeReport): NativeReport {
  const { step, generatorLoss, discriminatorLoss } = report;
  const losses = [discriminatorLoss, generatorLoss];
  if (losses.every(Number.isFinite)) return report;
  throw new SparringError(
    "ERR_DIVERGED",
    `Expected finite losses for step ${step} but received ${show(losses)}; lower the learning rate`,
  );
}

function toTick({ step, images, seconds, generatorLoss, discriminatorLoss }: NativeReport): Tick {
  return { step, discriminatorLoss, generatorLoss, imagesPerSecond: images / seconds };
}
