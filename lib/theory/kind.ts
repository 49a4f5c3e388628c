// What every experiment is: figures computed from a seed, a chart of them, and lines for a reader.
import * as check from "../check.js";
import type { Chart } from "../charts.js";

/** How an experiment is run. */
export interface TheoryOptions {
  /** Equal seeds give equal figures. A whole number of at least 0. @default 0 */
  readonly seed?: number | undefined;
  /**
   * Steps of each training in it, at least 10.
   * @default what the experiment needs to show its point
   */
  readonly steps?: number | undefined;
  /**
   * Stops it at the next step boundary; the promise then rejects with the signal's reason.
   * @default none
   */
  readonly signal?: AbortSignal | undefined;
}

/** Options of an experiment, checked and complete. */
export interface Settings {
  readonly seed: number;
  readonly steps: number;
  readonly signal: AbortSignal | undefined;
}

/** What every experiment's figures begin with. All of them survive JSON. */
export interface Figures<Name extends string = string> {
  /** What the experiment is called: `theorem1`. */
  readonly experiment: Name;
  /**
   * The seed that they were computed from: equal seeds give equal figures, on one kind of processor
   * and with as many threads.
   */
  readonly seed: number;
  /** Steps of each training in the experiment. */
  readonly steps: number;
}

export interface Experiment<F extends Figures> {
  /** Steps of each training in it, by default. */
  readonly steps: number;
  run(settings: Settings): Promise<F>;
  draw(figures: F): Chart;
  /** The charts of an animation, where there is one. */
  frames?(figures: F): readonly Chart[];
  /** What the figures say, in some lines. */
  tell(figures: F): readonly string[];
}

const fewest = 10;

/**
 * Checks the options of an experiment. Throws TypeError and RangeError.
 *
 * @param steps the number where the options have none
 * @param naming what the user calls an option
 */
export function checkSettings(
  options: TheoryOptions | undefined,
  steps: number,
  naming: (option: keyof TheoryOptions) => string = String,
): Settings {
  const given = check.options<TheoryOptions>(options, "options", ["seed", "steps", "signal"]);
  const signal = check.signal(given.signal, "signal");
  return {
    seed: check.seed(given.seed ?? 0, naming("seed")),
    steps: check.integer(given.steps ?? steps, naming("steps"), fewest),
    signal,
  };
}

/** A number with as many digits as float32 has: more would be noise, and longer files. */
export function rounded(value: number): number {
  return Number(value.toPrecision(6));
}

/** Numbers with as many digits as float32 has. */
export function roundedAll(values: ArrayLike<number>): number[] {
  return Array.from(values, rounded);
}
