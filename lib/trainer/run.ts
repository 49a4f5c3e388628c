// A run, as whoever asked for it has it.
import { inspect } from "node:util";
import { counted, grouped } from "../count.js";
import { lineOf } from "../inspect.js";
import type { Claim } from "./claims.js";
import type { Tick } from "./tick.js";

/**
 * The ticks of a run. A generator by itself is left when it has come to its next tick, which may be
 * minutes away: this one has the trainer told first.
 */
export class Run implements AsyncGenerator<Tick, void, void> {
  readonly #ticks: AsyncGenerator<Tick, void, void>;
  readonly #claim: Claim;
  readonly #stop: () => void;

  /** @param stop ends the steps that are under way */
  constructor(ticks: AsyncGenerator<Tick, void, void>, claim: Claim, stop: () => void) {
    this.#ticks = ticks;
    this.#claim = claim;
    this.#stop = stop;
  }

  next(): Promise<IteratorResult<Tick, void>> {
    return this.#ticks.next();
  }

  return(): Promise<IteratorResult<Tick, void>> {
    this.#claim.leave(this.#stop);
    return this.#ticks.return();
  }

  throw(error: unknown): Promise<IteratorResult<Tick, void>> {
    this.#claim.leave(this.#stop);
    return this.#ticks.throw(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** What `await using` calls: return(). */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** What console.log shows. */
  [inspect.custom](): string {
    const { done, steps, state } = this.#claim;
    const far = steps === 0 ? undefined : `${grouped(done)} of ${counted(steps, "step")}`;
    return lineOf(this, far, state);
  }
}
