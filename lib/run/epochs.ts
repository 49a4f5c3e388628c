// The epochs of a run, which may have gone on with batches of another size, or another number of
// them in a step.
import { Epochs } from "../trainer/epochs.js";
import type { RunConfig } from "./config.js";
import { historyOf } from "./history.js";

type Counted = Pick<RunConfig, "images" | "batch" | "discriminatorSteps" | "dropLast" | "changes">;

/** Where a stretch begins: how far the run was. */
interface Beginning {
  /** Epochs that had ended, or were left. */
  readonly epochs: number;
  /** Batches that were done of the epoch that goes on. */
  readonly batches: number;
  /** Real images that were shown. */
  readonly images: number;
}

const beginning: Beginning = { epochs: 0, batches: 0, images: 0 };

/** Steps that all take equally many batches of one size. */
class Stretch {
  /** Steps that were done before it. */
  readonly since: number;
  readonly batch: number;
  /** A batch as if it were a step: those of a step need not begin with an epoch. */
  readonly epochs: Epochs;
  readonly #batchesAStep: number;
  /** Where it begins. */
  readonly #from: Beginning;

  constructor(
    since: number,
    { images, batch, discriminatorSteps, dropLast }: Counted,
    from: Beginning = beginning,
  ) {
    this.since = since;
    this.batch = batch;
    this.epochs = new Epochs(images, batch, 1, dropLast);
    this.#batchesAStep = discriminatorSteps;
    this.#from = from;
  }

  /** Epochs that were whole, or were left, before it. */
  get before(): number {
    return this.#from.epochs;
  }

  count(steps: number): number {
    return this.before + this.epochs.count(this.#batches(steps));
  }

  steps(epochs: number): number {
    const batches = this.epochs.steps(epochs - this.before) - this.#from.batches;
    return this.since + Math.floor(batches / this.#batchesAStep);
  }

  last(steps: number): { epoch: number; batch: number } {
    const { epoch, batch } = this.epochs.last(this.#batches(steps));
    return { epoch: this.before + epoch, batch };
  }

  images(steps: number): number {
    const { images, batches } = this.#from;
    return images + this.epochs.images(this.#batches(steps)) - this.epochs.images(batches);
  }

  /** Where the next one begins. Batches of another size begin a new epoch. */
  beginningAt(steps: number, { batch }: Pick<Counted, "batch">): Beginning {
    const images = this.images(steps);
    if (batch !== this.batch) return { epochs: this.count(steps), batches: 0, images };
    const batches = this.#batches(steps);
    const whole = Math.floor(batches / this.epochs.batches);
    return { epochs: this.before + whole, batches: batches % this.epochs.batches, images };
  }

  /** Batches of the epochs since `before`. */
  #batches(steps: number): number {
    return this.#from.batches + (steps - this.since) * this.#batchesAStep;
  }
}

/** Steps of a run as epochs, by the batches that each of them takes. */
export class RunEpochs {
  /** Earliest first. */
  readonly #stretches: readonly Stretch[];

  constructor(config: Counted) {
    const stretches: Stretch[] = [];
    for (const values of historyOf(config, ["batch", "discriminatorSteps"])) {
      const { since } = values;
      const from = stretches.at(-1)?.beginningAt(since, values);
      stretches.push(new Stretch(since, { ...config, ...values }, from));
    }
    this.#stretches = stretches;
  }

  /** Batches in an epoch, as the run is now. */
  get batches(): number {
    return (this.#stretches.at(-1) as Stretch).epochs.batches;
  }

  /** Epochs that `steps` steps begin. */
  count(steps: number): number {
    return this.#at(steps).count(steps);
  }

  /** Whole steps in `epochs` epochs, at least one. */
  steps(epochs: number): number {
    const index = this.#stretches.findLastIndex(({ before }) => before < epochs);
    const steps = (this.#stretches[index] as Stretch).steps(epochs);
    // An epoch that was left ended there.
    return Math.max(1, Math.min(steps, this.#stretches[index + 1]?.since ?? steps));
  }

  /**
   * The epoch and the batch in it that the last of `steps` steps ended with, both counted from 0.
   */
  last(steps: number): { epoch: number; batch: number } {
    return this.#at(steps).last(steps);
  }

  /** Real images shown in the first `steps` steps. */
  images(steps: number): number {
    return this.#at(steps).images(steps);
  }

  /** The stretch of the last of `steps` steps. */
  #at(steps: number): Stretch {
    return (
      this.#stretches.findLast(({ since }) => since < steps) ?? (this.#stretches[0] as Stretch)
    );
  }
}
