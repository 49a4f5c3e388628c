// What a trainer takes its batches from, run after run.
import { Dataset } from "../data/dataset.js";
import type { Stream } from "../data/stream.js";
import { refuse } from "../data/stream/item.js";
import type { NativeDataset, NativeFeed, NativePlace } from "../data/native.js";
import { SparringError } from "../errors.js";
import type { NativeSnapshot } from "../native.js";
import { type FeedForm, Feeding } from "./feeding.js";

/** The place in the data of a trainer that was loaded. */
type Restored = Pick<NativeSnapshot, "data" | "counts">;

export class Supply {
  /** The stream that is being gone through. */
  #feeding: Feeding | undefined;
  #restored: Restored | undefined;
  #isClosed = false;

  /** Goes on where a snapshot was taken, if what it was taken of is asked for next. */
  restore({ data, counts }: Restored): void {
    this.#restored = { data, counts };
  }

  /**
   * Begins a run; the same data and batch size as before go on where they stopped. Throws
   * ERR_DISPOSED after close(), before it asks anything of a stream.
   */
  begin(data: Dataset | Stream, form: FeedForm): NativeDataset | NativeFeed {
    if (this.#isClosed) throw new SparringError("ERR_DISPOSED", "This trainer was disposed");
    if (data instanceof Dataset) {
      this.#leave();
      this.#restored = undefined;
      return data.native;
    }
    if (this.#feeding?.fits(data, form) !== true) this.#feeding = this.#feed(data, form);
    this.#feeding.start();
    return this.#feeding.native;
  }

  /** Ends a run. */
  pause(): void {
    this.#feeding?.pause();
  }

  /**
   * Throws what kept the next steps from being done; where nothing did, they can be asked for
   * again.
   */
  async explainNothing(disposed: boolean, signal: AbortSignal | undefined): Promise<void> {
    if (disposed) throw new SparringError("ERR_DISPOSED", "This trainer was disposed while it ran");
    signal?.throwIfAborted();
    await this.#feeding?.rethrow();
  }

  /** Ends it for good, with its trainer. */
  close(): void {
    this.#isClosed = true;
    this.#leave();
  }

  #leave(): void {
    this.#feeding?.close();
    this.#feeding = undefined;
  }

  #feed(stream: Stream, form: FeedForm): Feeding {
    const before = this.#feeding;
    // One that failed before its first batch leaves the place to the next.
    if (before?.hasMoved) this.#restored = undefined;
    const from = before?.isOf(stream, form.batchSize)
      ? before.place
      : this.#restoredPlace(stream, form);
    before?.close();
    if (from !== undefined && from.batches > 0 && !stream.isRepeatable) {
      throw refuse(
        "a function that returns the images of an epoch again",
        "source",
        `an iterable, which cannot go on after ${from.batches} batches of epoch ${from.epoch}`,
      );
    }
    return new Feeding(stream, form, from);
  }

  /** The place of a loaded trainer in this stream, or one with the same options. */
  #restoredPlace(stream: Stream, form: FeedForm): NativePlace | undefined {
    const { data, counts } = this.#restored ?? { data: "", counts: {} };
    const { "feed.epoch": epoch, "feed.batches": batches, "feed.trace": trace } = counts;
    if (epoch === undefined || batches === undefined || trace === undefined) return undefined;
    if (counts["feed.batchSize"] !== form.batchSize) return undefined;
    return Feeding.identity(stream, form) === data ? { epoch, batches, trace } : undefined;
  }
}
