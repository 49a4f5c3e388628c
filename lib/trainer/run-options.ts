// What run() is asked for.
import * as check from "../check.js";
import type { Complete } from "../complete.js";
import { Dataset } from "../data/dataset.js";
import type { Stream } from "../data/stream.js";
import { missing, outOfRange, show, wrongType } from "../errors.js";
import { checkBatch, checkDataset, checkFlip } from "./data.js";
import { trainerNames, type TrainerSettings } from "./options.js";
import { Epochs } from "./epochs.js";
import { checkParts } from "./parts.js";

/** How long and how to train: for a number of `steps` or of `epochs`, or `untilStep`. */
export type RunOptions = {
  /**
   * Real images in a batch, of all ranks together if several train; from 1, or 2 where BatchNorm,
   * or dragan on single numbers, needs two, to the size of the dataset, or the length of the
   * stream.
   * @default 64
   */
  readonly batchSize?: number | undefined;
  /**
   * Leaves out what is not a whole batch at the end of an epoch, as torch.utils.data.DataLoader's
   * drop_last does: other images each time. Otherwise the last batch is smaller. @default false
   */
  readonly dropLast?: boolean | undefined;
  /**
   * Mirrors each image from left to right with a probability of one half, drawn anew whenever it
   * comes up, as torchvision's RandomHorizontalFlip does. Only for images, not for `[features]`.
   * @default false
   */
  readonly horizontalFlip?: boolean | undefined;
  /** Steps between two ticks, counted from where the run begins; at least 1. @default 100 */
  readonly tickEvery?: number | undefined;
  /** Stops at the next step boundary; the loop then throws `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
} & (
  | {
      /** Adversarial steps to run, at least 1; each takes `discriminatorSteps` batches. */
      readonly steps: number;
      readonly epochs?: undefined;
      readonly untilStep?: undefined;
    }
  | {
      readonly steps?: undefined;
      readonly untilStep?: undefined;
      /**
       * Times through the dataset, in place of `steps`: a whole number of at least 1. As many whole
       * steps as its batches are enough for, at least one. A stream takes it if it says its
       * `length`.
       */
      readonly epochs: number;
    }
  | {
      readonly steps?: undefined;
      readonly epochs?: undefined;
      /**
       * Runs until the trainer's own `step` is this one, in place of a number of steps; a whole
       * number of at least 1. It counts the steps before a checkpoint, too: a script that is
       * started again ends where it would have ended. A trainer that is there already, or beyond,
       * ends its run at once, without a tick.
       */
      readonly untilStep: number;
    }
);

/** Each says how long a run is, and one of them has to. */
const lengths = ["steps", "epochs", "untilStep"] as const;

/** @internal What was asked of a run, with every default filled in. */
export interface RunSettings
  extends Complete<Omit<RunOptions, (typeof lengths)[number] | "signal">>,
    Pick<RunOptions, "signal"> {
  /** Undefined where `untilStep` is given. */
  readonly steps: number | undefined;
  readonly untilStep: number | undefined;
}

const known = [
  ...lengths,
  "batchSize",
  "dropLast",
  "horizontalFlip",
  "tickEvery",
  "signal",
] as const;

/** @internal For who gives them to a trainer. */
export const ofRun: check.Elsewhere = { known, of: "run()" };
/** And the other way round. */
const ofTrainer: check.Elsewhere = { known: trainerNames, of: "new Trainer()" };

/**
 * @internal Checks all that can be wrong about a run, the dataset included, and fills in what is
 * missing.
 */
export function checkRun(
  dataset: Dataset | Stream,
  options: RunOptions,
  settings: TrainerSettings,
): RunSettings {
  const data = checkDataset(dataset, settings);
  const size = data instanceof Dataset ? data.size : data.length;
  if (options === undefined)
    throw wrongType(
      "an object { steps, ... }, { epochs, ... } or { untilStep, ... }",
      "options",
      options,
    );
  check.options(options, "options", known, ofTrainer);
  const signal = check.signal(options.signal, "signal");
  const length = checkLength(options, data);
  const dropLast = check.boolean(options.dropLast ?? false, "dropLast");
  const batchSize = checkBatch(options.batchSize ?? 64, "batchSize", settings, { size, dropLast });
  checkParts(settings.accumulate, "accumulate", settings, batchSize);
  const horizontalFlip = checkFlip(options.horizontalFlip ?? false, "horizontalFlip", data.image);
  const perStep = settings.discriminatorSteps;
  const steps =
    "images" in length
      ? new Epochs(length.images, batchSize, perStep, dropLast).steps(length.epochs)
      : length.steps;
  const { untilStep } = options;
  const tickEvery = check.integer(options.tickEvery ?? 100, "tickEvery", 1);
  return { steps, untilStep, batchSize, dropLast, horizontalFlip, tickEvery, signal };
}

/** @internal Steps that are left to a run of a trainer with `step` behind it, perhaps none. */
export function stepsAfter(step: number, { steps, untilStep = 0 }: RunSettings): number {
  return steps ?? Math.max(0, untilStep - step);
}

/**
 * Checks that a trainer's options, a dataset and its batches go together. Throws TypeError,
 * RangeError and ERR_DATA.
 *
 * @param naming what the user calls an option: `--batch`
 * @param options.mayDrop whether the last batch of an epoch can be left out where it is too small
 */
export function checkFit(
  dataset: Dataset,
  settings: TrainerSettings,
  { batch, dropLast }: { readonly batch: number; readonly dropLast: boolean },
  naming: (option: "accumulate" | "batch" | "dropLast") => string,
  { mayDrop = true }: { readonly mayDrop?: boolean } = {},
): void {
  const dropName = mayDrop ? naming("dropLast") : null;
  const epoch = { size: dataset.size, dropLast, dropName };
  checkBatch(batch, naming("batch"), settings, epoch);
  checkParts(settings.accumulate, naming("accumulate"), settings, batch);
  checkDataset(dataset, settings);
}

/** How far to train: steps, as many as are left, or epochs of so many images. */
type Length =
  | { readonly steps: number | undefined }
  | { readonly epochs: number; readonly images: number };

function checkLength(options: RunOptions, data: Dataset | Stream): Length {
  const name = "the length of the run";
  const given = lengths.filter((key) => options[key] !== undefined);
  const what = "steps, epochs or untilStep";
  if (given.length === 0) throw missing(what, name);
  if (given.length > 1)
    throw wrongType(what, name, given.map((key) => `${key} ${show(options[key])}`).join(" "));
  const { steps, epochs, untilStep } = options;
  if (steps !== undefined) return { steps: check.integer(steps, "steps", 1) };
  if (epochs !== undefined) return checkEpochs(epochs, data, name);
  check.integer(untilStep, "untilStep", 1);
  return { steps: undefined };
}

function checkEpochs(epochs: unknown, data: Dataset | Stream, name: string): Length {
  const images = data instanceof Dataset ? data.size : data.length;
  if (images === undefined)
    throw wrongType(
      "steps or untilStep (a stream counts epochs where it says its length)",
      name,
      `epochs ${show(epochs)}`,
    );
  const times = check.integer(epochs, "epochs", 1);
  if (times > 1 && !(data instanceof Dataset) && !data.isRepeatable)
    throw outOfRange("1 (an iterable is gone through once, a function again)", "epochs", times);
  return { epochs: times, images };
}
