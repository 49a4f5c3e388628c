import type { FileHandle } from "node:fs/promises";
import { inspect } from "node:util";
import { addon, crossing } from "../addon.js";
import { joinBytes } from "../bytes.js";
import * as check from "../check.js";
import { type Device, resolveDevice } from "../device.js";
import { traced, wrongType } from "../errors.js";
import { Images } from "../images.js";
import { gone, lineOf, some, times } from "../inspect.js";
import type { NativeDataset } from "./native.js";
import { checkFloatRange, type PixelRange } from "../pixel-range.js";
import { product } from "../shape.js";
import type { LabelArray } from "../label-array.js";
import { checkImageLabels, type ClassLabels } from "./class-labels.js";
import { checkIndices, checkLengths, labelsAt } from "./part.js";
import {
  checkLayout,
  checkSides,
  type ImagesShape,
  imagesShape,
  type Layout,
  orders,
  type Pixels,
} from "./layout.js";
import { reserve } from "./reading.js";
import { checkImageSize, type ImageSize, sidesOf } from "./size.js";

/** A file that is no image, and was left out. */
export interface BrokenFile {
  /** Its path in the folder. */
  readonly path: string;
  /** What is wrong with it: `it is empty`. */
  readonly reason: string;
}

/** What is known of images beside their pixels. */
export interface DatasetFacts<Labels extends ClassLabels = Uint8Array> {
  readonly labels?: Labels | undefined;
  /** Classes there are at least, whether or not each has images. */
  readonly classes?: number | undefined;
  readonly classNames?: readonly string[] | undefined;
  readonly skipped?: readonly BrokenFile[] | undefined;
  /** False where the images are on the disk. */
  readonly resident?: boolean | undefined;
  /** @default "uint8" */
  readonly dtype?: Dataset["dtype"] | undefined;
  /**
   * Images of the source, where only some were read: for who asks what there is, and trains on
   * nothing.
   * @default those that were read
   */
  readonly size?: number | undefined;
  /** How the source is given labels, for who needs them where there are none. */
  readonly labelling?: string | undefined;
}

/** How a dataset is split. */
export interface SplitOptions {
  /**
   * Seed of the order that images are dealt out in, a whole number of at least 0.
   * @default 0
   */
  readonly seed?: number | undefined;
}

/** @internal The labelling of what one of the functions of datasets makes. */
export const labelsOption = (maker: string) =>
  `datasets.${maker}() takes them as its option labels`;

/**
 * Images on a device, or on the disk, as bytes: 0 is black (−1 for the networks), 255 is white (1).
 * What fromValues() made holds numbers of any kind, which networks see as they are.
 */
export class Dataset implements Disposable {
  /** Number of images. */
  readonly size: number;
  /** Shape of one: [channels, height, width], or [features]. */
  readonly image: readonly number[];
  /**
   * Type that one number is kept as: `"uint8"` for levels of 0 to 255, which networks see in their
   * own range; `"float32"` for values, which they see as they are.
   */
  readonly dtype: "uint8" | "float32";
  /**
   * The class of each image, if there are any: a Uint16Array where there are more than 256 of them.
   */
  readonly labels: ClassLabels | undefined;
  /**
   * Number of classes: those of the source, or one more than the largest label; 0 without labels.
   */
  readonly classes: number;
  /** What the classes are called, where the source says it. */
  readonly classNames: readonly string[] | undefined;
  /** Files that were left out as broken. */
  readonly skipped: readonly BrokenFile[];
  /** Whether the images are in memory; else each batch is read from the disk. */
  readonly resident: boolean;
  readonly #native: NativeDataset;
  readonly #labelling: string | undefined;
  #disposed = false;

  /** @internal */
  constructor(
    native: NativeDataset,
    image: readonly number[],
    facts: DatasetFacts<ClassLabels> = {},
  ) {
    if (!Array.isArray(image))
      throw wrongType("what the functions of datasets make", "new Dataset()", native);
    const { labels, classes = 0, classNames, skipped = [], resident = true } = facts;
    this.dtype = facts.dtype ?? "uint8";
    this.#labelling = facts.labelling;
    this.#native = native;
    this.size = facts.size ?? native.size;
    this.image = Object.freeze([...image]);
    // slice() of a Buffer, as a file is read into, is a view: a user would change the dataset by
    // it.
    this.labels = labels instanceof Buffer ? Uint8Array.from(labels) : labels;
    this.classes = labels === undefined ? 0 : Math.max(classes, largest(labels) + 1);
    this.classNames = classNames;
    this.skipped = skipped;
    this.resident = resident;
  }

  /** @internal */
  get native(): NativeDataset {
    return this.#native;
  }

  /** @internal How it could have labels, where it has none and could. */
  get labelling(): string | undefined {
    return this.#labelling;
  }

  /**
   * Images `start` up to, not including, `start + count`.
   *
   * @param start from 0 to size − 1
   * @param count from 1 to size − start
   * @param options `range`: the values of black and white; networks take, and make, [-1, 1] by
   * default. Where `dtype` is `"float32"` there is none: values are read as they are.
   * @default [0, 1]
   * @throws TypeError and RangeError for arguments; ERR_DISPOSED, and ERR_DATA for a disk that
   * cannot be read
   */
  async read(
    start: number,
    count: number,
    options: { readonly range?: PixelRange | undefined } = {},
  ): Promise<Images> {
    check.integer(start, "start", 0, this.size - 1);
    check.integer(count, "count", 1, this.size - start);
    const { range } = check.options(options, "options", ["range"]);
    if (this.dtype === "float32" && range !== undefined)
      throw wrongType("no range (values are read as they are)", "range", range);
    const [black, white] = checkFloatRange(range ?? [0, 1], "range");
    const values = await crossing(() => this.#native.read(start, count, black, white));
    return new Images(values, [count, ...this.image]);
  }

  /**
   * Some of the images, with their labels, as a dataset of its own: what torch.utils.data.Subset
   * is. They are not copied, and stay there until this dataset and its parts are all disposed of.
   * `classes` and `classNames` are those of this dataset.
   *
   * @param indices of its images, in their new order: numbers from 0 to size − 1, at least one; an
   * index that appears twice gives its image twice
   * @throws TypeError and RangeError for indices; ERR_DISPOSED, ERR_MEMORY
   */
  async subset(indices: ArrayLike<number>): Promise<Dataset> {
    return this.#part(checkIndices(indices, this.size));
  }

  /**
   * Parts of the dataset, as subset() makes them, that have each image once: those of
   * torch.utils.data.random_split with a generator of the same seed, image for image.
   *
   * @param lengths of the parts: shares that sum to 1, as [0.9, 0.1], or numbers of images that sum
   * to size. Shares are rounded down to whole images; those left over go to the first parts, one
   * each. No part may be empty.
   * @throws TypeError and RangeError for lengths and options; ERR_DISPOSED, ERR_MEMORY
   */
  async split<const Lengths extends readonly number[]>(
    lengths: Lengths,
    options: SplitOptions = {},
  ): Promise<{ -readonly [Part in keyof Lengths]: Dataset }> {
    const counts = checkLengths(lengths, this.size);
    const { seed } = check.options(options, "options", ["seed"]);
    const drawn = check.seed(seed ?? 0, "seed");
    const order = await crossing(() => addon().shuffled(this.size, drawn));
    const parts: Dataset[] = [];
    let start = 0;
    for (const count of counts) {
      parts.push(await this.#part(order.subarray(start, start + count)));
      start += count;
    }
    return parts as { -readonly [Part in keyof Lengths]: Dataset };
  }

  async #part(indices: Float64Array): Promise<Dataset> {
    const { classes, classNames, skipped, resident, dtype, labelling } = this;
    const labels = this.labels === undefined ? undefined : labelsAt(this.labels, indices);
    const native = await crossing(() => this.#native.part(indices));
    const facts = { labels, classes, classNames, skipped, resident, dtype, labelling };
    return new Dataset(native, this.image, facts);
  }

  /**
   * Frees the images, when the steps that are under way have ended; a run that needs them for more
   * ends with ERR_DISPOSED then. Its parts keep what they need. Calling it twice is fine.
   */
  dispose(): void {
    this.#disposed = true;
    this.#native.dispose();
  }

  /** What `using` calls: dispose(). */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** @internal */
  [inspect.custom](): string {
    const dtype = this.dtype === "float32" ? this.dtype : undefined;
    const place = this.resident ? undefined : "on the disk";
    const classes = some(this.classes, "class", "classes");
    const size = times(this.size, this.image);
    return lineOf(this, size, dtype, classes, place, gone(this.#disposed));
  }
}

function largest(labels: ClassLabels): number {
  let most = 0;
  for (const label of labels) most = Math.max(most, label);
  return most;
}

/** Options of datasets whose images are in memory or in a file. */
export interface DatasetOptions {
  /**
   * Pixels that images are resized to as torchvision's Resize((height, width)) does: the side of a
   * square, or [height, width], each from 1 to 4,096.
   * @default their own
   */
  readonly size?: ImageSize | undefined;
  /** @default "cpu" */
  readonly device?: Device | undefined;
}

/** Images given as bytes. */
export interface FromBytesOptions extends DatasetOptions {
  /** [count, channels, height, width] of the array, or what `layout` says. */
  readonly shape: readonly number[];
  /**
   * `"NHWC"` for an array of [count, height, width, channels], as sharp and a canvas have it.
   * @default "NCHW"
   */
  readonly layout?: Layout | undefined;
  /**
   * The class of each image, 0 to 255; another dataset's `labels`, or numbers.
   * @default no labels
   */
  readonly labels?: LabelArray | undefined;
}

/**
 * A dataset of bytes that you already hold. They are copied while the promise is pending, and the
 * labels at once.
 *
 * @throws TypeError and RangeError for bytes, labels and a shape that do not fit; ERR_DEVICE,
 * ERR_MEMORY
 */
export async function fromBytes(bytes: Uint8Array, options: FromBytesOptions): Promise<Dataset> {
  check.bytes(bytes, "bytes");
  if (options === undefined) throw wrongType("an object", "options", options);
  check.options(options, "options", ["shape", "layout", "size", "labels", "device"]);
  const { shape, layout } = checkShape(options, bytes, "bytes");
  const labels = checkImageLabels(options.labels, shape[0]);
  const size = checkResize(options.size);
  const device = resolveDevice(options.device);
  return traced(async () => {
    const copy = await copyOf(bytes, shape);
    return createDataset({ bytes: copy, shape, layout }, size, device, {
      labels,
      labelling: labelsOption("fromBytes"),
    });
  });
}

/** A copy at once would hold the event loop up: for a fifth of a second, or two, a gigabyte. */
async function copyOf(bytes: Uint8Array, [count, ...image]: ImagesShape): Promise<Uint8Array> {
  const copy = reserve(count, product(image));
  try {
    return await joinBytes([bytes], copy);
  } catch (error) {
    // They may have been transferred away meanwhile.
    check.withMemory(bytes, "bytes");
    throw error;
  }
}

/** @internal The shape of images, for as many values as there are, and how these lie. */
export function checkShape(
  options: Pick<FromBytesOptions, "shape" | "layout">,
  values: ArrayLike<number>,
  what: string,
): Pick<Pixels, "shape" | "layout"> {
  const layout = checkLayout(options.layout);
  const sides = checkSides(options.shape, { 4: orders[layout ?? "NCHW"] }, values, what);
  return { shape: imagesShape(sides, layout), layout };
}

/** @internal The size that images are resized to; undefined where they keep their own. */
export function checkResize(size: unknown): ImageSize | undefined {
  return size === undefined ? undefined : checkImageSize(size);
}

/**
 * @internal Copies the bytes to native memory, and turns and resizes them there. They are the
 * caller's again when it resolves: until then nobody may write to them, or transfer them.
 */
export async function createDataset(
  { bytes, shape, layout }: Pixels,
  size: ImageSize | undefined,
  device: Device,
  facts: DatasetFacts,
): Promise<Dataset> {
  const [count, channels, ...sides] = shape;
  const [height, width] = size === undefined ? sides : sidesOf(size);
  const { size: all = count } = facts;
  const labels = all === count ? facts.labels : undefined;
  const native = await crossing(() =>
    addon().createDataset({
      images: bytes,
      shape,
      channelsLast: layout === "NHWC",
      height,
      width,
      device,
      labels,
    }),
  );
  return new Dataset(native, [channels, height, width], facts);
}

/** @internal Bytes of `shape` that stay in a file, which the caller may close then. */
export async function openDataset(
  file: FileHandle,
  offset: number,
  shape: ImagesShape,
  device: Device,
  facts: DatasetFacts,
): Promise<Dataset> {
  const native = await crossing(() =>
    addon().openDataset({ file: file.fd, offset, shape, device, labels: facts.labels }),
  );
  return new Dataset(native, shape.slice(1), { ...facts, resident: false });
}
