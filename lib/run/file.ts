// `sparring train config.json`: options from a file, checked all at once.
import { dirname, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import * as v from "valibot";
import * as check from "../check.js";
import { expected, SparringError, show } from "../errors.js";
import { readWhole, reason } from "../files.js";
import { defaultPreset, type Preset, presets } from "../presets.js";
import type { RunConfig } from "./config.js";
import { defaultFeatures } from "./features.js";
import { type ConfigFile, configSchema } from "./file-schema.js";
import { placeOfMistake } from "./json.js";
import { isNamedData, planRun, type RunRequest } from "./plan.js";

/** Options of a file, and what a run recorded beside them if it wrote the file. */
export interface FileRequest {
  /** As the user wrote it. */
  readonly path: string;
  readonly options: RunRequest;
  readonly recorded: Readonly<Record<string, unknown>>;
}

/** Of a run's config.json: what follows from its options, its data and its machine. */
const followed = ["started", "versions"] as const;
/** The same, as far as a run that repeats it has to have it too; by the options that it follows from. */
const repeated = {
  objective: ["preset"],
  optimizer: ["preset", "lr"],
  order: ["preset"],
  discriminatorSteps: ["preset"],
  ema: ["preset"],
  diffAugment: ["preset"],
  sampleSeed: [],
  images: ["data", "size", "channels"],
  classes: ["data", "size", "channels"],
  classNames: ["data"],
} as const satisfies Partial<Record<keyof RunConfig, readonly (keyof RunRequest)[]>>;

/** A megabyte of options is somebody else's file. */
const sizeLimit = 1024 ** 2;

/**
 * Reads a config file: options, or the config.json of a run that is to be repeated. Paths in it start from its own folder.
 * Throws ERR_DATA where it cannot be read or is no JSON, and a TypeError with everything that is wrong in it.
 *
 * @param flags options that go before the file's: whether those fit to this machine does not matter then
 */
export async function readConfigFile(path: string, flags: RunRequest): Promise<FileRequest> {
  const all = await parse(path);
  const recorded = Object.fromEntries(
    [...followed, ...Object.keys(repeated)].flatMap((key) =>
      Object.hasOwn(all, "versions") && Object.hasOwn(all, key) ? [[key, all[key]]] : [],
    ),
  );
  const given = Object.fromEntries(
    Object.entries(all).filter(([key]) => !Object.hasOwn(recorded, key)),
  );
  const { $schema, ...options } = given as ConfigFile;
  const problems = problemsOf(given, path, flags);
  if (problems.length > 0) {
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    const lines = problems.map((problem) => `\n  ${problem}`).join("");
    throw new TypeError(`Expected options for ${path} but received ${count}:${lines}`);
  }
  return {
    path,
    options: { ...withRate(options, recorded), ...fromFolder(options, path) },
    recorded,
  };
}

async function parse(path: string): Promise<Record<string, unknown>> {
  const refuse = (why: string, cause?: unknown) => {
    const message = `Expected a JSON file of options for the config but received ${show(path)} (${why})`;
    return new SparringError("ERR_DATA", message, { cause });
  };
  let value: unknown;
  let text = "";
  try {
    // Editors of another system put a mark before it.
    text = (await readWhole(path, sizeLimit)).toString("utf8").replace(/^\uFEFF/, "");
    value = JSON.parse(text);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw refuse(reason(cause), cause);
    throw refuse(`it is not JSON: ${await placeOfMistake(text)}`, cause);
  }
  if (!check.isObject(value)) throw refuse("it is not an object");
  return value;
}

/** A sentence for each thing that is wrong. */
function problemsOf(given: Record<string, unknown>, path: string, flags: RunRequest): string[] {
  const known = Object.keys(configSchema.entries);
  const unknown = Object.keys(given).filter((key) => !known.includes(key));
  const right = Object.fromEntries(Object.entries(given).filter(([key]) => known.includes(key)));
  const { issues = [] } = v.safeParse(configSchema, right, { abortPipeEarly: true });
  const settled = new Set(Object.keys(flags));
  const sentences = unknown.map((key) => expected(`one of ${known.join(", ")}`, "an option", key));
  for (const issue of issues) {
    const key = v.getDotPath(issue) ?? "";
    settled.add(key);
    sentences.push(expected(issue.message, key, given[key]));
  }
  return [...sentences, ...togetherProblems(given, settled, path)];
}

/**
 * What the schema cannot know: options that go together with others, and with this machine.
 *
 * @param settled options that are wrong by themselves, or that flags replace
 */
function togetherProblems(
  given: Record<string, unknown>,
  settled: ReadonlySet<string>,
  path: string,
): string[] {
  const right = (key: string) => given[key] !== undefined && !settled.has(key);
  const { preset, steps, epochs } = given;
  const alone: RunRequest[] = [];
  if (right("size") && !settled.has("preset")) alone.push({ preset, size: given.size });
  const { data, evaluateFeatures } = fromFolder(given, path);
  if (right("data")) alone.push({ data });
  if (right("evaluateFeatures")) alone.push({ evaluateFeatures });
  if (right("threads")) alone.push({ threads: given.threads });
  if (right("steps") && right("epochs")) alone.push({ steps, epochs });
  return alone.flatMap((request) => {
    try {
      planRun(request, (option) => option);
      return [];
    } catch (error) {
      return [(error as Error).message];
    }
  });
}

/** Paths of the file as they are from here. */
function fromFolder(options: Record<string, unknown>, path: string): RunRequest {
  const absolute = (value: unknown) =>
    typeof value === "string" ? resolve(dirname(path), value) : value;
  const { data, out, evaluateFeatures: features } = options;
  return {
    ...(data === undefined ? {} : { data: isNamedData(data) ? data : absolute(data) }),
    ...(out === undefined ? {} : { out: absolute(out) }),
    ...(features === undefined || features === defaultFeatures
      ? {}
      : { evaluateFeatures: absolute(features) }),
  };
}

/** A run does not record the rate that was asked for, but what became of it. */
function withRate(options: ConfigFile, { optimizer }: FileRequest["recorded"]): RunRequest {
  const { generator, discriminator } = (optimizer ?? {}) as Partial<RunConfig["optimizer"]>;
  const usual = (presets[options.preset ?? defaultPreset] as Preset).optimizer;
  const isUsual =
    generator?.lr === usual.generator.lr && discriminator?.lr === usual.discriminator.lr;
  return isUsual || generator?.lr === undefined ? options : { ...options, lr: generator.lr };
}

/**
 * That a run is the one that was recorded, but for what `flags` changed. Throws ERR_DATA: the preset or the data are others
 * now, or the file was edited where nothing can be set.
 */
export function checkRepeats(
  config: RunConfig,
  { path, recorded }: FileRequest,
  flags: RunRequest,
): void {
  for (const [key, sources] of Object.entries(repeated)) {
    if (!Object.hasOwn(recorded, key) || sources.some((source) => flags[source] !== undefined))
      continue;
    const now = JSON.parse(JSON.stringify(config[key as keyof typeof repeated]));
    if (isDeepStrictEqual(now, recorded[key])) continue;
    const message = expected(
      `${show(now)}, as this run has it,`,
      `${key} of ${path}`,
      recorded[key],
    );
    throw new SparringError("ERR_DATA", message);
  }
}
