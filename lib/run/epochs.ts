// Steps as epochs: an epoch shows every image once, in batches of which the last may be smaller.

export class Epochs {
  /** Batches in an epoch. */
  readonly batches: number;
  readonly #size: number;
  readonly #batch: number;

  /**
   * @param size images in the dataset
   * @param batch images in a batch
   */
  constructor(size: number, batch: number) {
    this.batches = Math.ceil(size / batch);
    this.#size = size;
    this.#batch = batch;
  }

  /** Epochs that `steps` steps begin. */
  count(steps: number): number {
    return Math.ceil(steps / this.batches);
  }

  /** Which batch of which epoch the last of `steps` steps was, both from 0 as the article counts. */
  last(steps: number): { epoch: number; batch: number } {
    const index = steps - 1;
    return { epoch: Math.floor(index / this.batches), batch: index % this.batches };
  }

  /** Real images shown in the first `steps` steps. */
  images(steps: number): number {
    const whole = Math.floor(steps / this.batches);
    return whole * this.#size + (steps - whole * this.batches) * this.#batch;
  }
}
