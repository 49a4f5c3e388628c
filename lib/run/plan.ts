// What a run was asked to do, checked as far as possible before anything is loaded or made.
import { randomInt } from "node:crypto";
import { join, resolve } from "node:path";
import * as check from "../check.js";
import type { ImageSize } from "../data/size.js";
import { type Device, isDevice } from "../device.js";
import { missing, show, wrongType } from "../errors.js";
import { whyMissing } from "../files.js";
import { nearestOrAll } from "../nearest.js";
import { defaultPreset, type PresetName, presetNames, presets } from "../presets.js";
import { type AskedChanges, changeableFlags, changeableRules, planChanges } from "./changes.js";
import { planFeatures } from "./features.js";
import { configFile, type RunPlace } from "./folder.js";
import { type FromPlan, planFrom, rulesFrom } from "./from.js";
import { checkWhole, limits } from "./limits.js";
import { type PlainOptions, planPlain } from "./plain-options.js";
import {
  checkFitting,
  checkFittingSize,
  checkSize,
  type Networks,
  planNetworks,
  planRules,
  type Rules,
} from "./recipe.js";

/** Values of which nobody knows yet what they are. */
export type Unchecked<T> = { readonly [Key in keyof T]?: unknown };

/** The options of a run as they come in: from a command line, from a file, or from both. */
export interface RunRequest extends Unchecked<PlainOptions> {
  readonly preset?: unknown;
  readonly generator?: unknown;
  readonly discriminator?: unknown;
  readonly objective?: unknown;
  readonly optimizer?: unknown;
  readonly order?: unknown;
  readonly fakes?: unknown;
  readonly discriminatorSteps?: unknown;
  readonly generatorSteps?: unknown;
  readonly frozen?: unknown;
  readonly ema?: unknown;
  readonly diffAugment?: unknown;
  readonly ada?: unknown;
  readonly data?: unknown;
  readonly size?: unknown;
  readonly channels?: unknown;
  readonly resident?: unknown;
  readonly steps?: unknown;
  readonly epochs?: unknown;
  readonly batch?: unknown;
  readonly lr?: unknown;
  readonly device?: unknown;
  readonly threads?: unknown;
  readonly seed?: unknown;
  readonly evaluateFeatures?: unknown;
  readonly from?: unknown;
  readonly fromStep?: unknown;
  readonly resume?: unknown;
  readonly dryRun?: unknown;
  readonly json?: unknown;
  readonly out?: unknown;
}

/** What the user calls an option of a request, for the sentences of errors: `--batch`. */
export type Naming<Request = RunRequest> = (option: keyof Request) => string;

/**
 * A request that makes sense, with its defaults; nothing of the machine or the data has been used.
 */
export interface RunPlan extends PlainOptions, FromPlan {
  /** What is trained; null for networks that are no preset's. */
  readonly preset: PresetName | null;
  readonly networks: Networks | null;
  readonly rules: Rules;
  /** One of namedData, or the absolute path of a folder or file. */
  readonly data: string;
  readonly size: ImageSize;
  /** Channels of a folder's images; what the data have if undefined. */
  readonly channels: 1 | 3 | undefined;
  /** Whether a folder's images are held in memory; as the memory allows if undefined. */
  readonly resident: boolean | undefined;
  readonly length: { readonly steps: number } | { readonly epochs: number };
  readonly batch: number;
  readonly device: Device | "auto";
  /** CPU threads; libtorch's choice if undefined. */
  readonly threads: number | undefined;
  readonly seed: number;
  /**
   * The feature network of evaluations: `classifier`, or the absolute path of a TorchScript file.
   */
  readonly evaluateFeatures: string;
  readonly out: RunPlace;
  readonly naming: Naming;
}

/** A request to go on with a run. */
export interface ResumePlan {
  /** The run's folder. */
  readonly path: string;
  /** What the user calls the folder, for the sentences of errors. */
  readonly name: string;
  /** How far to train; as far as before if undefined. */
  readonly length: RunPlan["length"] | undefined;
  /**
   * Whether a command line came again: then a length that is behind what is done, as the run was
   * taken further meanwhile, is no mistake, and the run's own holds.
   *
   * @default false
   */
  readonly restarted?: boolean | undefined;
  /** Where to train from here on; where it was trained if undefined. */
  readonly device: RunPlan["device"] | undefined;
  /** What is to be other than it was. */
  readonly changes: AskedChanges;
  readonly naming: Naming;
}

/** Seeds that nobody chose are short enough to be typed again. */
const seedLimit = 2 ** 32;

/** Checks a request and fills in what is missing. Throws TypeError or RangeError. */
export function planRun(request: RunRequest, naming: Naming): RunPlan {
  const preset = check.oneOf(
    request.preset ?? defaultPreset,
    naming("preset"),
    presetNames,
    (preset) => nearestOrAll(preset, presetNames),
  );
  const whole = (option: keyof typeof limits, fallback: number) =>
    checkWhole(request[option] ?? fallback, naming(option), limits[option]);
  const { threads, resident } = request;
  const networks = planNetworks(request, naming);
  const from = planFrom(request, naming);
  return {
    preset: networks === null ? preset : null,
    networks,
    rules: rulesFrom(from, planRules(request, preset, naming), request),
    device: planDevice(request.device ?? "auto", naming("device")),
    size: planSize(request, preset, networks, naming("size")),
    channels: planChannels(request.channels, networks, naming("channels")),
    resident: resident === undefined ? undefined : check.boolean(resident, naming("resident")),
    length: planLength(request, preset, naming),
    batch: whole("batch", presets[preset].batch),
    threads: threads === undefined ? undefined : check.threads(threads, naming("threads")),
    seed: whole("seed", randomInt(seedLimit)),
    ...planPlain(request, naming),
    evaluateFeatures: planFeatures(request.evaluateFeatures, naming("evaluateFeatures")),
    ...from,
    data: planData(request.data ?? "mnist", naming("data")),
    out: planOut(request.out, networks === null ? preset : "own", naming("out")),
    naming,
  };
}

/** What can be said of a run that goes on: on the command line, and in a config file. */
const flagsBesideResume = ["out", "steps", "epochs", "device", "lr", ...changeableFlags] as const;
const besideResume: readonly string[] = [...flagsBesideResume, ...changeableRules];

/** Checks a request to go on. Everything else is the run's own. Throws TypeError or RangeError. */
export function planResume(request: RunRequest, naming: Naming): ResumePlan {
  const { resume, out, steps, epochs, device: where, ...others } = request;
  const surplus = Object.keys(others).find((key) => !besideResume.includes(key));
  if (surplus !== undefined) throw notBesideResume(surplus as keyof RunRequest, naming);
  const [name, folder] = placeOfRun(request, naming);
  const asked = steps !== undefined || epochs !== undefined;
  const length = asked ? planLength({ steps, epochs }, defaultPreset, naming) : undefined;
  const device = where === undefined ? undefined : planDevice(where, naming("device"));
  const path = check.path(folder, name);
  // What was not asked for is the run's own.
  const called: Naming = (option) =>
    request[option] === undefined && option !== "device"
      ? `${option} of ${join(path, configFile)}`
      : naming(option);
  const changes = planChanges(request, naming);
  return { path, name, length, device, changes, naming: called };
}

/** Which run it is: the one that --resume names, or that of --out. */
function placeOfRun({ resume, out }: RunRequest, naming: Naming): [name: string, path: unknown] {
  const [own, other] = [naming("resume"), naming("out")];
  if (resume === true) {
    if (out === undefined) throw missing("the folder of the run", other);
    return [other, out];
  }
  if (out === undefined) return [own, resume];
  const both = `${own} ${show(resume)} ${other} ${show(out)}`;
  throw wrongType(`one run, after ${own} or ${other}`, "the run", both);
}

function notBesideResume(surplus: keyof RunRequest, naming: Naming): TypeError {
  const flags = flagsBesideResume.map(naming).join(", ");
  const what = `one of ${flags}, or in a file ${changeableRules.join(", ")},`;
  const why = whyKept[surplus];
  const more = why === undefined ? "" : ` (${why})`;
  return wrongType(what, `an option beside ${naming("resume")}`, naming(surplus), more);
}

const networksStay = "a run keeps its networks";
const imagesStay =
  "a run keeps its images: data of its config.json says where they are; --from begins one on others";
const begun = "it has begun already";

/** Why a run that goes on cannot have another of these. */
const whyKept: { readonly [Option in keyof RunRequest]?: string } = {
  ...{ preset: networksStay, generator: networksStay, discriminator: networksStay },
  ...{ size: networksStay, channels: networksStay, syncBatchNorm: networksStay },
  ...{ data: imagesStay, holdOut: imagesStay },
  resident: "a run keeps its images where it had them",
  dropLast: "the epochs that are done were counted by it",
  seed: "its random numbers go on where they were",
  threads: "with others its last digits would differ",
  ...{ from: begun, fromStep: begun },
};

/** Checks a device, or `auto`. Throws TypeError. */
export function planDevice(device: unknown, name: string): Device | "auto" {
  if (device === "auto" || isDevice(device)) return device;
  throw wrongType('"auto", "cpu", "cuda" or "cuda:i"', name, device);
}

/** Checks how far from 0 noise may be; undefined for any. Throws TypeError or RangeError. */
export function planTruncation(truncation: unknown, name: string): number | undefined {
  return truncation === undefined ? undefined : check.positive(truncation, name);
}

/**
 * Checks how far styles may be from their mean; undefined for as far as in training. Throws
 * TypeError or RangeError.
 */
export function planTruncationPsi(psi: unknown, name: string): number | undefined {
  return psi === undefined ? undefined : check.finite(psi, name);
}

function planSize(
  { size }: RunRequest,
  preset: PresetName,
  networks: Networks | null,
  name: string,
): ImageSize {
  // What is no size on a command line stays a text.
  if (typeof size === "string") throw wrongType("a side, or HEIGHTxWIDTH,", name, size);
  if (networks !== null) return checkFittingSize(networks, size, name);
  return checkSize(size ?? presets[preset].size.default, preset, name);
}

function planChannels(
  channels: unknown,
  networks: Networks | null,
  name: string,
): 1 | 3 | undefined {
  if (channels !== undefined && channels !== 1 && channels !== 3)
    throw wrongType("1 or 3", name, channels);
  return networks === null ? channels : checkFitting(networks, channels, name);
}

function planLength(request: RunRequest, preset: PresetName, naming: Naming): RunPlan["length"] {
  const { steps, epochs } = request;
  if (epochs === undefined) {
    return { steps: checkWhole(steps ?? presets[preset].steps, naming("steps"), limits.steps) };
  }
  if (steps !== undefined) {
    const [a, b] = [naming("steps"), naming("epochs")];
    throw wrongType(
      `${a} or ${b}`,
      "the length of the run",
      `${a} ${show(steps)} ${b} ${show(epochs)}`,
    );
  }
  return { epochs: checkWhole(epochs, naming("epochs"), limits.epochs) };
}

/** Data that have a name. A file or folder of that name is asked for as `./mnist`. */
const namedData = ["mnist", "stacked-mnist"] as const;

/** What `--data` takes, as the WHAT of an error. */
export const dataText = `${namedData.join(", ")}, a folder or a file`;

export const isNamedData = (data: unknown) => (namedData as readonly unknown[]).includes(data);

/** Whether each of the three channels is a digit of its own. */
export const isStacked = (data: string) => data === "stacked-mnist";

/** Checks where images are from: a name, or a path, which is made absolute. Throws TypeError. */
export function planData(data: unknown, name: string): string {
  if (isNamedData(data)) return data as string;
  if (typeof data !== "string" || data === "") throw wrongType(dataText, name, data);
  const why = whyMissing(data);
  if (why !== undefined) throw wrongType(dataText, name, data, ` (${why})`);
  return resolve(data);
}

function planOut(out: unknown, what: string, name: string): RunPlace {
  if (out === undefined) return { path: defaultOut(what, new Date()), name, chosen: false };
  return { path: check.path(out, name), name, chosen: true };
}

/** `runs/article-20260131-235959`, by the local clock. */
function defaultOut(what: string, now: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const date = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  const time = `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
  return join("runs", `${what}-${date}-${time}`);
}
