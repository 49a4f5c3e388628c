// Brings the images of a stream to a trainer, as fast as it trains: the side of a feed that is in
// JavaScript.
import { setImmediate } from "node:timers/promises";
import { addon, direct } from "../addon.js";
import type { Stream } from "../data/stream.js";
import { type Chunk, readItem, refuse } from "../data/stream/item.js";
import { traced } from "../errors.js";
import { chunkBytes } from "../files.js";
import type { NativeFeed, NativePlace } from "../data/native.js";
import { product } from "../shape.js";
import { whyTwo } from "./data.js";
import type { TrainerSettings } from "./options.js";
import type { RunSettings } from "./run-options.js";

/** What a trainer makes of a stream. */
export interface FeedForm {
  readonly batchSize: number;
  /** What is left of an epoch is left out. */
  readonly dropLast: boolean;
  /** Batches that a step takes. */
  readonly batchesAStep: number;
  /** Why the pair cannot be trained on a batch of one; undefined where it can. */
  readonly whyTwo: string | undefined;
}

/** What a run of such a trainer makes of one. */
export function formOf({ batchSize, dropLast }: RunSettings, trainer: TrainerSettings): FeedForm {
  const batchesAStep = trainer.discriminatorSteps;
  return { batchSize, dropLast, batchesAStep, whyTwo: whyTwo(trainer) };
}

const beginning: NativePlace = { epoch: 0, batches: 0, trace: 0 };

/**
 * A stream as a trainer goes through it. Between two runs it rests, and holds nothing that keeps it
 * from being freed.
 */
export class Feeding {
  readonly native: NativeFeed;
  readonly #stream: Stream;
  readonly #form: FeedForm;
  /** Batches ahead. */
  readonly #limit: number;
  #epoch: number;
  #iterator: AsyncIterator<unknown> | Iterator<unknown> | undefined;
  /** Items and images of this epoch so far. */
  #items = 0;
  #images = 0;
  #rest: Chunk | undefined;
  #copied = 0;
  /** A run wants batches. */
  #wanted = false;
  #pumping = false;
  #failure: { readonly error: unknown } | undefined;
  #over = false;
  readonly #from: NativePlace;
  /** How far training was when it was closed. */
  #place: NativePlace;

  constructor(stream: Stream, form: FeedForm, from = beginning) {
    this.native = makeFeed(stream, form, from);
    this.#stream = stream;
    this.#form = form;
    this.#limit = Math.max(stream.prefetch, form.batchesAStep);
    this.#epoch = from.epoch;
    this.#from = from;
    this.#place = from;
  }

  /** What a checkpoint knows a stream by: its options, as what it brings is not known before. */
  static identity(stream: Stream, form: FeedForm): string {
    const feed = makeFeed(stream, form, beginning);
    const identity = feed.identity();
    feed.dispose();
    return identity;
  }

  /** How far training is, for another one to go on there. */
  get place(): NativePlace {
    return this.#over ? this.#place : this.native.place();
  }

  /** Whether training took a batch of it. */
  get hasMoved(): boolean {
    const { epoch, batches } = this.place;
    return epoch !== this.#from.epoch || batches !== this.#from.batches;
  }

  /** Whether a run with this stream, batch size and end of epochs goes on here. */
  fits(stream: Stream, { batchSize, dropLast }: FeedForm): boolean {
    return !this.#over && this.isOf(stream, batchSize) && dropLast === this.#form.dropLast;
  }

  isOf(stream: Stream, batchSize: number): boolean {
    return stream === this.#stream && batchSize === this.#form.batchSize;
  }

  /** A run begins. */
  start(): void {
    this.#wanted = true;
    if (!this.#pumping && this.#failure === undefined) this.#pump();
  }

  /** A run has ended: what is under way is brought to its end, and no more. */
  pause(): void {
    this.#wanted = false;
    if (!this.#over) this.native.release();
  }

  /** Throws what ended it, once all batches from before were trained on. */
  async rethrow(): Promise<void> {
    const failure = this.#failure;
    if (failure === undefined) return;
    this.close();
    await traced(() => Promise.reject(failure.error));
  }

  /** Ends it for good: the iterable is told, and its batches are freed. */
  close(): void {
    if (this.#over) return;
    this.#place = this.native.place();
    this.#over = true;
    this.#wanted = false;
    this.#return();
    this.native.close();
    this.native.dispose();
  }

  async #pump(): Promise<void> {
    this.#pumping = true;
    try {
      while (this.#wanted) {
        if (this.native.ahead() >= this.#limit) await this.native.room(this.#limit);
        else await this.#advance();
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#pumping = false;
  }

  #fail(error: unknown): void {
    if (this.#over) return;
    this.#failure = { error };
    this.#return();
    this.native.close();
  }

  /**
   * Ends the iterable as `for await` does when it is left; one that never answers is not waited
   * for.
   */
  #return(): void {
    const iterator = this.#iterator;
    this.#iterator = undefined;
    void (async () => iterator?.return?.())().catch(() => {});
  }

  /** One batch of images to the feed, from what is left of an item or from the next. */
  async #advance(): Promise<void> {
    const chunk = this.#rest ?? (await this.#next());
    // It was closed, or no run wants it now: then it is for the next.
    this.#rest = chunk;
    if (chunk === undefined || this.#over) return;
    const { image, classes } = this.#stream;
    const count = Math.min(chunk.count, this.#form.batchSize);
    const size = count * product(image);
    const labels = classes > 0 ? chunk.labels.subarray(0, count) : undefined;
    const images = chunk.images.subarray(0, size);
    direct(() => this.native.push(images, count, labels));
    this.#rest =
      count === chunk.count
        ? undefined
        : {
            images: chunk.images.subarray(size),
            labels: chunk.labels.subarray(count),
            count: chunk.count - count,
          };
    this.#copied += images.byteLength;
    if (this.#copied >= chunkBytes) {
      this.#copied = 0;
      await setImmediate();
    }
  }

  /** The next item; undefined at the end of an epoch. */
  async #next(): Promise<Chunk | undefined> {
    this.#iterator ??= this.#open();
    const iterator = this.#iterator;
    const { done, value } = await iterator.next();
    if (this.#over) return undefined;
    if (done === true) {
      this.#iterator = undefined;
      this.#endEpoch();
      return undefined;
    }
    const chunk = await readItem(
      value,
      this.#stream,
      `item ${this.#items} of epoch ${this.#epoch}`,
    );
    this.#items += 1;
    this.#images += chunk.count;
    const { length } = this.#stream;
    if (length !== undefined && this.#images > length)
      throw refuse(`${length} images`, this.#name, `${this.#images} up to item ${this.#items - 1}`);
    return chunk;
  }

  #open(): AsyncIterator<unknown> | Iterator<unknown> {
    if (!this.#stream.isRepeatable && this.#stream.isBegun) {
      const what = "a function that returns a fresh iterable for each epoch";
      const end =
        this.#images > 0 ? `, which ended after ${this.#images} images` : " that was begun before";
      throw refuse(what, "source", `an iterable${end}`);
    }
    this.#items = 0;
    this.#images = 0;
    return this.#stream.open(this.#epoch);
  }

  get #name(): string {
    return `epoch ${this.#epoch} of source`;
  }

  #endEpoch(): void {
    const { length } = this.#stream;
    const count = this.#images;
    if (count === 0)
      throw refuse(
        length === undefined ? "at least one image" : `${length} images`,
        this.#name,
        "none",
      );
    if (length !== undefined && count < length)
      throw refuse(
        `${length} images`,
        this.#name,
        `${count}: it ended after item ${this.#items - 1}`,
      );
    const { batchSize, dropLast, whyTwo } = this.#form;
    if (dropLast && count < batchSize)
      throw refuse(`at least ${batchSize} images, a batch,`, this.#name, `${count}`);
    if (whyTwo !== undefined && !dropLast && count % batchSize === 1) {
      const what = `a number of images that leaves no last batch of 1 of ${batchSize} (${whyTwo}; dropLast leaves it out)`;
      throw refuse(what, this.#name, `${count}`);
    }
    direct(() => this.native.endEpoch());
    this.#epoch += 1;
  }
}

function makeFeed(
  stream: Stream,
  { batchSize, dropLast }: FeedForm,
  from: NativePlace,
): NativeFeed {
  const { image, layout, dtype, shuffle, seed, classes } = stream;
  const channelsLast = layout === "NHWC";
  const kept = { exact: dtype === "float32", channelsLast, labelled: classes > 0 };
  const options = { image, batchSize, shuffle, seed, dropLast, ...kept };
  return direct(() => new (addon().Feed)(options, from));
}
