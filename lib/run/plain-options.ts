// The options of a run that stand by themselves: what each may be, and what it is where nobody
// says. The others depend on a preset, on networks, on the data or on the machine: plan.ts and
// recipe.ts have them.
import * as check from "../check.js";
import {
  executions,
  type Precision,
  precisions,
  type ReducePrecision,
  reducePrecisions,
} from "../trainer/options.js";
import { defaultKeep } from "./checkpoints.js";
import { checkWhole, type Limit } from "./limits.js";
import type { Unchecked } from "./plan.js";

/** What is true of an option where its value is not given. */
interface Unsaid<T> {
  /** Its value where nobody says. */
  readonly usual: T;
  /** Its value in runs that are older than it; undefined where every run says it. */
  readonly before?: T | undefined;
}

interface PlainOption<T> extends Unsaid<T> {
  readonly before: T | undefined;
  /**
   * Checks a value. Throws TypeError or RangeError.
   *
   * @param name what the user calls it
   */
  check(value: unknown, name: string): T;
}

const flag = ({ usual, before }: Unsaid<boolean>): PlainOption<boolean> => ({
  usual,
  before,
  check: check.boolean,
});

function whole({ min, max, usual, before }: Limit & Unsaid<number>): PlainOption<number> & Limit {
  const limit = { min, max };
  return { ...limit, usual, before, check: (value, name) => checkWhole(value, name, limit) };
}

/** A share of the whole, less than all of it. */
function share({ usual, before }: Unsaid<number>): PlainOption<number> {
  return { usual, before, check: (value, name) => check.within(value, name, 0, 1) };
}

function oneOf<T extends string>(
  names: readonly T[],
  { usual, before }: Unsaid<T>,
): PlainOption<T> & { readonly names: readonly T[] } {
  return { names, usual, before, check: (value, name) => check.oneOf(value, name, names) };
}

export const plainOptions = {
  /** Share of the images that is not trained on, and judges the generator. */
  holdOut: share({ usual: 0, before: 0 }),
  /** Leaves out what is not a whole batch at the end of an epoch. */
  dropLast: flag({ usual: false, before: false }),
  /** Mirrors each image of a batch at random. */
  horizontalFlip: flag({ usual: false, before: false }),
  /** Parts in which a batch is worked on, one after the other. */
  accumulate: whole({ min: 1, usual: 1, before: 1 }),
  execution: oneOf<(typeof executions)[number]>(executions, { usual: "fused" }),
  precision: oneOf<Precision>(precisions, { usual: "float32" }),
  /** Whether BatchNorm is over the rows of all ranks, where there are several. */
  syncBatchNorm: flag({ usual: false, before: false }),
  /** What ranks sum their gradients in. */
  reducePrecision: oneOf<ReducePrecision>(reducePrecisions, {
    usual: "float32",
    before: "float32",
  }),
  /** Steps between two sample grids: the sample_interval of the script that `article` follows. */
  sampleEvery: whole({ min: 1, usual: 400 }),
  /** Steps between two ticks. */
  logEvery: whole({ min: 1, usual: 100 }),
  /** Steps between two checkpoints. */
  checkpointEvery: whole({ min: 1, usual: 1000 }),
  /** How many checkpoints stay, the newest. */
  keepCheckpoints: whole({ min: 1, usual: defaultKeep }),
  /** How often a run that diverged goes back to its last checkpoint, with other random numbers. */
  rollbacks: whole({ min: 0, max: 1000, usual: 0 }),
  /** Whether to write event files for TensorBoard. */
  tensorboard: flag({ usual: true, before: false }),
  /** Steps between two evaluations; 0 for none. */
  evaluateEvery: whole({ min: 0, usual: 0, before: 0 }),
  /**
   * Samples, and real images, of an evaluation. The usual number is enough to see where a run is
   * going; numbers for others take more, by `sparring evaluate`.
   */
  evaluateSamples: whole({ min: 2, max: 1_000_000, usual: 2000, before: 2 }),
};

type Table = typeof plainOptions;

/** The values of all of them. */
export type PlainOptions = { readonly [Key in keyof Table]: Table[Key]["usual"] };

export const plainNames = Object.keys(plainOptions) as (keyof PlainOptions)[];

/** Checks those that were given, and takes the usual for others. Throws TypeError or RangeError. */
export function planPlain(
  given: Unchecked<PlainOptions>,
  naming: (option: keyof PlainOptions) => string,
): PlainOptions {
  const values = plainNames.map((key) => {
    const option = plainOptions[key];
    return [key, option.check(given[key] ?? option.usual, naming(key))];
  });
  return Object.fromEntries(values) as PlainOptions;
}

/** Picks them out of what has more. */
export function plainOf(more: PlainOptions): PlainOptions {
  return Object.fromEntries(plainNames.map((key) => [key, more[key]])) as PlainOptions;
}
