import { addon, crossing } from "../addon.js";
import * as check from "../check.js";
import { type Device, resolveDevice } from "../device.js";
import { outOfRange, traced, wrongType } from "../errors.js";
import { checkLayout, checkSides, imagesShape, type Layout, noLayout, orders } from "./layout.js";
import { product } from "../shape.js";
import { reserve } from "./reading.js";
import { toFinite } from "./rounding.js";
import { Dataset, type DatasetFacts, labelsOption } from "./dataset.js";
import type { LabelArray } from "../label-array.js";
import { checkImageLabels } from "./class-labels.js";

/** Numbers that are data as they are. */
export interface FromValuesOptions {
  /**
   * [count, features] of `values`; of images [count, channels, height, width], or what `layout`
   * says.
   */
  readonly shape: readonly number[];
  /**
   * `"NHWC"` for images of [count, height, width, channels]; rows of features have none.
   * @default "NCHW"
   */
  readonly layout?: Layout | undefined;
  /**
   * The class of each sample, 0 to 255.
   * @default no labels
   */
  readonly labels?: LabelArray | undefined;
  /** @default "cpu" */
  readonly device?: Device | undefined;
}

/**
 * A dataset of numbers that you already hold, kept as float32 and shown to the networks as they
 * are: points of a plane, rows of a table, and images whose values are not to be rounded. Nothing
 * is scaled, and the `range` of an architecture only says what black and white are in pictures: a
 * generator that ends in a tanh reaches no value beyond [-1, 1]. They are copied while the promise
 * is pending.
 *
 * Pixels that have a black and a white are better given to fromArray(): as bytes they take a
 * quarter of the memory, and each network sees them in its own range.
 *
 * @throws TypeError and RangeError for values, labels and a shape that do not fit, and for values
 * that float32 has no finite number for; ERR_DEVICE, ERR_MEMORY
 */
export async function fromValues(
  values: Float32Array | Float64Array,
  options: FromValuesOptions,
): Promise<Dataset> {
  check.decimals(values, "values");
  if (options === undefined) throw wrongType("an object", "options", options);
  check.options(options, "options", ["shape", "layout", "labels", "device"]);
  const { shape, layout } = checkValuesShape(options, values);
  const labels = checkImageLabels(options.labels, shape[0] as number);
  const device = resolveDevice(options.device);
  return traced(async () => {
    const floats = reserveFloats(shape);
    const wrong = await toFinite(values, floats);
    if (wrong >= 0) throw unfit(values, wrong);
    const facts = { labels, labelling: labelsOption("fromValues") };
    return createValues({ values: floats, shape, layout }, device, facts);
  });
}

function unfit(values: Float32Array | Float64Array, wrong: number): RangeError {
  // They may have been transferred away meanwhile.
  check.withMemory(values, "values");
  return outOfRange("a finite float32", `values[${wrong}]`, values[wrong]);
}

function checkValuesShape(
  options: FromValuesOptions,
  values: ArrayLike<number>,
): Pick<Values, "shape" | "layout"> {
  const layout = checkLayout(options.layout);
  const known = { 2: "[count, features]", 4: orders[layout ?? "NCHW"] };
  const sides = checkSides(options.shape, known, values, "values");
  if (sides.length === 4) return { shape: imagesShape(sides, layout), layout };
  if (layout !== undefined) throw noLayout(layout);
  return { shape: sides };
}

/** @internal Memory for values of [count, ...]. Throws ERR_MEMORY. */
export function reserveFloats([count = 0, ...sample]: readonly number[]): Float32Array {
  return new Float32Array(reserve(count, product(sample) * Float32Array.BYTES_PER_ELEMENT).buffer);
}

/** @internal Finite values that are kept as they are. */
export interface Values {
  readonly values: Float32Array;
  /** [count, features] or [count, channels, height, width] */
  readonly shape: readonly number[];
  /** How values of images lie. @default "NCHW" */
  readonly layout?: Layout | undefined;
}

/**
 * @internal Copies values to native memory, and turns them there. They are the caller's again when
 * it resolves: until then nobody may write to them, or transfer them.
 */
export async function createValues(
  { values, shape, layout }: Values,
  device: Device,
  facts: DatasetFacts,
): Promise<Dataset> {
  const native = await crossing(() =>
    addon().createValues({
      values,
      shape,
      channelsLast: layout === "NHWC",
      device,
      labels: facts.labels,
    }),
  );
  return new Dataset(native, shape.slice(1), { ...facts, dtype: "float32" });
}
