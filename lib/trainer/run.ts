// A run, as whoever asked for it has it.
import type { Tick } from "./tick.js";

/**
 * The ticks of a run. A generator by itself is left when it has come to its next tick, which may be
 * minutes away: this one has the trainer told first.
 */
export class Run implements AsyncGenerator<Tick, void, void> {
  readonly #ticks: AsyncGenerator<Tick, void, void>;
  readonly #leave: () => void;

  constructor(ticks: AsyncGenerator<Tick, void, void>, leave: () => void) {
    this.#ticks = ticks;
    this.#leave = leave;
  }

  next(): Promise<IteratorResult<Tick, void>> {
    return this.#ticks.next();
  }

  return(): Promise<IteratorResult<Tick, void>> {
    this.#leave();
    return this.#ticks.return();
  }

  throw(error: unknown): Promise<IteratorResult<Tick, void>> {
    this.#leave();
    return this.#ticks.throw(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** What `await using` calls: return(). */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}
