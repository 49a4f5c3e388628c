// What a run does, with nothing left open: the config.json of its folder. It is enough to repeat
// the run.
import { addon } from "../addon.js";
import type { DiscriminatorArchitecture, GeneratorArchitecture } from "../architecture.js";
import type { Complete } from "../complete.js";
import type { ImageSize } from "../data/size.js";
import { type Device, kindOf } from "../device.js";
import type { Objective } from "../objectives/table.js";
import type { Optimizer } from "../optimizers/table.js";
import type { AdaOptions } from "../trainer/ada.js";
import type { FrozenOptions } from "../trainer/frozen.js";
import type {
  DiffAugmentPolicy,
  EmaOptions,
  Fakes,
  Order,
  TrainerOptions,
  TrainerSettings,
} from "../trainer/options.js";
import { version } from "../version.js";
import type { RunChange } from "./changes.js";
import { RunEpochs } from "./epochs.js";
import type { RunImages } from "./parts.js";
import { type PlainOptions, plainOf } from "./plain-options.js";
import type { RunPlan } from "./plan.js";

export interface RunConfig extends PlainOptions {
  /** What was trained; null for networks that are no preset's. */
  readonly preset: string | null;
  /** The generator, where the networks are no preset's. */
  readonly generator?: GeneratorArchitecture | undefined;
  /** The discriminator, where the networks are no preset's. */
  readonly discriminator?: DiscriminatorArchitecture | undefined;
  readonly data: string;
  /** Images that it trains on. */
  readonly images: number;
  /** And those of the data that it keeps back, and is judged by. */
  readonly heldImages: number;
  /** What they are resized to: the side of a square, or [height, width]. */
  readonly size: ImageSize;
  readonly channels: number;
  /** Classes of the data's labels, 0 for none; undefined in a run that is older than this key. */
  readonly classes: number | undefined;
  /**
   * What the classes are called; null where the data do not say. Words for readers alone: a run
   * that goes on has those that somebody wrote there.
   */
  readonly classNames: readonly string[] | null;
  /** Whether the images are in memory; else each batch is read from the disk. */
  readonly resident: boolean;
  readonly steps: number;
  readonly batch: number;
  readonly objective: Objective;
  readonly optimizer: { readonly generator: Optimizer; readonly discriminator: Optimizer };
  readonly order: Order;
  /** Whether the two players learn from the same fakes. */
  readonly fakes: Fakes;
  /** Batches, and updates of the discriminator, in a step. */
  readonly discriminatorSteps: number;
  /** Updates of the generator in a step. */
  readonly generatorSteps: number;
  /** Weights that stay as they are. */
  readonly frozen: Complete<FrozenOptions>;
  /** The moving average of the generator; null for none. */
  readonly ema: Complete<EmaOptions> | null;
  readonly diffAugment: readonly DiffAugmentPolicy[];
  /** Adaptive discriminator augmentation; null for none. */
  readonly ada: Complete<AdaOptions> | null;
  readonly device: Device;
  readonly threads: number;
  readonly seed: number;
  /** Every grid is made from this seed, so that they can be compared. */
  readonly sampleSeed: number;
  /** The feature network of evaluations: `classifier`, or the path of a TorchScript file. */
  readonly evaluateFeatures: string;
  /** The run whose networks it began with; null where it drew its first weights. */
  readonly from: string | null;
  /** Steps that those had been trained; null where nothing told. */
  readonly fromStep: number | null;
  /** What was changed where it went on, earliest first; the other keys tell what holds now. */
  readonly changes?: readonly RunChange[] | undefined;
  /** When it began, ISO 8601. */
  readonly started: string;
  readonly versions: {
    readonly sparring: string;
    readonly libtorch: string;
    readonly node: string;
  };
}

/** One for all runs: their samples can be compared, too. */
export const sampleSeed = 0;

/**
 * The part of a config that has to be the same on every rank: without what a machine has, or rank 0
 * decides.
 */
export function sharedOf(config: RunConfig): Partial<RunConfig> {
  const { data, resident, device, threads, seed, evaluateFeatures, ...others } = config;
  const { from, fromStep, started, versions, ...shared } = others;
  // Gloo sums what is on CPUs, NCCL what is on GPUs: they do not mix.
  return { ...shared, device: kindOf(device) };
}

/** What a run trains, in words for a reader: the name of its preset, if it has one. */
export function trainedText(preset: string | null): string {
  return preset ?? "own networks";
}

/** Options of the trainer, from a plan. */
export function trainingOf(plan: RunPlan): Omit<TrainerOptions, "generator" | "discriminator"> {
  const { ema, ada, ...rules } = plan.rules;
  return {
    ...rules,
    ema: ema ?? undefined,
    ada: ada ?? undefined,
    accumulate: plan.accumulate,
    execution: plan.execution,
    precision: plan.precision,
    syncBatchNorm: plan.syncBatchNorm,
    reducePrecision: plan.reducePrecision,
  };
}

/**
 * Makes a config of the plan, of what the trainer made of it, and of what the machine and the data
 * turned out to be.
 */
export function resolveConfig(
  plan: RunPlan,
  settings: TrainerSettings,
  found: { device: Device; threads: number; fromStep: number | null } & RunImages,
): RunConfig {
  const { preset, networks, data, length, batch, dropLast, from } = plan;
  const images = imagesOf(found, plan);
  const rules = rulesOf(settings);
  const epochs = new RunEpochs({ ...images, ...rules, batch, dropLast });
  return {
    preset,
    ...networks,
    data,
    ...images,
    steps: "steps" in length ? length.steps : epochs.steps(length.epochs),
    batch,
    ...rules,
    device: found.device,
    threads: found.threads,
    seed: plan.seed,
    ...plainOf(plan),
    sampleSeed,
    evaluateFeatures: plan.evaluateFeatures,
    from,
    fromStep: found.fromStep,
    started: new Date().toISOString(),
    versions: {
      sparring: version(),
      libtorch: addon().libtorchVersion,
      node: process.versions.node,
    },
  };
}

/** What a config says of the images, which follows from the data. */
export function imagesOf({ dataset, held }: RunImages, { size }: Pick<RunPlan, "size">) {
  const { size: images, image, classes, classNames = null, resident } = dataset;
  const counts = { images, heldImages: held?.size ?? 0 };
  return { ...counts, size, channels: image[0] as number, classes, classNames, resident };
}

function rulesOf(settings: TrainerSettings) {
  const { objective, optimizer, order, fakes, ema, diffAugment, ada } = settings;
  const { discriminatorSteps, generatorSteps, frozen } = settings;
  const updates = { order, fakes, discriminatorSteps, generatorSteps, frozen };
  return { objective, optimizer, ...updates, ema: ema ?? null, diffAugment, ada: ada ?? null };
}
