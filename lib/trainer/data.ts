// What a dataset and a batch have to be for a pair.
import { trainsOnOne } from "../architecture.js";
import { needsOf } from "../auxiliaries/table.js";
import * as check from "../check.js";
import { counted } from "../count.js";
import { Dataset } from "../data/dataset.js";
import { Stream } from "../data/stream.js";
import { outOfRange, refused, type SparringError } from "../errors.js";
import type { Discriminator, Generator } from "../networks.js";
import type { Objective } from "../objectives/table.js";
import { product } from "../shape.js";
import type { TrainerOptions, TrainerSettings } from "./options.js";

/**
 * Images, and labels where they are needed, that the pair can be trained on. Throws TypeError or
 * ERR_DATA.
 */
export function checkDataset(dataset: unknown, settings: TrainerSettings): Dataset | Stream {
  const what = isSource(dataset)
    ? "a dataset, as datasets.stream() makes one of an iterable,"
    : "a dataset";
  const data = dataset instanceof Stream ? dataset : check.made(dataset, "dataset", Dataset, what);
  // Ranks take their rows from the same images: a stream brings each its own.
  if (data instanceof Stream && settings.distributed !== undefined)
    throw unfit("images that every rank has, in memory or packed on the disk,", "a stream");
  const { image } = settings.discriminator;
  if (data.image.join() !== image.join()) {
    throw unfit(`images of [${image.join(", ")}]`, `[${data.image.join(", ")}]`);
  }
  const reader = labelReader(settings.objective, settings.discriminator.resolved.classes);
  if (reader !== undefined) {
    const { classes } = settings.generator.latent;
    if (data instanceof Stream) checkClasses(data, classes, reader);
    else checkLabelled(data, classes, reader);
  }
  return data;
}

/** What datasets.stream() takes, and a trainer does not: in PyTorch any iterable will do. */
function isSource(value: unknown): boolean {
  if (typeof value === "function") return true;
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return false;
  return Symbol.asyncIterator in value || Symbol.iterator in value;
}

function unfit(what: string, received: string): SparringError {
  return refused("ERR_DATA", what, "dataset", received);
}

/**
 * @internal Names who looks at the labels of the reals, if anyone does; `classes` are the
 * discriminator's.
 */
export function labelReader(objective: Objective, classes: number): string | undefined {
  if (classes > 0) return "the discriminator";
  return objective.auxiliaries.find((auxiliary) => needsOf(auxiliary).labels)?.type;
}

/**
 * The labels of a stream are below its classes; whether they are all there is seen as they come.
 */
function checkClasses(stream: Stream, classes: number, reader: string): void {
  if (stream.classes > 0 && stream.classes <= classes) return;
  const what = `a stream of 1 to ${classes} classes, whose labels ${reader} needs,`;
  const received = stream.classes === 0 ? "one without classes" : `one of ${stream.classes}`;
  throw unfit(what, received);
}

function checkLabelled(data: Dataset, classes: number, reader: string): void {
  const { labels, labelling } = data;
  if (labels === undefined) {
    const cure = labelling === undefined ? "" : ` (${labelling})`;
    throw unfit(`labels, which ${reader} needs,`, `none${cure}`);
  }
  const wrong = labels.findIndex((label) => label >= classes);
  if (wrong === -1) return;
  const what = `labels from 0 to ${classes - 1} (${classes} classes)`;
  throw unfit(what, `${labels[wrong]} at image ${wrong}`);
}

/**
 * @internal What to say where the generator has classes that no image has; undefined where all have
 * some, and where nobody looks. That is no mistake in itself: data may be a part of those before.
 */
export function classesUnseen(
  { classes: there }: Pick<Dataset, "classes">,
  { objective, generator, discriminator }: TrainerSettings,
): string | undefined {
  const { classes } = generator.latent;
  const isTold = labelReader(objective, discriminator.resolved.classes) !== undefined;
  if (!isTold || there >= classes) return undefined;
  return `The generator draws images of ${classes} classes, of which the data have ${there}: no real image shows the others`;
}

/** An epoch that is cut into batches. */
interface Epoch {
  /** Images; undefined where that is not known. */
  readonly size: number | undefined;
  readonly dropLast: boolean;
  /** What the user calls that; null where it is not to be chosen any more. @default "dropLast" */
  readonly dropName?: string | null | undefined;
}

/**
 * @internal A batch size that every batch of an epoch of `size` images can be trained with; of an
 * epoch whose size is not known, every batch but the last.
 */
export function checkBatch(
  batchSize: unknown,
  name: string,
  rules: Rules,
  { size, dropLast, dropName = "dropLast" }: Epoch,
): number {
  const why = whyTwo(rules);
  const least = why === undefined ? 1 : 2;
  if (size === undefined) return check.integer(batchSize, name, least, largestBatch);
  if (size < least) throw outOfRange(`at least 2 images (${why})`, "the dataset", size);
  if (why !== undefined && batchSize === 1)
    throw outOfRange(`a whole number from 2 to ${size} (${why})`, name, batchSize);
  // Whoever took the usual one may have few images.
  if (Number.isSafeInteger(batchSize) && (batchSize as number) > size)
    throw outOfRange(
      `a whole number from ${least} to ${size} (the data have ${counted(size, "image")})`,
      name,
      batchSize,
    );
  const batch = check.integer(batchSize, name, least, size);
  if (why !== undefined && !dropLast && size % batch === 1) {
    const cure = dropName === null ? "" : `; ${dropName} leaves it out`;
    throw outOfRange(
      `a number that does not leave a last batch of 1 of ${size} images (${why}${cure})`,
      name,
      batch,
    );
  }
  return batch;
}

/** @internal Whether samples of such a shape are mirrored. Throws TypeError or RangeError. */
export function checkFlip(asked: unknown, name: string, sample: readonly number[]): boolean {
  const flips = check.boolean(asked, name);
  if (flips && sample.length !== 3)
    throw outOfRange(`false (samples of [${sample.join(", ")}] have no width)`, name, flips);
  return flips;
}

type Rules = Pick<TrainerOptions, "generator" | "discriminator" | "objective">;

/** @internal Why no batch may be of one image; undefined where it may. */
export function whyTwo({ objective, ...pair }: Rules): string | undefined {
  if (fewestRows(pair) > 1) return "BatchNorm trains on more than one";
  // One number has no deviation: its points, and with them all weights, would be NaN.
  const isNumber = product(pair.discriminator.image) === 1;
  const spreads = objective.penalties.some(({ type }) => type === "dragan");
  return isNumber && spreads ? "dragan takes their standard deviation" : undefined;
}

/** The largest batch of a stream that does not say how long it is: no device holds more. */
const largestBatch = 1_000_000;

/**
 * @internal Images that one rank has to see at once: fewer than these, and each rank trains on all
 * of a batch.
 */
export function fewestRows(pair: Pick<TrainerOptions, "generator" | "discriminator">): number {
  return needsTwo(pair.generator) || needsTwo(pair.discriminator) ? 2 : 1;
}

/** One image has no statistics, and would spoil those that are kept for evaluation. */
function needsTwo({ resolved }: Generator | Discriminator): boolean {
  const keepsStatistics = [...resolved.state.keys()].some((key) => key.endsWith(".running_mean"));
  return keepsStatistics || !trainsOnOne(resolved);
}
