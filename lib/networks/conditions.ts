// What a user asks of a conditional network: the types that know what there is to ask, and the
// checks for those whose types do not.
import { types } from "node:util";
import { type Latent, layerOfTwo, type ResolvedArchitecture } from "../architecture.js";
import * as check from "../check.js";
import { outOfRange, wrongType } from "../errors.js";
import { isLabelArray, type LabelArray, labelArrays } from "../label-array.js";
import type { Stoppable } from "../signal.js";

/** Class indices from 0: one for all samples, or one for each, such as a dataset's own. */
export type Labels = number | LabelArray;
/**
 * Continuous codes: one vector for all samples, or one for each; as they are written down, or as
 * latents.lerp() makes them.
 */
export type Codes =
  | readonly number[]
  | Float32Array
  | readonly (readonly number[] | Float32Array)[];

/** What is known of it. `any`, as that of a parsed JSON, says nothing: it may be there, or not. */
type Of<T, Key extends string> = Key extends keyof T
  ? unknown extends T[Key]
    ? number | string | undefined
    : T[Key]
  : undefined;
/** Whether there are any, as far as the type of a number of them tells. */
type Has<Count> = [Count] extends [0 | undefined]
  ? "none"
  : undefined extends Count
    ? "perhaps"
    : "some";

/** How a network computes outside of training. */
export interface Executed {
  /**
   * `"eager"`: operation by operation, the bytes of the PyTorch module with these weights.
   * `"fused"`: by the rewrites of fused training, equal to rounding; convolutions take a fraction
   * of the time.
   * @default "eager"
   */
  readonly execution?: "eager" | "fused" | undefined;
}

/** How near to their mean the styles of a generator are. */
export interface Truncated {
  /**
   * The truncation trick in W (Karras et al. 2019, StyleGAN, appendix B), for a generator with
   * `styled`: each w is w_avg + truncationPsi · (w − w_avg), where w_avg is the running mean of
   * training. A finite number: 0 gives the mean style to all samples, numbers below 1 give samples
   * more alike.
   * @default 1, w as it is
   */
  readonly truncationPsi?: number | undefined;
}

/**
 * What `sample()` takes besides the number of samples: a `seed`, the `noise` or a `truncation` of
 * it, a `truncationPsi` of styles, an `execution`, a `signal`, and
 *
 * - `labels` where the latent has classes: the class of all samples, or one for each, from 0 to
 *   classes − 1; by default they are drawn, each class as likely as the others
 * - `codes` where it has codes: those of all samples, or a vector for each; by default drawn from
 *   U(-1, 1)
 */
export type SampleOptions<L extends Latent = Latent> = {
  /**
   * Seed that gives the same samples for the same weights; a whole number of at least 0.
   * @default a random one
   */
  readonly seed?: number | undefined;
  /**
   * Noise of all samples, [count, noise] side by side: what noise() draws, or a way between two of
   * them.
   * @default drawn
   */
  readonly noise?: Float32Array | undefined;
  /**
   * The truncation trick (Brock et al. 2019, BigGAN, section 3.1): noise is drawn as if every
   * number farther than this from 0 were drawn again; a number above 0. The smaller it is, the
   * fewer outliers there are among the samples, and the more alike they are. A seed keeps its
   * samples: each number of the noise becomes the one at the same quantile of the truncated
   * distribution.
   * @default none
   */
  readonly truncation?: number | undefined;
} & Truncated &
  Executed &
  Stoppable &
  (Has<Of<L, "classes">> extends "none"
    ? unknown
    : {
        /**
         * Class of all samples, or one for each.
         * @default drawn, each class as likely as the others
         */
        readonly labels?: Labels | undefined;
      }) &
  (Has<Of<L, "codes">> extends "none"
    ? unknown
    : {
        /** Codes of all samples, or a vector for each. @default drawn from U(-1, 1) */
        readonly codes?: Codes | undefined;
      });

/** Labels that a network must have, may have, or does not take, and what else it takes. */
type LabelArguments<H, Others> = H extends "none"
  ? [options?: Others]
  : H extends "perhaps"
    ? [options?: { readonly labels?: Labels | undefined } & Others]
    : [options: { readonly labels: Labels } & Others];

/**
 * What `generate()` takes after latents: labels where they are embedded, and only there; a
 * `truncationPsi` of styles, an `execution` and a `signal`.
 */
export type GenerateArguments<L extends Latent> = LabelArguments<
  [Of<L, "labels">] extends ["oneHot" | undefined]
    ? "none"
    : Of<L, "labels"> extends "embedded"
      ? Has<Of<L, "classes">>
      : "perhaps",
  Truncated & Executed & Stoppable
>;

/**
 * What a discriminator takes after images: labels where it has classes, and only there; an
 * `execution` and a `signal`.
 */
export type JudgeArguments<A extends { readonly classes?: number | undefined }> = LabelArguments<
  Has<Of<A, "classes">>,
  Executed & Stoppable
>;

/** @internal How an answer is made: by the rewrites of fused execution or not, and how long. */
export interface Manner {
  readonly fused: boolean;
  readonly signal: AbortSignal | undefined;
}

/** @internal */
export function checkManner(options: Executed & Stoppable): Manner {
  const execution = check.oneOf(options.execution ?? "eager", "execution", ["eager", "fused"]);
  return { fused: execution === "fused", signal: check.signal(options.signal, "signal") };
}

/** @internal What an answer is asked for with. */
interface Asked {
  readonly labels?: unknown;
  readonly truncationPsi?: unknown;
}

/**
 * @internal Options of `generate()` and of a discriminator, as far as they are checked here.
 *
 * @param more what there is beside those that both take
 */
export function checkAnswer(
  options: unknown,
  more: readonly "truncationPsi"[] = [],
): Asked & { manner: Manner } {
  const asked = options as (Asked & Executed & Stoppable) | undefined;
  const given = check.options(asked, "options", ["labels", ...more, "execution", "signal"]);
  const { labels, truncationPsi } = given;
  return { labels, truncationPsi, manner: checkManner(given) };
}

/**
 * A copy of the noise of `count` samples, so that what was checked stays as it is; undefined if
 * none is given.
 */
export function checkNoise(noise: unknown, count: number, size: number): Float32Array | undefined {
  if (noise === undefined) return undefined;
  const values = check.floats(noise, "noise");
  if (values.length !== count * size)
    throw outOfRange(`${count} × ${size} values`, "noise", `${values.length} values`);
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) throw outOfRange("a finite number", `noise[${at}]`, values[at]);
  return values.slice();
}

/** Most that noise which is drawn may be away from 0, or 0 where it may be anything. */
export function checkTruncation(truncation: unknown, noise?: Float32Array): number {
  if (truncation === undefined) return 0;
  if (noise !== undefined)
    throw wrongType("nothing (the noise is given)", "truncation", truncation);
  return check.positive(truncation, "truncation");
}

/**
 * How far styles are from their mean, in parts of how far they would be: 1 where nothing is given.
 */
export function checkTruncationPsi(
  psi: unknown,
  isStyled: boolean,
  name = "truncationPsi",
): number {
  if (psi === undefined) return 1;
  if (!isStyled) throw wrongType("nothing (the generator has no styled layers)", name, psi);
  return check.finite(psi, name);
}

/**
 * Checks that there are samples enough for layers that normalise a batch by itself. PyTorch refuses
 * one, too: it would become 0, whatever it is.
 *
 * @param received what the user wrote @default the count
 */
export function checkRows(
  count: number,
  resolved: ResolvedArchitecture,
  name: string,
  received: unknown = count,
): void {
  const layer = count > 1 ? undefined : layerOfTwo(resolved);
  if (layer === undefined) return;
  const why = `${layer.path} (${layer.type}) has no statistics but those of a batch`;
  throw outOfRange(`at least 2 samples, as ${why},`, name, received);
}

/** Labels of `count` samples; undefined if none are given. `classes` 0: the network takes none. */
export function checkLabels(
  labels: unknown,
  count: number,
  classes: number,
  why: string,
): Int32Array | undefined {
  if (labels === undefined) return undefined;
  if (classes === 0) throw wrongType(`nothing (${why})`, "labels", labels);
  if (typeof labels === "number")
    return new Int32Array(count).fill(check.integer(labels, "labels", 0, classes - 1));
  if (!isLabelArray(labels)) {
    const what = `a whole number, or ${labelArrays} of them,`;
    throw wrongType(what, "labels", labels);
  }
  if (labels.length !== count)
    throw outOfRange(`${count} labels, one a sample,`, "labels", `${labels.length} labels`);
  const checked = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const label = labels[i] as number;
    // The words for an error only where there is one: for four million labels they would take half
    // a second, on the thread of the event loop.
    checked[i] = isLabel(label, classes)
      ? label
      : check.integer(label, `labels[${i}]`, 0, classes - 1);
  }
  return checked;
}

function isLabel(value: unknown, classes: number): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < classes;
}

/** Codes of `count` samples side by side; undefined if none are given. */
export function checkCodes(codes: unknown, count: number, width: number): Float32Array | undefined {
  if (codes === undefined) return undefined;
  if (width === 0) throw wrongType("nothing (the latent has no codes)", "codes", codes);
  const all = new Float32Array(count * width);
  if (Array.isArray(codes) && codes.slice(0, width + 1).some(isVector)) {
    if (codes.length !== count)
      throw outOfRange(`${count} vectors, one a sample,`, "codes", `${codes.length} vectors`);
    // By index: forEach would skip the holes of a sparse array.
    for (let i = 0; i < count; ++i) all.set(checkVector(codes[i], `codes[${i}]`, width), i * width);
  } else {
    const vector = checkVector(codes, "codes", width);
    for (let i = 0; i < count; ++i) all.set(vector, i * width);
  }
  return all;
}

function isVector(value: unknown): value is readonly number[] | Float32Array {
  return Array.isArray(value) || types.isFloat32Array(value);
}

function checkVector(vector: unknown, name: string, width: number): number[] {
  if (!isVector(vector) || vector.length !== width)
    throw wrongType(`an array or Float32Array of ${width} numbers`, name, vector);
  return Array.from(vector, (value, i) => {
    if (typeof value !== "number" || !check.isFinite32(value))
      throw wrongType("a finite number", `${name}[${i}]`, value);
    return value;
  });
}
