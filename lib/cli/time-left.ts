/** Reports this old, in seconds, weigh a third of new ones. */
const memory = 10;

/**
 * How long the rest of a run takes, by the speed of the last seconds: machines get busy and free
 * again.
 */
export class TimeLeft {
  #step = 0;
  #seconds = 0;
  // Both fade with time, so that their quotient is a mean over the last seconds.
  #fadingSeconds = 0;
  #fadingSteps = 0;

  /**
   * @param step steps done
   * @param seconds since the run began
   */
  learn(step: number, seconds: number): void {
    const [steps, passed] = [step - this.#step, seconds - this.#seconds];
    if (steps <= 0) return;
    const fade = Math.exp(-passed / memory);
    this.#fadingSeconds = this.#fadingSeconds * fade + passed;
    this.#fadingSteps = this.#fadingSteps * fade + steps;
    [this.#step, this.#seconds] = [step, seconds];
  }

  /** Seconds for that many more steps. */
  of(steps: number): number {
    return steps * (this.#fadingSteps === 0 ? 0 : this.#fadingSeconds / this.#fadingSteps);
  }
}
