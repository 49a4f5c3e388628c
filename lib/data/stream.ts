// Images that are nowhere as a whole: they come from an iterable while they are trained on.
import { totalmem } from "node:os";
import * as check from "../check.js";
import { outOfRange, wrongType } from "../errors.js";
import type { Dataset } from "./dataset.js";
import { checkRange, type PixelRange } from "../pixel-range.js";
import { product } from "../shape.js";
import { checkLayout, type Layout, noLayout } from "./layout.js";
import type { StreamItem } from "./stream/item.js";

export type { StreamImages, StreamItem } from "./stream/item.js";

/** The images of an epoch, in their order. */
export type StreamEpoch = AsyncIterable<StreamItem> | Iterable<StreamItem>;

/**
 * What images come from: once, or as often as they are asked for, with the number of the epoch from
 * 0.
 */
export type StreamSource = StreamEpoch | ((epoch: number) => StreamEpoch);

/** What is known of the images before they come, and how they are brought. */
export interface StreamOptions {
  /** Shape of one: [channels, height, width], whatever the layout is, or [features] of a vector. */
  readonly image: readonly number[];
  /**
   * `"NHWC"` for images that come as [height, width, channels], one pixel after the other, as sharp
   * and a canvas give them; vectors have none.
   * @default "NCHW"
   */
  readonly layout?: Layout | undefined;
  /**
   * How they are kept: `"uint8"`, as levels, which networks see in their own range; or `"float32"`,
   * as a Float32Array has them, which networks see as they are.
   * @default "uint8" for images, "float32" for vectors, which can be nothing else
   */
  readonly dtype?: "uint8" | "float32" | undefined;
  /**
   * Number of classes, 1 to 256: every image then has to come with its label.
   * @default none, and no labels
   */
  readonly classes?: number | undefined;
  /**
   * Values of black and of white, for a Float32Array that becomes levels; bytes are 0 to 255.
   * @default only bytes are taken
   */
  readonly range?: PixelRange | undefined;
  /**
   * Images in an epoch, at least 1; an iterable that brings more or fewer is refused.
   * @default as many as come
   */
  readonly length?: number | undefined;
  /**
   * Images in the buffer that the next one is drawn from; 0 or 1 keep the order that they come in.
   * @default 0
   */
  readonly shuffle?: number | undefined;
  /**
   * Seed of the drawing from that buffer, a whole number of at least 0; each epoch has an order of
   * its own.
   * @default 0
   */
  readonly seed?: number | undefined;
  /**
   * Batches that are brought ahead of training, 1 to 1024; never fewer than a step takes.
   * @default 2
   */
  readonly prefetch?: number | undefined;
}

type Dtype = Dataset["dtype"];

const known = [
  "image",
  "layout",
  "dtype",
  "classes",
  "range",
  "length",
  "shuffle",
  "seed",
  "prefetch",
] as const;

/**
 * Images that come while they are trained on: what `datasets.stream()` makes, for `trainer.run()`.
 */
export class Stream {
  /** Shape of one image: [channels, height, width], or [features]. */
  readonly image: readonly number[];
  /** How images are kept: `"uint8"` for levels, `"float32"` for values as they are. */
  readonly dtype: "uint8" | "float32";
  /** Number of classes; 0 without labels. */
  readonly classes: number;
  /** Images in an epoch, where that was said. */
  readonly length: number | undefined;
  /** Images in the buffer that the next one is drawn from; 0 for none. */
  readonly shuffle: number;
  /** Seed of the drawing from that buffer. */
  readonly seed: number;
  /** Batches that are brought ahead of training. */
  readonly prefetch: number;
  readonly #layout: Layout;
  readonly #range: PixelRange | undefined;
  readonly #source: StreamSource;
  #begun = false;

  /** @internal */
  constructor(source: StreamSource, options: StreamOptions) {
    this.#source = source;
    this.image = Object.freeze(checkSample(options.image));
    this.#layout = checkStreamLayout(options.layout, this.image);
    this.dtype = checkDtype(options.dtype, this.image);
    this.classes =
      options.classes === undefined ? 0 : check.integer(options.classes, "classes", 1, 256);
    this.#range = checkPixels(options.range, this.dtype);
    this.length =
      options.length === undefined ? undefined : check.integer(options.length, "length", 1);
    const shuffle = check.integer(options.shuffle ?? 0, "shuffle", 0);
    this.shuffle = shuffle === 1 ? 0 : shuffle;
    this.seed = check.seed(options.seed ?? 0, "seed");
    this.prefetch = check.integer(options.prefetch ?? 2, "prefetch", 1, 1024);
    const width = this.dtype === "float32" ? Float32Array.BYTES_PER_ELEMENT : 1;
    if (this.shuffle * product(this.image) * width > totalmem())
      throw outOfRange(`a buffer that fits in ${totalmem()} bytes`, "shuffle", options.shuffle);
  }

  /** @internal */
  get layout(): Layout {
    return this.#layout;
  }

  /** @internal */
  get range(): PixelRange | undefined {
    return this.#range;
  }

  /**
   * @internal Whether its epochs can be gone through again: only then can training go on within
   * one.
   */
  get isRepeatable(): boolean {
    return typeof this.#source === "function";
  }

  /** @internal Whether the only epoch of an iterable was given away. */
  get isBegun(): boolean {
    return this.#begun;
  }

  /**
   * @internal An iterator over the images of an epoch. Throws what the source throws, or TypeError.
   */
  open(epoch: number): AsyncIterator<unknown> | Iterator<unknown> {
    this.#begun = true;
    const source = this.#source;
    const [images, name] =
      typeof source === "function" ? [source(epoch), `source(${epoch})`] : [source, "source"];
    const iterator = iteratorOf(images);
    if (iterator === undefined) throw wrongType(sequence, name, images);
    return iterator;
  }
}

function checkSample(image: unknown): readonly number[] {
  if (Array.isArray(image) && (image.length === 1 || image.length === 3))
    return check.shape(image, "image");
  const what = "[channels, height, width] or [features], whole numbers,";
  throw wrongType(what, "image", image);
}

function checkStreamLayout(layout: unknown, { length }: readonly number[]): Layout {
  const asked = checkLayout(layout);
  if (asked !== undefined && length === 1) throw noLayout(asked);
  return asked ?? "NCHW";
}

function checkDtype(dtype: unknown, { length }: readonly number[]): Dtype {
  const isVector = length === 1;
  if (dtype === undefined) return isVector ? "float32" : "uint8";
  const asked = check.oneOf(dtype, "dtype", ["uint8", "float32"]);
  if (isVector && asked === "uint8")
    throw outOfRange('"float32", as vectors have no levels,', "dtype", asked);
  return asked;
}

function checkPixels(range: unknown, dtype: Dtype): PixelRange | undefined {
  if (range === undefined) return undefined;
  if (dtype === "float32")
    throw wrongType("no range (values are kept as they are)", "range", range);
  return checkRange(range, "range");
}

const sequence = "an iterable or async iterable of images";

function iteratorOf(value: unknown): AsyncIterator<unknown> | Iterator<unknown> | undefined {
  // Text and arrays of numbers are iterables, too, but not of images.
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return undefined;
  const object = value as Partial<AsyncIterable<unknown> & Iterable<unknown>>;
  return object[Symbol.asyncIterator]?.() ?? object[Symbol.iterator]?.();
}

/**
 * A dataset of images that are brought while they are trained on, for more than fits in memory. It
 * is pulled as fast as training takes batches, `prefetch` of them ahead. It yields images as a
 * Uint8Array or, with a `range`, a Float32Array, one or several at a time, alone or as
 * `{ images, labels }`; they are copied before the next is asked for. Where `image` is [features],
 * or `dtype` is `"float32"`, they are values in a Float32Array, each of them finite.
 *
 * @param source an iterable, sync or async, which is gone through once, or a function that returns
 * a fresh one for each epoch; one that returns the same images for the same epoch can be resumed,
 * exactly
 * @throws TypeError, RangeError for options; a wrong item ends `trainer.run()` with ERR_DATA, and
 * an error of the source ends it with that error
 */
export function stream(source: StreamSource, options: StreamOptions): Stream {
  const isSource =
    typeof source === "function" ||
    (typeof source === "object" &&
      source !== null &&
      !ArrayBuffer.isView(source) &&
      (Symbol.asyncIterator in source || Symbol.iterator in source));
  if (!isSource) throw wrongType(`${sequence}, or a function that returns one,`, "source", source);
  if (options === undefined) throw wrongType("an object", "options", options);
  check.options(options, "options", known);
  return new Stream(source, options);
}
