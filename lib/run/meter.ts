import * as check from "../check.js";
import type { Health } from "../trainer/health.js";
import type { Tick } from "../trainer/tick.js";

/**
 * Sums over the steps since the last tick; they survive JSON, so that a resumed run ends the tick
 * as it would have. Nothing of the clock is in them: equal runs have equal bytes.
 */
interface Sums {
  readonly steps: number;
  readonly discriminatorLoss: number;
  readonly generatorLoss: number;
  readonly discriminatorPenalty?: number | undefined;
  readonly generatorPenalty?: number | undefined;
}

const nothing: Sums = { steps: 0, discriminatorLoss: 0, generatorLoss: 0 };

/** What a tick tells of the last of its steps alone, in whatever pieces they came. */
type Last = Pick<Tick, "discriminatorLearningRate" | "generatorLearningRate" | "health">;
/** What it tells of all of them. */
type Means = Omit<Sums, "steps"> & Pick<Tick, "imagesPerSecond">;

/** Means over the steps since the last tick, however many pieces they came in. */
export class Meter {
  #sums = nothing;
  #images = 0;
  #seconds = 0;
  #last: Last | undefined;

  /**
   * Makes a meter that goes on from what toJSON() gave; from nothing where it is given anything
   * else.
   */
  static from(value: unknown): Meter {
    const meter = new Meter();
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
    const more = (sum: number | undefined, mean: number | undefined) =>
      mean === undefined ? undefined : (sum ?? 0) + mean * steps;
    this.#sums = {
      steps: sums.steps + steps,
      discriminatorLoss: sums.discriminatorLoss + tick.discriminatorLoss * steps,
      generatorLoss: sums.generatorLoss + tick.generatorLoss * steps,
      discriminatorPenalty: more(sums.discriminatorPenalty, tick.discriminatorPenalty),
      generatorPenalty: more(sums.generatorPenalty, tick.generatorPenalty),
    };
    this.#images += images;
    this.#seconds += images / tick.imagesPerSecond;
    this.#last = tick;
  }

  /** Whether no step was added since it was made: what it went on from is no news. */
  get isEmpty(): boolean {
    return this.#last === undefined;
  }

  /** Of one that is not empty. */
  read(): Means & Last {
    const { steps, ...sums } = this.#sums;
    const { health, discriminatorLearningRate, generatorLearningRate } = this.#last as Last;
    const mean = (sum: number) => shorten(sum / steps);
    const meanOf = (sum: number | undefined) => (sum === undefined ? undefined : mean(sum));
    return {
      discriminatorLoss: mean(sums.discriminatorLoss),
      generatorLoss: mean(sums.generatorLoss),
      discriminatorPenalty: meanOf(sums.discriminatorPenalty),
      generatorPenalty: meanOf(sums.generatorPenalty),
      discriminatorLearningRate: shorten(discriminatorLearningRate),
      generatorLearningRate: shorten(generatorLearningRate),
      imagesPerSecond: Number((this.#images / this.#seconds).toFixed(1)),
      health: health === undefined ? undefined : shortenAll(health),
    };
  }
}

function isSums(value: unknown): value is Sums {
  if (!check.isObject(value)) return false;
  const { discriminatorPenalty = 0, generatorPenalty = 0 } = value;
  const needed = Object.keys(nothing).map((key) => value[key]);
  return [...needed, discriminatorPenalty, generatorPenalty].every(Number.isFinite);
}

function shortenAll(health: Health): Health {
  const entries = Object.entries(health).map(([name, value]) => [name, shorten(value)]);
  return Object.fromEntries(entries);
}

/**
 * Nine digits tell two float32 apart; more would only show how the steps were cut into pieces,
 * which on a terminal depends on the clock, and a seed would not give the same statistics twice.
 */
function shorten(figure: number): number {
  return Number(figure.toPrecision(9));
}
