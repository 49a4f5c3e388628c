// A run as it lies on the disk: what its config.json says of the generator, and where its weights
// are.
import type { DiscriminatorArchitecture, GeneratorArchitecture } from "../architecture.js";
import { isObject } from "../check.js";
import { type ImageSize, sidesOf } from "../data/size.js";
import { refused, showPath } from "../errors.js";
import { readWhole } from "../files.js";
import { reason } from "../reason.js";
import { checkObjective, type Objective } from "../objectives/table.js";
import { type Preset, type PresetImage, type PresetName, presets } from "../presets.js";
import { labelReader } from "../trainer/data.js";
import { RunFolder } from "./folder.js";
import { textOf } from "./json.js";
import { pickConfig } from "./parse-config.js";
import type { Naming, RunRequest } from "./plan.js";
import { type Networks, planNetworks } from "./recipe.js";

export interface StoredRun {
  readonly folder: RunFolder;
  /** Null where its networks are no preset's. */
  readonly preset: string | null;
  readonly generator: GeneratorArchitecture;
  readonly discriminator: DiscriminatorArchitecture;
  /**
   * What the generator's classes are called; null where the data did not say, and where it finds
   * its own.
   */
  readonly classNames: readonly string[] | null;
  /** Whether it keeps a moving average of the generator beside the generator. */
  readonly averaged: boolean;
  /** Checkpoints of later steps have the average: a run may begin to keep one where it goes on. */
  readonly averagedAfter: number;
  /** The seed of its sample grids. */
  readonly sampleSeed: number;
  /** The CPU threads that it had; null where it does not say. */
  readonly threads: number | null;
}

/**
 * Reads what is needed to sample a run. Throws ERR_DATA where there is none.
 *
 * @param name what the user calls the folder
 */
export async function readRun(path: string, name: string): Promise<StoredRun> {
  const folder = RunFolder.at(path);
  return readRunConfig(folder, name, (value) => ({ folder, ...parseStored(value) }));
}

/**
 * Takes from a config.json what is needed to sample its run. Throws TypeError, RangeError or
 * ERR_ARCHITECTURE.
 */
export function parseStored(value: unknown): Omit<StoredRun, "folder"> {
  const { preset, size, channels, classes, ...rest } = pickConfig(value, generatorKeys);
  const { classNames, sampleSeed, changes = [] } = rest;
  const image = { image: [channels, ...sidesOf(size)], classes: classes || undefined };
  const config = value as RunRequest;
  const { objective, ...pair } =
    preset === null ? ownPair(config) : presetPair(preset, image, config);
  const isTold = labelReader(objective, pair.discriminator.classes ?? 0) !== undefined;
  const names = isTold ? classNames : null;
  const averagedAfter = changes.findLast(({ before }) => before.ema === null)?.step ?? -1;
  const average = { averaged: isObject(config.ema), averagedAfter };
  // Nobody needs them to draw, so a config may be without them.
  const threads = config.threads === undefined ? null : pickConfig(value, ["threads"]).threads;
  return { preset, ...pair, classNames: names, ...average, sampleSeed, threads };
}

/** The keys of a config.json that say how the generator is made. */
const generatorKeys = [
  "preset",
  "size",
  "channels",
  "classes",
  "classNames",
  "sampleSeed",
  "changes",
] as const;

interface StoredPair extends Networks {
  readonly objective: Objective;
}

function presetPair(preset: PresetName, image: PresetImage, { objective }: RunRequest): StoredPair {
  const { pair, objective: usual }: Preset = presets[preset];
  // Older runs do not say.
  const own = objective === undefined ? usual : checkObjective(objective, "objective");
  return { ...pair(image), objective: own };
}

/** Networks that are no preset's. Throws TypeError, RangeError or ERR_ARCHITECTURE. */
function ownPair(config: RunRequest): StoredPair {
  const naming: Naming = (option) => option;
  const networks = planNetworks(config, naming) as Networks;
  return { ...networks, objective: checkObjective(config.objective, "objective") };
}

/**
 * Reads what the images of a run are. Throws ERR_DATA where there is no run.
 *
 * @param name what the user calls the folder
 */
export function readRunData(path: string, name: string): Promise<RunData> {
  return readRunConfig(RunFolder.at(path), name, (value) => {
    const keys = [
      ...(["size", "channels", "data", "resident"] as const),
      ...(["holdOut", "images", "heldImages"] as const),
    ] as const;
    const { channels, ...images } = pickConfig(value, keys);
    if (channels !== 1 && channels !== 3)
      throw new TypeError("its images are neither grey nor in colour");
    return { ...images, channels };
  });
}

/** The images of a run. */
export interface RunData {
  /** One of namedData, or a path. */
  readonly data: string;
  readonly size: ImageSize;
  readonly channels: 1 | 3;
  /** Whether the images stay in memory. */
  readonly resident: boolean;
  /** Share of them that it did not train on. */
  readonly holdOut: number;
  /** How many it trained on, and how many it kept back. */
  readonly images: number;
  readonly heldImages: number;
}

/**
 * Most bytes of a config. It has a few kilobytes, and a few megabytes with the largest networks.
 */
export const configLimit = 16 * 1024 ** 2;

/**
 * Reads the config.json of a run.
 *
 * @param name what the user calls the folder
 * @param read checks it and takes what is needed; what it throws becomes ERR_DATA
 */
export async function readRunConfig<T>(
  folder: RunFolder,
  name: string,
  read: (config: unknown) => T,
): Promise<T> {
  try {
    return read(JSON.parse(textOf(await readWhole(folder.config, configLimit))));
  } catch (cause) {
    const why = cause instanceof SyntaxError ? "it is not JSON" : reason(cause);
    const received = `${showPath(folder.path)} (its config.json: ${why})`;
    throw refused("ERR_DATA", "the folder of a run", name, received, { cause });
  }
}
