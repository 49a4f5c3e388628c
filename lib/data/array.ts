import * as check from "../check.js";
import { resolveDevice } from "../device.js";
import { outOfRange, traced, wrongType } from "../errors.js";
import { checkRange, type PixelRange } from "../pixel-range.js";
import { checkShape, checkResize, createDataset, type Dataset, labelsOption } from "./dataset.js";
import { checkImageLabels } from "./class-labels.js";
import type { FromBytesOptions } from "./dataset.js";
import { toLevels } from "./rounding.js";

/** Images given as numbers. */
export interface FromArrayOptions extends FromBytesOptions {
  /**
   * Values of black and of white: [-1, 1] for what a tanh makes, [0, 1] for what `read()` gives.
   */
  readonly range: PixelRange;
}

/**
 * A dataset of pixels that you already hold as numbers, each rounded to the nearest of 256 grey
 * levels between black and white; one that is further outside than half a level is refused. They
 * are copied while the promise is pending. Vectors, and numbers that are not to be rounded, are
 * for fromValues().
 *
 * @throws TypeError and RangeError for values, labels and a shape that do not fit; ERR_DEVICE,
 * ERR_MEMORY
 */
export async function fromArray(
  values: Float32Array | Float64Array,
  options: FromArrayOptions,
): Promise<Dataset> {
  check.decimals(values, "values");
  if (options === undefined) throw wrongType("an object", "options", options);
  check.options(options, "options", ["shape", "layout", "range", "size", "labels", "device"]);
  const { shape, layout } = checkShape(options, values, "values");
  const range = checkRange(options.range, "range");
  const labels = checkImageLabels(options.labels, shape[0]);
  const size = checkResize(options.size);
  const device = resolveDevice(options.device);
  return traced(async () => {
    const bytes = await levelsOf(values, range);
    return createDataset({ bytes, shape, layout }, size, device, {
      labels,
      labelling: labelsOption("fromArray"),
    });
  });
}

async function levelsOf(
  values: Float32Array | Float64Array,
  range: PixelRange,
): Promise<Uint8Array> {
  const levels = new Uint8Array(values.length);
  const outside = await toLevels(values, range, levels);
  if (outside < 0) return levels;
  // They may have been transferred away meanwhile.
  check.withMemory(values, "values");
  throw outOfRange(`values in [${range.join(", ")}]`, `values[${outside}]`, values[outside]);
}
