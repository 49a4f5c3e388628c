import * as check from "../check.js";
import type { Health, Tick } from "../trainer.js";

/**
 * Sums over the steps since the last tick; they survive JSON, so that a resumed run ends the tick
 * as it would have. Nothing of the clock is in them: equal runs have equal bytes.
 */
interface Sums {
  readonly steps: number;
  readonly discriminatorLoss: number;
  readonly generatorLoss: number;
}

const nothing: Sums = { steps: 0, discriminatorLoss: 0, generatorLoss: 0 };

/** Means over the steps since the last tick, however many pieces they came in. */
export class Meter {
  #sums = nothing;
  #images = 0;
  #seconds = 0;
  #health: Health | undefined;

  /**
   * Makes a meter that goes on from what toJSON() gave; from nothing where it is given anything
   * else.
   */
  static from(value: unknown): Meter {
    const meter = new Meter();
    const isSums = (one: unknown): one is Sums =>
      check.isObject(one) && Object.keys(nothing).every((key) => Number.isFinite(one[key]));
    if (isSums(value)) meter.#sums = value;
    return meter;
  }

  toJSON(): Sums {
    return this.#sums;
  }

  /**
   * @param tick what the trainer said of these steps
   * @param steps how many there were
   * @param images how many real images they showed
   */
  add(tick: Tick, steps: number, images: number): void {
    const sums = this.#sums;
    this.#sums = {
      steps: sums.steps + steps,
      discriminatorLoss: sums.discriminatorLoss + tick.discriminatorLoss * steps,
      generatorLoss: sums.generatorLoss + tick.generatorLoss * steps,
    };
    this.#images += images;
    this.#seconds += images / tick.imagesPerSecond;
    this.#health = tick.health;
  }

  get isEmpty(): boolean {
    return this.#sums.steps === 0;
  }

  read(): Pick<Tick, "discriminatorLoss" | "generatorLoss" | "imagesPerSecond" | "health"> {
    const { steps, discriminatorLoss, generatorLoss } = this.#sums;
    return {
      discriminatorLoss: shorten(discriminatorLoss / steps),
      generatorLoss: shorten(generatorLoss / steps),
      imagesPerSecond: Number((this.#images / this.#seconds).toFixed(1)),
      // Health is of the last step: equal, however many pieces there were.
      health: this.#health === undefined ? undefined : shortenAll(this.#health),
    };
  }
}

function shortenAll(health: Health): Health {
  const entries = Object.entries(health).map(([name, value]) => [name, shorten(value)]);
  return Object.fromEntries(entries);
}

/**
 * Nine digits tell two float32 apart; more would only show how the steps were cut into pieces,
 * which on a terminal depends on the clock, and a seed would not give the same statistics twice.
 */
function shorten(loss: number): number {
  return Number(loss.toPrecision(9));
}
