// The images of a run in two parts: those that it trains on, and those that it keeps back.
import type { Dataset } from "../data/dataset.js";
import type { Device } from "../device.js";
import { outOfRange } from "../errors.js";
import { type DataWatch, loadData, type Wanted } from "./data.js";

/** The images of a run. */
export interface RunImages {
  /** What it trains on. */
  readonly dataset: Dataset;
  /** What it keeps back, and is judged by; undefined where that is nothing. */
  readonly held: Dataset | undefined;
}

/** Which images of the data: what a run trains on, what it kept back, or those to test on. */
export type Split = "train" | "held" | "test";

/** What is to be loaded, and which share of it is kept back. */
type WantedParts = Omit<Wanted, "split"> & { readonly holdOut: number };

/** Draws which images are kept back: the same of equal data, whatever the seed of the run. */
const seed = 0;

/**
 * Loads what a plan names, and keeps its share back. Throws like loadData(), and RangeError for a
 * share that leaves one part empty.
 */
export async function loadParts(
  wanted: WantedParts,
  device: Device,
  watch: DataWatch,
): Promise<RunImages> {
  const { holdOut, naming } = wanted;
  const whole = await loadData(wanted, device, watch);
  if (holdOut === 0) return { dataset: whole, held: undefined };
  const { size } = whole;
  const count = Math.floor(size * holdOut);
  if (count === 0) {
    whole.dispose();
    const least = Number((1 / size).toPrecision(2));
    throw outOfRange(`0, or at least ${least} of ${size} images,`, naming("holdOut"), holdOut);
  }
  const [dataset, held] = await whole.split([size - count, count], { seed });
  // Its images are freed with the last of its parts.
  whole.dispose();
  return { dataset: dataset as Dataset, held };
}

/** Loads one part, or the images to test on. Throws like loadParts(). */
export async function loadPart(
  wanted: WantedParts,
  split: Split,
  device: Device,
  watch: DataWatch,
): Promise<Dataset> {
  if (split === "test") return loadData({ ...wanted, split }, device, watch);
  const { dataset, held } = await loadParts(wanted, device, watch);
  if (split === "train" || held === undefined) {
    held?.dispose();
    return dataset;
  }
  dataset.dispose();
  return held;
}
