import type { Health, Tick } from "../trainer.js";

/** Means over the steps since the last tick, however many pieces they came in. */
export class Meter {
  #steps = 0;
  #images = 0;
  #seconds = 0;
  #discriminatorLoss = 0;
  #generatorLoss = 0;
  #health: Health | undefined;

  /**
   * @param tick what the trainer said of these steps
   * @param steps how many there were
   * @param images how many real images they showed
   */
  add(tick: Tick, steps: number, images: number): void {
    this.#steps += steps;
    this.#images += images;
    this.#seconds += images / tick.imagesPerSecond;
    this.#discriminatorLoss += tick.discriminatorLoss * steps;
    this.#generatorLoss += tick.generatorLoss * steps;
    this.#health = tick.health;
  }

  get isEmpty(): boolean {
    return this.#steps === 0;
  }

  read(): Pick<Tick, "discriminatorLoss" | "generatorLoss" | "imagesPerSecond" | "health"> {
    return {
      discriminatorLoss: shorten(this.#discriminatorLoss / this.#steps),
      generatorLoss: shorten(this.#generatorLoss / this.#steps),
      imagesPerSecond: Number((this.#images / this.#seconds).toFixed(1)),
      // Of the last step: the same, however many pieces there were.
      health: this.#health === undefined ? undefined : shortenAll(this.#health),
    };
  }
}

function shortenAll(health: Health): Health {
  const entries = Object.entries(health).map(([name, value]) => [name, shorten(value)]);
  return Object.fromEntries(entries);
}

/**
 * Nine digits tell two float32 apart; more would only show how the steps were cut into pieces, which
 * on a terminal depends on the clock, and a seed would not give the same statistics twice.
 */
function shorten(loss: number): number {
  return Number(loss.toPrecision(9));
}
