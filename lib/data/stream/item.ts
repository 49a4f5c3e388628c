// What an iterable of images yields, as bytes or as values.
import { types } from "node:util";
import { refused, type SparringError, show } from "../../errors.js";
import type { PixelRange } from "../../pixel-range.js";
import { product } from "../../shape.js";
import { toFinite, toLevels } from "../rounding.js";

/** One image or several, one after another, each of the stream's shape and layout. */
export type StreamImages = Uint8Array | Float32Array;

/** What a source yields: images alone, or with their classes, a number where it is one image. */
export type StreamItem =
  | StreamImages
  | {
      readonly images: StreamImages;
      readonly labels?: Uint8Array | readonly number[] | number | undefined;
    };

/** What items have to be. */
export interface ItemForm {
  readonly image: readonly number[];
  readonly dtype: "uint8" | "float32";
  readonly classes: number;
  readonly range: PixelRange | undefined;
}

/** Images as bytes, not copied if they were bytes, or as values. */
export interface Chunk {
  readonly images: StreamImages;
  /** Empty where there are no classes. */
  readonly labels: Uint8Array;
  readonly count: number;
}

/** @param name what the item is called: `item 3 of epoch 0` */
export async function readItem(item: unknown, form: ItemForm, name: string): Promise<Chunk> {
  const { images, labels } = partsOf(item, name);
  const size = product(form.image);
  const count = images.length / size;
  if (!Number.isInteger(count) || count === 0) {
    const what = `whole images of [${form.image.join(", ")}], ${size} values each,`;
    throw refuse(what, name, show(images));
  }
  return {
    images: await (form.dtype === "uint8"
      ? toBytes(images, form.range, name)
      : toValues(images, name)),
    labels: readLabels(labels, count, form.classes, name),
    count,
  };
}

/** What is wrong with the images that come. */
export function refuse(what: string, name: string, received: string): SparringError {
  return refused("ERR_DATA", what, name, received);
}

const isImages = (value: unknown): value is StreamImages =>
  types.isUint8Array(value) || types.isFloat32Array(value);

function partsOf(item: unknown, name: string): { images: StreamImages; labels: unknown } {
  const parts = isImages(item) ? { images: item } : (item as { images: unknown; labels?: unknown });
  const what = "a Uint8Array, a Float32Array, or an object of images and labels";
  if (typeof parts !== "object" || parts === null || !isImages(parts.images))
    throw refuse(what, name, show(item));
  const { images } = parts;
  if (!types.isArrayBuffer(images.buffer))
    throw refuse("an array over memory of its own, not shared,", name, show(images));
  return { images, labels: "labels" in parts ? parts.labels : undefined };
}

async function toBytes(
  images: StreamImages,
  range: PixelRange | undefined,
  name: string,
): Promise<Uint8Array> {
  if (types.isUint8Array(images)) return images;
  if (range === undefined) throw refuse("a Uint8Array, as there is no range,", name, show(images));
  const levels = new Uint8Array(images.length);
  const outside = await toLevels(images, range, levels);
  if (outside < 0) return levels;
  const what = `values in [${range.join(", ")}]`;
  throw refuse(what, `value ${outside} of ${name}`, show(images[outside]));
}

async function toValues(images: StreamImages, name: string): Promise<Float32Array> {
  if (!types.isFloat32Array(images))
    throw refuse("a Float32Array, of values as they are,", name, show(images));
  const values = new Float32Array(images.length);
  const wrong = await toFinite(images, values);
  if (wrong < 0) return values;
  throw refuse("a finite number", `value ${wrong} of ${name}`, show(images[wrong]));
}

function readLabels(labels: unknown, count: number, classes: number, name: string): Uint8Array {
  if (classes === 0) {
    if (labels === undefined) return new Uint8Array();
    throw refuse("no labels, as there are no classes,", name, show(labels));
  }
  const given = typeof labels === "number" ? [labels] : labels;
  if (!Array.isArray(given) && !types.isUint8Array(given))
    throw refuse(
      "a Uint8Array, an array of numbers or a number, as there are classes,",
      `labels of ${name}`,
      show(labels),
    );
  if (given.length !== count) {
    const plural = count === 1 ? "1 label" : `${count} labels`;
    throw refuse(plural, `labels of ${name}`, `${given.length} of them`);
  }
  const wrong = given.findIndex(
    (label: number) => !(Number.isInteger(label) && label >= 0 && label < classes),
  );
  if (wrong >= 0) {
    const what = `a class from 0 to ${classes - 1}`;
    throw refuse(what, `label ${wrong} of ${name}`, show(given[wrong]));
  }
  return Uint8Array.from(given);
}
