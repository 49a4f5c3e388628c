// The images of a run in two parts: those that it trains on, and those that it keeps back.
import { counted } from "../count.js";
import type { Dataset } from "../data/dataset.js";
import type { Device } from "../device.js";
import { outOfRange, refused, show } from "../errors.js";
import { type DataWatch, loadData, type WantedData } from "./data.js";

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
interface WantedParts extends Omit<WantedData, "split"> {
  readonly holdOut: number;
  /** How many there were to train on, and how many were kept back, if anybody knows. */
  readonly images?: number | undefined;
  readonly heldImages?: number | undefined;
}

/** Draws which images are kept back: the same of equal data, whatever the seed of the run. */
const seed = 0;

/**
 * Loads what a plan names, and keeps its share back. Throws like loadData(), RangeError for a share
 * that leaves one part empty, and ERR_DATA where there are other images than there were.
 */
export async function loadParts(
  wanted: WantedParts,
  device: Device,
  watch: DataWatch,
): Promise<RunImages> {
  const { holdOut, naming } = wanted;
  const whole = await loadData(wanted, device, watch);
  if (holdOut === 0) return { dataset: whole, held: undefined };
  try {
    const { size } = whole;
    const count = countOf(size, holdOut);
    if (count === 0) {
      const what = `0, or a share that is at least one of ${counted(size, "image")},`;
      throw outOfRange(what, naming("holdOut"), holdOut);
    }
    checkCounts(wanted, size - count, count);
    const [dataset, held] = await whole.split([size - count, count], { seed });
    return { dataset: dataset as Dataset, held };
  } finally {
    // Its images are freed with the last of its parts.
    whole.dispose();
  }
}

/**
 * Which are kept back depends on all of them: were there one more, a run would have trained on most
 * of what would be called held.
 */
function checkCounts({ data, images, heldImages }: WantedParts, trained: number, held: number) {
  if (images === undefined || (images === trained && heldImages === held)) return;
  const what = `${images} images to train on and ${heldImages} kept back, as when the run began,`;
  throw refused("ERR_DATA", what, show(data), `${trained} and ${held}`);
}

/** How many images a share is; 0.29 of 100 are 29, whatever rounding makes of it, and 1 stays. */
function countOf(size: number, share: number): number {
  return Math.min(Math.floor(size * share + 1e-6), size - 1);
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
