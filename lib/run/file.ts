// `sparring train config.json`: options from a file, checked all at once.
import { dirname, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import * as v from "valibot";
import * as check from "../check.js";
import { expected, isMisuse, misuse, refused, show, showPath, SparringError } from "../errors.js";
import { readWhole } from "../files.js";
import { reason } from "../reason.js";
import { nearestOrAll } from "../nearest.js";
import { optionMeant } from "../other-names.js";
import { defaultPreset, presetNames, presets } from "../presets.js";
import { ruleNames } from "../trainer/options.js";
import type { RunConfig } from "./config.js";
import { defaultFeatures } from "./features.js";
import { configSchema } from "./file-schema.js";
import { flagMeant } from "./flags-alone.js";
import { keyGivenTwice, placeOfMistake, textOf } from "./json.js";
import { isNamedData, type Naming, planRun, type RunRequest } from "./plan.js";
import { checkDiscriminator, checkGenerator, planNetworks, planRules } from "./recipe.js";
import { configLimit } from "./stored.js";

/** Options of a file, and what a run recorded beside them if it wrote the file. */
export interface FileRequest {
  /** As the user wrote it. */
  readonly path: string;
  readonly options: RunRequest;
  readonly recorded: Readonly<Record<string, unknown>>;
}

/** Keys of a run's config.json that a run which repeats it has anew. */
const followed = ["started", "versions"] as const;
/**
 * Keys of a run's config.json that follow from options, and that a run which repeats it has to have
 * too; with those options.
 */
const repeated = {
  sampleSeed: [],
  images: ["data", "size", "channels"],
  heldImages: ["data", "size", "channels"],
  classes: ["data", "size", "channels"],
  classNames: ["data"],
} as const satisfies Partial<Record<keyof RunConfig, readonly (keyof RunRequest)[]>>;

/** What was changed where a run went on, which one that begins could not repeat. */
const changesKey = "changes" satisfies keyof RunConfig;

/**
 * Reads a config file: options, or the config.json of a run that is to be repeated. Paths in it
 * start from its own folder; where it is `-`, standard input, they start from the working
 * directory. Throws ERR_DATA where it cannot be read or is no JSON, and a TypeError with everything
 * that is wrong in it.
 *
 * @param flags options that go before the file's: whether those fit to this machine does not matter
 *   then
 */
export async function readConfigFile(path: string, flags: RunRequest): Promise<FileRequest> {
  const all = await parse(path);
  const isRun = Object.hasOwn(all, "versions");
  if (isRun && all[changesKey] !== undefined) throw notRepeatable(path, all[changesKey]);
  const recorded = isRun ? only(all, [...followed, ...Object.keys(repeated)]) : {};
  // Another preset brings its own rules.
  const dropped = isRun && flags.preset !== undefined ? ruleNames : [];
  const given = without(all, [...Object.keys(recorded), ...dropped]);
  const problems = problemsOf(given, path, flags);
  if (problems.length > 0) {
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    const lines = problems.map((problem) => `\n  ${problem}`).join("");
    throw misuse(new TypeError(`Expected options for ${path} but received ${count}:${lines}`));
  }
  const { $schema, ...options } = given;
  return { path, options: { ...options, ...fromFolder(options, path) }, recorded };
}

/** The other keys of such a config tell what held at its end. */
function notRepeatable(path: string, changes: unknown): SparringError {
  const what = "a run of the same rules from its first step, or a copy without its changes,";
  return refused("ERR_DATA", what, `changes of ${path}`, show(changes));
}

type Values = Record<string, unknown>;

function only(all: Values, keys: readonly string[]): Values {
  return Object.fromEntries(Object.entries(all).filter(([key]) => keys.includes(key)));
}

function without(all: Values, keys: readonly string[]): Values {
  return Object.fromEntries(Object.entries(all).filter(([key]) => !keys.includes(key)));
}

async function parse(path: string): Promise<Record<string, unknown>> {
  const refuse = (why: string, cause?: unknown) => {
    const received = `${showPath(path)} (${why})`;
    return refused("ERR_DATA", "a JSON file of options", "the config", received, { cause });
  };
  let value: unknown;
  let text = "";
  try {
    const bytes = path === "-" ? await readInput() : await readWhole(path, configLimit);
    text = textOf(bytes);
    value = JSON.parse(text);
  } catch (cause) {
    if (!(cause instanceof SyntaxError))
      throw refuse(`${reason(cause)}${meantBy(path, cause)}`, cause);
    throw refuse(`it is not JSON: ${await placeOfMistake(text)}`, cause);
  }
  if (!check.isObject(value)) throw refuse("it is not an object");
  const twice = await keyGivenTwice(text);
  if (twice !== undefined) throw refuse(`it has ${twice}`);
  return value;
}

/**
 * What comes in by standard input, which has an end as a file has; no more than a file may hold.
 */
async function readInput(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > configLimit) throw new Error(`it has more than ${configLimit} bytes`);
  }
  return Buffer.concat(chunks);
}

/** What somebody may have meant who named what is no file: a word of which a flag is missing. */
function meantBy(path: string, cause: unknown): string {
  if (isNamedData(path)) return "; --data names what to train on";
  if ((presetNames as readonly string[]).includes(path)) return "; --preset names what to train";
  if (path === "true" || path === "false") return "; a flag that is there is true";
  const { code } = cause as NodeJS.ErrnoException;
  if (code === "ENXIO") return "; - stands for what comes in by a pipe";
  const isFolder = code === "EISDIR";
  return isFolder ? "; --data names one of images, and --resume a run to go on with" : "";
}

/** A sentence for each thing that is wrong. */
function problemsOf(given: Record<string, unknown>, path: string, flags: RunRequest): string[] {
  const known = Object.keys(configSchema.entries);
  const unknown = Object.keys(given).filter((key) => !known.includes(key));
  const right = Object.fromEntries(Object.entries(given).filter(([key]) => known.includes(key)));
  const { issues = [] } = v.safeParse(configSchema, right, { abortPipeEarly: true });
  const settled = new Set(Object.keys(flags));
  const sentences = unknown.map((key) => expected(whatFor(key, known), "an option", key));
  for (const { message, input, path: place = [] } of issues) {
    settled.add(settledBy(place.map(({ key }) => String(key))));
    // What a nested object lacks is told of as that object: in place of what it should be.
    const inside = place.length > 1 && input === undefined ? place.at(-1) : undefined;
    const keys = place.map(({ key }) => key).slice(0, inside === undefined ? undefined : -1);
    sentences.push(expected(message, keys.map(pathPart).join(""), inside?.input ?? input));
  }
  return [...new Set(sentences), ...togetherProblems(given, settled, path)];
}

/** What is expected in the place of a key that there is not. */
function whatFor(key: string, known: readonly string[]): string {
  const option = optionMeant(key, known);
  const flag = option ?? flagMeant(key);
  if (flag !== undefined) return option ?? `the flag ${flag}, which no file has,`;
  return nearestOrAll(key, known);
}

/** An option that is wrong; of the optimizers the one that is, as the other may be wrong, too. */
function settledBy([option = "", player]: readonly string[]): string {
  return option === "optimizer" && player !== undefined ? `${option}.${player}` : option;
}

/** `generator`, `.layers`, `[3]`, one after the other. */
function pathPart(key: unknown, place: number): string {
  if (typeof key === "number") return `[${key}]`;
  return place === 0 ? String(key) : `.${key}`;
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
  const naming: Naming = (option) => option;
  const { preset, steps, epochs, generator, discriminator } = given;
  const { data, evaluateFeatures } = fromFolder(given, path);
  const checks: (() => unknown)[] = [];
  const alone = (request: RunRequest) => checks.push(() => planRun(request, naming));
  if (right("generator")) checks.push(() => checkGenerator(generator, naming));
  if (right("discriminator")) checks.push(() => checkDiscriminator(discriminator, naming));
  const isSettled = ["preset", "generator", "discriminator"].some((key) => settled.has(key));
  const networks = { generator, discriminator };
  if (!isSettled) checks.push(() => planNetworks({ preset, ...networks }, naming));
  const rules = ruleNames.filter(right).flatMap((key) => rulesOf(key, given[key], settled));
  for (const request of rules) checks.push(() => planRules(request, defaultPreset, naming));
  if (right("size") && !isSettled) alone({ preset, size: given.size, ...networks });
  if (right("channels") && !isSettled) alone({ preset, channels: given.channels, ...networks });
  if (right("data")) alone({ data });
  if (right("evaluateFeatures")) alone({ evaluateFeatures });
  if (right("from") || (right("fromStep") && !settled.has("from")))
    alone({ from: given.from, fromStep: given.fromStep });
  if (right("threads")) alone({ threads: given.threads });
  if (right("steps") && right("epochs")) alone({ steps, epochs });
  // A network that is wrong by itself is so beside others, too.
  return [...new Set(checks.flatMap(refusalsOf))];
}

/** What a check says of what it refuses, if anything. */
function refusalsOf(look: () => unknown): string[] {
  try {
    look();
    return [];
  } catch (error) {
    if (!isMisuse(error) && !(error instanceof SparringError)) throw error;
    return [error.message];
  }
}

/** A rule by itself; that of each player with one of the preset's beside it. */
function rulesOf(key: string, value: unknown, settled: ReadonlySet<string>): RunRequest[] {
  if (key !== "optimizer") return [{ [key]: value }];
  const usual = presets[defaultPreset].optimizer;
  const players = Object.keys(usual);
  const isRight = (player: string) => !settled.has(`${key}.${player}`);
  const areRight = players.every(isRight);
  // What is there in the place of a player is told of as that player's lack.
  return Object.entries(value as object)
    .filter(([player]) => areRight || (players.includes(player) && isRight(player)))
    .map(([player, one]) => ({ optimizer: { ...usual, [player]: one } }));
}

/** The options of the file that are paths, as seen from the working directory. */
function fromFolder(options: Record<string, unknown>, path: string): RunRequest {
  const absolute = (value: unknown) =>
    typeof value === "string" ? resolve(dirname(path), value) : value;
  const { data, out, from, evaluateFeatures: features } = options;
  return {
    ...(data === undefined ? {} : { data: isNamedData(data) ? data : absolute(data) }),
    ...(out === undefined ? {} : { out: absolute(out) }),
    ...(from === undefined ? {} : { from: absolute(from) }),
    ...(features === undefined || features === defaultFeatures
      ? {}
      : { evaluateFeatures: absolute(features) }),
  };
}

/**
 * Checks that a run is the one that was recorded, but for what `flags` changed. Throws ERR_DATA
 * where it is not: the preset or the data are others now, or the file was edited where nothing can
 * be set.
 */
export function checkRepeats(
  config: RunConfig,
  { path, recorded }: FileRequest,
  flags: RunRequest,
): void {
  const same = wholeOf(config) === wholeOf(recorded) ? countKeys : [];
  for (const [key, sources] of Object.entries(repeated)) {
    if (!Object.hasOwn(recorded, key) || sources.some((source) => flags[source] !== undefined))
      continue;
    const now = JSON.parse(JSON.stringify(config[key as keyof typeof repeated]));
    if (same.includes(key) || isDeepStrictEqual(now, recorded[key])) continue;
    const message = expected(
      `${show(now)}, as this run has it,`,
      `${key} of ${path}`,
      recorded[key],
    );
    throw new SparringError("ERR_DATA", message);
  }
}

/** Of equal data another share may be kept back. */
const countKeys: readonly string[] = ["images", "heldImages"] satisfies (keyof typeof repeated)[];

function wholeOf({ images, heldImages }: { images?: unknown; heldImages?: unknown }): number {
  return Number(images) + Number(heldImages ?? 0);
}
