// A run as it lies on the disk: what its config.json says of the generator, and where its weights are.
import { readFile } from "node:fs/promises";
import type { GeneratorArchitecture } from "../architecture.js";
import * as check from "../check.js";
import { SparringError, show } from "../errors.js";
import { reason } from "../files.js";
import { type Preset, presetNames, presets } from "../presets.js";
import type { RunConfig } from "./config.js";
import { RunFolder } from "./folder.js";
import { checkSize } from "./plan.js";

export interface StoredRun {
  readonly folder: RunFolder;
  readonly preset: string;
  readonly generator: GeneratorArchitecture;
  /** It keeps a moving average of the generator beside the generator. */
  readonly averaged: boolean;
  /** What its sample grids are made from. */
  readonly sampleSeed: number;
}

/** Reads a run folder. Throws ERR_DATA where it is none. @param name what the user calls it */
export async function readRun(path: string, name: string): Promise<StoredRun> {
  const folder = RunFolder.at(path);
  try {
    const config = checkConfig(JSON.parse(await readFile(folder.config, "utf8")));
    const preset: Preset = presets[config.preset];
    const { generator } = preset.pair(config);
    const { averaged, sampleSeed } = config;
    return { folder, preset: config.preset, generator, averaged, sampleSeed };
  } catch (cause) {
    const why = cause instanceof SyntaxError ? "it is not JSON" : reason(cause);
    const message = `Expected the folder of a run for ${name} but received ${show(path)} (its config.json: ${why})`;
    throw new SparringError("ERR_DATA", message, { cause });
  }
}

/** The part of a config.json that says what the generator is. Throws TypeError or RangeError. */
function checkConfig(value: unknown) {
  if (!check.isObject(value)) throw new TypeError("it is not an object");
  const config = value as { readonly [Key in keyof RunConfig]?: unknown };
  const preset = check.oneOf(config.preset, "preset", presetNames);
  const size = checkSize(config.size, preset, "size");
  const channels = check.integer(config.channels, "channels", 1);
  const classes = check.integer(config.classes ?? 0, "classes", 0, 256) || undefined;
  const sampleSeed = check.seed(config.sampleSeed ?? 0, "sampleSeed");
  return { preset, size, channels, classes, sampleSeed, averaged: check.isObject(config.ema) };
}
