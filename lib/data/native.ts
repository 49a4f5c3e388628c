// What the addon has for data. Memory that is lent is written to by nobody, and transferred
// nowhere, until the promise of the call has settled.
import type { Floats } from "../arrays.js";

/** Images that a dataset is made of. */
export interface NativeImages {
  /** Lent. */
  readonly images: Uint8Array;
  /** [count, channels, height, width] */
  readonly shape: readonly number[];
  /** The bytes are in the order [count, height, width, channels]. */
  readonly channelsLast: boolean;
  /** Sides that they are resized to, where they have others. */
  readonly height: number;
  readonly width: number;
  readonly device: string;
  /** A label an image. */
  readonly labels?: Uint8Array | undefined;
}

/** Values that are kept as they are. */
export interface NativeValues {
  /** Lent. */
  readonly values: Float32Array;
  /** [count, channels, height, width], or [count, features] */
  readonly shape: readonly number[];
  /** Values of images are in the order [count, height, width, channels]. */
  readonly channelsLast: boolean;
  readonly device: string;
  /** A label a sample. */
  readonly labels?: Uint8Array | undefined;
}

/** Grey images that others are stacked of, channel by channel. */
export interface NativeGreyImages {
  /** Lent. */
  readonly images: Uint8Array;
  /** [count, 1, height, width] of the bytes. */
  readonly shape: readonly number[];
  /** Sides that they are resized to. */
  readonly height: number;
  readonly width: number;
  readonly device: string;
  /** A label an image, each below `classes`. */
  readonly labels: Uint8Array;
  readonly classes: number;
  /** Images to make. */
  readonly count: number;
  /** Channels of each. */
  readonly channels: number;
  readonly seed: number;
}

/** Images in a file. */
export interface NativeImageFile {
  /** The descriptor of an open file. */
  readonly file: number;
  /** Bytes before the first image. */
  readonly offset: number;
  /** [count, channels, height, width] */
  readonly shape: readonly number[];
  readonly device: string;
  /** A label an image. */
  readonly labels?: Uint8Array | undefined;
}

export interface NativeDataset {
  readonly size: number;
  /** A 64-bit hash of the images, their shape and labels, in hexadecimal digits. */
  fingerprint(): Promise<string>;
  /** The images at those places, whole numbers, without a copy of them. */
  part(places: Float64Array): Promise<NativeDataset>;
  /** The chosen images, as values from `black` to `white`; values as they are. */
  read(start: number, count: number, black: number, white: number): Promise<Floats>;
  dispose(): void;
}

/** What a feed makes batches of, and how. */
export interface NativeFeedOptions {
  /** [channels, height, width], or of values any shape. */
  readonly image: readonly number[];
  readonly batchSize: number;
  /** Images that the next one is drawn from; 0: as they come. */
  readonly shuffle: number;
  readonly seed: number;
  readonly labelled: boolean;
  /** What is left of an epoch is left out, where that is no whole batch. */
  readonly dropLast: boolean;
  /** Values that are kept as they are, in place of bytes. */
  readonly exact: boolean;
  /** Images come as [height, width, channels]. */
  readonly channelsLast: boolean;
}

/** How far a feed was gone through. */
export interface NativePlace {
  readonly epoch: number;
  /** Batches of the epoch that were taken. */
  readonly batches: number;
  /** A 53-bit hash of the images and labels in them. */
  readonly trace: number;
}

/**
 * A queue of batches from this thread, which brings images, to the engine's, which trains on them.
 */
export interface NativeFeed {
  /**
   * Copies images of the epoch, [count, ...image] or with their channels last, floats where they
   * are exact, and a label each. Throws ERR_DATA where they are not those that led to the place
   * that a feed goes on at.
   */
  push(images: Uint8Array | Float32Array, count: number, labels?: Uint8Array): void;
  /** Ends the epoch. Throws ERR_DATA where a feed that goes on has not come to its place. */
  endEpoch(): void;
  /** Ends the feed: a run ends when it has used what is there. */
  close(): void;
  /** Counts the batches that were not taken yet. */
  ahead(): number;
  /** Resolves when fewer than `limit` are ahead, or the feed is closed or released. */
  room(limit: number): Promise<void>;
  /** Resolves room() now. */
  release(): void;
  place(): NativePlace;
  /** A 64-bit hash of the options without the batch size, in hexadecimal digits. */
  identity(): string;
  dispose(): void;
}

/** Everything that data have of the addon. */
export interface NativeData {
  /**
   * Rounds values to the nearest of the 256 levels from `black` to `white`, at once. Returns the
   * index of the first that is more than half a level outside, or NaN; −1 if none is.
   */
  toLevels(
    values: Float32Array | Float64Array | Uint8Array,
    levels: Uint8Array,
    black: number,
    white: number,
  ): number;
  /**
   * Copies values as float32, at once. Returns the index of the first that is not finite then; −1
   * if all are.
   */
  toFinite(values: Float32Array | Float64Array, floats: Float32Array): number;
  /** Copies the bytes of an image, [height, width, channels], as [channels, height, width], at once. */
  toPlanes(pixels: Uint8Array, planes: Uint8Array, channels: number): void;
  readonly Feed: new (options: NativeFeedOptions, from: NativePlace) => NativeFeed;
  createDataset(source: NativeImages): Promise<NativeDataset>;
  createValues(source: NativeValues): Promise<NativeDataset>;
  /** Draws the channels of each image; a label holds 16 bits, in two bytes. */
  stackDataset(
    source: NativeGreyImages,
  ): Promise<{ readonly dataset: NativeDataset; readonly labels: Uint8Array }>;
  /**
   * The whole numbers below `count`, as torch.randperm() orders them by a generator of the seed.
   */
  shuffled(count: number, seed: number): Promise<Float64Array>;
  /** Keeps a descriptor of its own. */
  openDataset(source: NativeImageFile): Promise<NativeDataset>;
}
