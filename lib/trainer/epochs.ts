// Steps as epochs: an epoch shows every image once, in batches of which the last may be smaller, or
// is left out.

export class Epochs {
  /** Batches in an epoch. */
  readonly batches: number;
  /** Images that an epoch shows. */
  readonly #size: number;
  readonly #batch: number;
  readonly #batchesAStep: number;

  /**
   * @param size images in the dataset
   * @param batch images in a batch
   * @param batchesAStep batches that a step shows: k of Algorithm 1 @default 1
   * @param dropLast batches are whole @default false
   */
  constructor(size: number, batch: number, batchesAStep = 1, dropLast = false) {
    this.batches = dropLast ? Math.floor(size / batch) : Math.ceil(size / batch);
    this.#size = dropLast ? this.batches * batch : size;
    this.#batch = batch;
    this.#batchesAStep = batchesAStep;
  }

  /** Epochs that `steps` steps begin. */
  count(steps: number): number {
    return Math.ceil((steps * this.#batchesAStep) / this.batches);
  }

  /** Whole steps in `epochs` epochs, at least one. */
  steps(epochs: number): number {
    return Math.max(1, Math.floor((epochs * this.batches) / this.#batchesAStep));
  }

  /**
   * The epoch and the batch in it that the last of `steps` steps ended with, both counted from 0.
   */
  last(steps: number): { epoch: number; batch: number } {
    const index = steps * this.#batchesAStep - 1;
    return { epoch: Math.floor(index / this.batches), batch: index % this.batches };
  }

  /** Real images shown in the first `steps` steps. */
  images(steps: number): number {
    const batches = steps * this.#batchesAStep;
    const whole = Math.floor(batches / this.batches);
    return whole * this.#size + (batches - whole * this.batches) * this.#batch;
  }
}
