import type { FileHandle } from "node:fs/promises";
import * as check from "../check.js";
import { resolveDevice } from "../device.js";
import { traced, wrongType } from "../errors.js";
import { type Refuse, refusal } from "../reason.js";
import { checkRange, type PixelRange } from "../pixel-range.js";
import { product } from "../shape.js";
import {
  checkResize,
  createDataset,
  type Dataset,
  type DatasetOptions,
  labelsOption,
} from "./dataset.js";
import type { LabelArray } from "../label-array.js";
import { checkCount, copyOfLabels } from "./class-labels.js";
import { checkLayout, imagesShape, type Layout, type Pixels } from "./layout.js";
import { type Numbers, toLevels } from "./rounding.js";
import { checkTableOptions, isTable, readTable, refuseNpy, type Table } from "./npy-table.js";
import { labelDtypes, type NpyHeader, npyBuffer, npySlice, readNpyHeader } from "./npy-file.js";
import { readInto, readingFile, reserve } from "./reading.js";
import { createValues } from "./values.js";

/** What the file does not say about its content. All but labels and device are about images. */
export interface NpyOptions extends DatasetOptions {
  /**
   * The class of each image, or row, 0 to 255: a .npy file of whole numbers, [count], or the
   * numbers themselves, which are copied at once.
   * @default no labels
   */
  readonly labels?: check.Path | LabelArray | undefined;
  /**
   * Values of black and of white, which images of floats have to be given.
   * @default [0, 255], for uint8 only
   */
  readonly range?: PixelRange | undefined;
  /**
   * Needed where both would do, or neither has 1 or 3 channels.
   * @default the one that has 1 or 3 channels
   */
  readonly layout?: Layout | undefined;
}

/**
 * Images of a NumPy array, kept as bytes: uint8, float32 or float64 of [count, height, width],
 * [count, height, width, channels] or [count, channels, height, width]. Rows of numbers, float32 or
 * float64 of [count, features], are kept as float32, as fromValues() keeps them. Throws ERR_DATA.
 */
export async function npy(path: check.Path, options: NpyOptions = {}): Promise<Dataset> {
  const place = check.path(path, "path");
  check.options(options, "options", ["labels", "range", "layout", "size", "device"]);
  const { range } = options;
  const given = pathOrCopy(options.labels);
  if (range !== undefined) checkRange(range, "range");
  const layout = checkLayout(options.layout);
  const size = checkResize(options.size);
  const device = resolveDevice(options.device);
  return traced(async () => {
    const array = await readArray(place, { range, layout, size });
    const [count] = array.shape;
    const read = typeof given === "string" ? await readLabels(given, count) : given;
    const labels = read && checkCount(read, count);
    const facts = { labels, labelling: labelsOption("npy") };
    return "values" in array
      ? createValues(array, device, facts)
      : createDataset(array, size, device, facts);
  });
}

/** Where labels are, or what they are now: while the file is read their caller may change them. */
function pathOrCopy(labels: unknown): string | Uint8Array | undefined {
  if (labels === undefined) return undefined;
  if (typeof labels === "string" || check.isUrl(labels)) return check.path(labels, "labels");
  return copyOfLabels(labels, "a .npy file, or ");
}

async function readArray(
  path: string,
  options: Pick<NpyOptions, "range" | "layout" | "size">,
): Promise<Pixels | Table> {
  const refuse = refuseNpy("images or rows of numbers", path);
  return readingFile(path, refuse, async (file, size) => {
    const header = await readNpyHeader(file, size, refuse);
    if (!isTable(header)) return readImages(file, header, { ...options, path }, refuse);
    checkTableOptions(options, header);
    return readTable(file, header, refuseNpy("rows of numbers", path));
  });
}

async function readImages(
  file: FileHandle,
  header: NpyHeader,
  { range, layout, path }: Pick<NpyOptions, "range" | "layout"> & { path: string },
  refuse: Refuse,
): Promise<Pixels> {
  const { dtype } = header;
  if (dtype !== "uint8" && dtype !== "float32" && dtype !== "float64") {
    const bytes = header.shape.length === 2 ? "" : "uint8, ";
    throw refuse(`its values are ${dtype}, not ${bytes}float32 or float64`);
  }
  const form = formOf(header.shape, layout, refuse);
  const levels =
    dtype === "uint8" ? range : checkRange(range, "range", ` (the values are ${dtype})`);
  const bytes = await readLevels(file, header, levels, refuseNpy("images", path));
  return { bytes, ...form };
}

/** What to do with an array that would be rows of numbers, of another shape or type. */
function advice(sides: readonly number[]): string {
  if (sides.length === 1) return `; rows of one number are of shape [${sides[0]}, 1]`;
  return sides.length === 2 ? "; rows of numbers are float32 or float64" : "";
}

/** The shape of the images of an array, and how it has them. */
function formOf(
  sides: readonly number[],
  layout: Layout | undefined,
  refuse: Refuse,
): Pick<Pixels, "shape" | "layout"> {
  const [count, a, b, c] = sides as [number, number, number, number];
  if (sides.length === 3) return { shape: [count, 1, a, b] };
  if (sides.length !== 4)
    throw refuse(`its shape is [${sides.join(", ")}], of rank ${sides.length}${advice(sides)}`);
  const usual = (channels: number) => channels === 1 || channels === 3;
  if (layout === undefined && usual(a) === usual(c)) {
    const which = usual(a) ? "both would do" : "neither has 1 or 3 channels";
    throw wrongType(`NHWC or NCHW (of [${sides.join(", ")}] ${which})`, "layout", layout);
  }
  const found = layout ?? (usual(c) ? "NHWC" : "NCHW");
  return { shape: imagesShape(sides, found), layout: found };
}

/**
 * The values as bytes, a slice at a time: as float64 all of them would take eight times as much.
 */
async function readLevels(
  file: FileHandle,
  { dtype, shape, offset }: NpyHeader,
  range: PixelRange | undefined,
  refuse: Refuse,
): Promise<Uint8Array> {
  const [count = 0, ...image] = shape;
  const levels = reserve(count, product(image));
  if (range === undefined) {
    await readInto(file, levels, offset, refuse);
    return levels;
  }
  for (let start = 0; start < levels.length; start += npySlice) {
    const part = levels.subarray(start, start + npySlice);
    const { values, bytes } = npyBuffer(dtype, part.length);
    await readInto(file, bytes, offset + start * values.BYTES_PER_ELEMENT, refuse);
    const outside = await toLevels(values as Numbers, range, part);
    if (outside >= 0)
      throw refuse(
        `its value ${start + outside} is ${values[outside]}, outside of [${range.join(", ")}]`,
      );
  }
  return levels;
}

/** A label for each of `count` images, from whole numbers of any kind. */
async function readLabels(path: string, count: number): Promise<Uint8Array> {
  const refuse = refusal("ERR_DATA", "a .npy file of labels", path, "labels");
  return readingFile(path, refuse, async (file, size) => {
    const { dtype, shape, offset } = await readNpyHeader(file, size, refuse, labelDtypes);
    if (dtype.startsWith("float")) throw refuse(`its values are ${dtype}, not whole numbers`);
    if (shape.length !== 1 || shape[0] !== count)
      throw refuse(`its shape is [${shape.join(", ")}], not [${count}], one for each image`);
    const { values, bytes } = npyBuffer(dtype, count);
    await readInto(file, bytes, offset, refuse);
    const numbers = Array.from(values, Number);
    const wrong = numbers.findIndex((label) => label < 0 || label > 255);
    if (wrong >= 0) throw refuse(`its label ${wrong} is ${numbers[wrong]}, not one from 0 to 255`);
    return Uint8Array.from(numbers);
  });
}
