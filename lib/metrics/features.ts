import { inspect } from "node:util";
import * as check from "../check.js";
import { outOfRange, show } from "../errors.js";
import { lineOf, some, times } from "../inspect.js";
import { product } from "../shape.js";
import type { Decimals } from "./native.js";

/** What goes with features, besides their numbers. */
export interface FeatureOptions {
  /** A name for what computed them. @default "given" */
  readonly network?: string | undefined;
  /**
   * Logarithms of what each class's probability is in proportion to, [samples, answers × classes].
   * @default none
   */
  readonly logits?: Float32Array | Float64Array | undefined;
  /**
   * Things in a sample that the network classifies: the logits of each stand side by side.
   * @default 1
   */
  readonly answers?: number | undefined;
  /** How far from 0 the noise of generated samples was drawn at most, above 0. @default anything */
  readonly truncation?: number | undefined;
  /** How far styles of generated samples were from their mean, as `sample()` has it. @default 1 */
  readonly truncationPsi?: number | undefined;
}

/** What a feature network saw in images: a row of numbers for each. */
export class Features {
  /** The rows, one after the other. */
  readonly data: Float32Array | Float64Array;
  /** [samples, width] */
  readonly shape: readonly [number, number];
  /** What computed them: only features of one network can be compared. */
  readonly network: string;
  /**
   * What the network classified the samples as, [samples, answers × classes]; undefined where it
   * classifies nothing.
   */
  readonly logits: Float32Array | Float64Array | undefined;
  /** Things in a sample that the network classifies: 3 for the digits of stacked MNIST, else 1. */
  readonly answers: number;
  /** How far from 0 the noise of the samples was drawn at most; undefined where it was anything. */
  readonly truncation: number | undefined;
  /** How far their styles were from the mean; undefined where as far as in training. */
  readonly truncationPsi: number | undefined;

  /**
   * Features that you computed. The arrays are not copied.
   *
   * @param data values of [samples, width], row by row, finite in float32 as well
   * @param shape [samples, width]
   * @throws TypeError for arrays of another kind; RangeError for another number of values, or of
   * logits, for NaN, and for a sample that can be of no class
   */
  constructor(data: Decimals, shape: readonly number[], options: FeatureOptions = {}) {
    this.data = checkValues(
      check.decimals(data, "data"),
      "data",
      check.isFinite32,
      "a finite float32",
    );
    const [samples, width] = check.shape(shape, "shape", 2) as [number, number];
    if (product(shape) !== data.length) throw outOfRange(`${data.length} values`, "shape", shape);
    this.shape = Object.freeze([samples, width] as const);
    const known = ["network", "logits", "answers", "truncation", "truncationPsi"] as const;
    const given = check.options(options, "options", known);
    const { network = "given", logits, answers = 1, truncation, truncationPsi } = given;
    this.network = check.string(network, "network");
    this.answers = check.integer(answers, "answers", 1);
    this.logits = logits === undefined ? undefined : checkLogits(logits, samples, this.answers);
    this.truncation =
      truncation === undefined ? undefined : check.positive(truncation, "truncation");
    this.truncationPsi =
      truncationPsi === undefined ? undefined : check.finite(truncationPsi, "truncationPsi");
  }

  /** Number of samples. */
  get count(): number {
    return this.shape[0];
  }

  /** Numbers a sample. */
  get width(): number {
    return this.shape[1];
  }

  /** Classes that the network knows of each thing; 0 where it classifies nothing. */
  get classes(): number {
    return (this.logits?.length ?? 0) / this.count / this.answers;
  }

  /** @internal */
  [inspect.custom](): string {
    const classes = some(this.classes, "class", "classes");
    return lineOf(this, times(this.count, [this.width]), classes, show(this.network));
  }
}

/**
 * A metric of NaN may be a number like any other: a precision of 0, a class balance of class 0
 * alone.
 */
function checkValues(
  values: Decimals,
  name: string,
  isSound: (value: number) => boolean,
  what: string,
): Decimals {
  for (let i = 0; i < values.length; ++i)
    if (!isSound(values[i] as number)) throw outOfRange(what, `${name}[${i}]`, values[i]);
  return values;
}

function checkLogits(logits: unknown, samples: number, answers: number): Decimals {
  const given = check.decimals(logits, "logits");
  // That of a class that cannot be is −∞.
  checkValues(given, "logits", (value) => value < Number.POSITIVE_INFINITY, "a number below ∞");
  const rows = samples * answers;
  if (given.length % rows !== 0 || given.length < 2 * rows) {
    const each = answers === 1 ? `${samples} samples` : `${answers} answers to ${samples} samples`;
    throw outOfRange(`at least 2 logits for each of ${each}`, "logits", given);
  }
  const classes = given.length / rows;
  for (let row = 0; row < rows; ++row)
    if (given.subarray(row * classes, (row + 1) * classes).every((one) => one === -Infinity))
      throw outOfRange("at least one finite number", `row ${row} of logits`, -Infinity);
  return given;
}

/**
 * What every result says, so that numbers of different networks, sample counts or truncations are
 * never mixed.
 */
export interface Measured<Name extends string> {
  readonly metric: Name;
  /** The feature network, by its name. */
  readonly network: string;
  /** Number of real samples. */
  readonly real: number;
  /** Number of generated samples. */
  readonly generated: number;
  /** How far from 0 their noise was drawn at most; only there where it was not anything. */
  readonly truncation?: number | undefined;
  /** How far their styles were from the mean; only there where it was asked for. */
  readonly truncationPsi?: number | undefined;
}

/** Samples that a network made features of, as far as metrics compare them. */
interface Seen extends Truncations {
  readonly network: string;
  readonly width: number;
  readonly count: number;
}

interface Truncations {
  readonly truncation: number | undefined;
  readonly truncationPsi: number | undefined;
}

/** Throws RangeError for features of two networks. */
export function checkNetworks(real: Seen, generated: Seen): void {
  if (real.network === generated.network) return;
  const what = `features of ${real.network}, as real has,`;
  throw outOfRange(what, "generated", `features of ${generated.network}`);
}

/** Throws RangeError for features of two networks, or of two widths. */
export function checkPair(real: Seen, generated: Seen): void {
  checkNetworks(real, generated);
  if (real.width !== generated.width)
    throw outOfRange(
      `features of width ${real.width}, as real has,`,
      "generated",
      `a width of ${generated.width}`,
    );
}

/** The part of a result that is the same for all. */
export function measured<Name extends string>(
  metric: Name,
  real: Seen,
  generated: Seen,
): Measured<Name> {
  const counts = { real: real.count, generated: generated.count };
  return { metric, network: real.network, ...counts, ...truncationOf(generated) };
}

/** The truncations of generated samples, as far as there are any. */
export function truncationOf({ truncation, truncationPsi }: Truncations): {
  truncation?: number;
  truncationPsi?: number;
} {
  return {
    ...(truncation === undefined ? {} : { truncation }),
    ...(truncationPsi === undefined ? {} : { truncationPsi }),
  };
}
