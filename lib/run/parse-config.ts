// Reads the config.json of a run as a stranger's: what each value has to be, and what stands for a
// value that the version of the run did not write yet.
import * as check from "../check.js";
import { checkImageSize, type ImageSize } from "../data/size.js";
import { type Device, isDevice } from "../device.js";
import { presetNames } from "../presets.js";
import { type Fakes, fakesKinds, usualFakes } from "../trainer/options.js";
import { checkChanges } from "./changes.js";
import type { RunConfig } from "./config.js";
import { defaultFeatures } from "./features.js";
import { checkClassNames } from "./labels.js";
import { checkWhole, limits } from "./limits.js";
import { type PlainOptions, plainOptions } from "./plain-options.js";
import type { Unchecked } from "./plan.js";
import { checkSize } from "./recipe.js";

type Values = Unchecked<RunConfig>;

/** Labels have 16 bits. */
const mostClasses = 2 ** 16;

const toClasses = ({ classes }: Values) =>
  classes === undefined ? undefined : check.integer(classes, "classes", 0, mostClasses);

const toPreset = ({ preset }: Values) =>
  preset === null ? null : check.oneOf(preset, "preset", presetNames);

function toSize(config: Values): ImageSize {
  const preset = toPreset(config);
  if (preset === null) return checkImageSize(config.size);
  return checkSize(config.size, preset, "size");
}

function toDevice({ device }: Values): Device {
  if (!isDevice(device)) throw new TypeError("its device is none");
  return device;
}

function toFakes({ fakes, order }: Values): Fakes {
  const usual = order === "discriminatorFirst" ? order : "generatorFirst";
  return check.oneOf(fakes ?? usualFakes[usual], "fakes", fakesKinds);
}

function whole<Key extends keyof typeof limits & keyof RunConfig>(key: Key) {
  return (config: Values) => checkWhole(config[key], key, limits[key]);
}

// A run goes on as its checkpoint was carried out, and in the precision that resume.ts finds here.
const { execution, precision, ...plain } = plainOptions;

type Plain = { readonly [Key in keyof typeof plain]: (config: Values) => PlainOptions[Key] };

const plainReaders = Object.fromEntries(
  Object.entries(plain).map(([key, { before, check }]) => [
    key,
    (config: Values) => check(config[key as keyof Plain] ?? before, key),
  ]),
) as Plain;

/**
 * How each value is read, in the order in which mistakes are told. Networks and rules are left out:
 * a run goes on with those of its checkpoint.
 */
const readers = {
  preset: toPreset,
  data: ({ data }) => check.string(data, "data"),
  device: toDevice,
  images: ({ images }) => check.integer(images, "images", 1),
  heldImages: ({ heldImages }) => check.integer(heldImages ?? 0, "heldImages", 0),
  size: toSize,
  channels: ({ channels }) => check.integer(channels, "channels", 1),
  classes: toClasses,
  classNames: (config) => checkClassNames(config.classNames, toClasses(config) ?? 0),
  resident: ({ resident }) => check.boolean(resident ?? true, "resident"),
  steps: whole("steps"),
  batch: whole("batch"),
  fakes: toFakes,
  discriminatorSteps: whole("discriminatorSteps"),
  generatorSteps: ({ generatorSteps }) =>
    checkWhole(generatorSteps ?? 1, "generatorSteps", limits.generatorSteps),
  seed: ({ seed }) => check.seed(seed, "seed"),
  // It may have begun on a machine with more processors.
  threads: ({ threads }) => check.integer(threads, "threads", 1),
  ...plainReaders,
  sampleSeed: ({ sampleSeed }) => check.seed(sampleSeed ?? 0, "sampleSeed"),
  evaluateFeatures: ({ evaluateFeatures }) =>
    check.path(evaluateFeatures ?? defaultFeatures, "evaluateFeatures"),
  from: ({ from }) => (from == null ? null : check.path(from, "from")),
  fromStep: ({ fromStep }) => (fromStep == null ? null : check.integer(fromStep, "fromStep", 0)),
  changes: ({ changes, images }) => checkChanges(changes, images),
} satisfies { readonly [Key in keyof RunConfig]?: (config: Values) => RunConfig[Key] };

type Readers = typeof readers;
type Read<Key extends keyof Readers> = { readonly [One in Key]: ReturnType<Readers[One]> };

/**
 * Reads some values of a config.json; the others are not looked at. Throws TypeError or RangeError.
 */
export function pickConfig<Key extends keyof Readers>(
  value: unknown,
  keys: readonly Key[],
): Read<Key> {
  const config = toValues(value);
  return Object.fromEntries(keys.map((key) => [key, readers[key](config)])) as Read<Key>;
}

/**
 * Reads all that a run needs to go on; networks and rules are taken as they are. Throws TypeError
 * or RangeError.
 */
export function parseRunConfig(value: unknown): RunConfig {
  const keys = Object.keys(readers) as (keyof Readers)[];
  return { ...(toValues(value) as RunConfig), ...pickConfig(value, keys) };
}

function toValues(value: unknown): Values {
  if (!check.isObject(value)) throw new TypeError("it is not an object");
  return value;
}
