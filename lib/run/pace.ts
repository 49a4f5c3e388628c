/** How many steps to ask for at a time, so that someone who watches sees a move `secondsApart`. */
export class Pace {
  readonly #secondsApart: number;
  #steps = 1;

  constructor(secondsApart: number) {
    this.#secondsApart = secondsApart;
  }

  get steps(): number {
    return this.#steps;
  }

  /**
   * Learns from the last piece. Grows twofold at most: the first steps, or a busy machine, mislead.
   */
  learn(steps: number, seconds: number): void {
    const wanted = Math.round((this.#secondsApart * steps) / Math.max(seconds, 1e-6));
    this.#steps = Math.max(1, Math.min(wanted, 2 * this.#steps));
  }
}
