// One run as the dashboard sees it: its card in the list, its statistics, its pictures.
import { readdir } from "node:fs/promises";
import { basename } from "node:path";
import { isObject } from "../check.js";
import { readWhole, withFile } from "../files.js";
import { reason } from "../reason.js";
import { Checkpoints } from "../run/checkpoints.js";
import { trainedText } from "../run/config.js";
import { RunFolder } from "../run/folder.js";
import { textOf } from "../run/json.js";
import { toStepPlan } from "../run/step-plan.js";
import { configLimit, parseStored } from "../run/stored.js";
import type { StepPlan } from "../trainer/explanation.js";
import { FileMemo } from "./file-memo.js";
import { type RunCard, type RunState, type Series, series } from "./page/protocol.js";
import { type ParsedTick, parseTick, Ticks } from "./ticks.js";

/** Bytes. A sample grid has a few megabytes at most: what is larger is none. */
const gridLimit = 16 * 1024 ** 2;
/** Bytes. More than the last lines of any stats.jsonl have. */
const endSize = 16 * 1024;
/** Milliseconds. Whether a run goes on that has been silent for longer, nobody can say. */
const quietAfter = 120_000;

/** What turns the direction of writing, of what stands behind the name in a line, too. */
const turning = /[\u202a-\u202e\u2066-\u2069]/g;

type Json = { readonly value: Readonly<Record<string, unknown>> } | { readonly problem: string };
/** With what keeps the run from having a plan, although the file can be read. */
type Config = Json & { readonly nonsense?: string | undefined };

export class ShownRun {
  readonly id: string;
  readonly folder: RunFolder;
  readonly ticks: Ticks;
  readonly #config: FileMemo<Config>;
  readonly #summary: FileMemo<Json>;
  readonly #plan: FileMemo<Json>;
  readonly #samples: FileMemo<number[]>;
  readonly #checkpoints: FileMemo<number[]>;
  readonly #last: FileMemo<ParsedTick>;

  constructor(id: string, path: string) {
    this.id = id;
    this.folder = RunFolder.at(path);
    this.ticks = new Ticks(this.folder.stats);
    this.#config = new FileMemo(this.folder.config, readConfig);
    this.#summary = new FileMemo(this.folder.summary, readJson);
    this.#plan = new FileMemo(this.folder.plan, readJson);
    this.#samples = new FileMemo(this.folder.samples, listSamples);
    this.#checkpoints = new FileMemo(this.folder.checkpoints, listCheckpoints);
    this.#last = new FileMemo(this.folder.stats, readLastTick);
  }

  /** What the list shows of it. Never rejects: what is broken is told in it. */
  async card(now: number = Date.now()): Promise<RunCard> {
    const [config, summary, samples, checkpoints, last] = await Promise.all([
      this.#config.get(),
      this.#summary.get(),
      this.#samples.get(),
      this.#checkpoints.get(),
      this.#last.get(),
    ]);
    const values = config !== undefined && "value" in config ? config.value : {};
    const ending = summary !== undefined && "value" in summary ? summary.value : undefined;
    const figure = (name: Series) => last?.values[series.indexOf(name)] ?? null;
    return {
      id: this.id,
      name: (this.id === "." ? basename(this.folder.path) : this.id).replace(turning, "\ufffd"),
      state: this.#state(config, ending, now),
      problems: [
        ...problemsOf("config.json", config),
        ...(config?.nonsense === undefined
          ? []
          : [`Its config.json makes no sense: ${config.nonsense}.`]),
        ...problemsOf("summary.json", summary),
      ].concat(
        ending?.state === "failed" && typeof ending.reason === "string" ? [ending.reason] : [],
      ),
      preset: text(values.preset) ?? (values.generator === undefined ? null : trainedText(null)),
      data: text(values.data),
      step: whole(ending?.step) ?? last?.step ?? (samples?.includes(0) ? 0 : null),
      steps: whole(values.steps),
      seconds: last?.seconds ?? null,
      generatorLoss: figure("generatorLoss"),
      discriminatorLoss: figure("discriminatorLoss"),
      imagesPerSecond: figure("imagesPerSecond"),
      started: text(values.started),
      samples: samples ?? [],
      checkpoints: checkpoints ?? [],
    };
  }

  /** What summary.json holds; null while the run goes on. */
  async summary(): Promise<Readonly<Record<string, unknown>> | null> {
    const found = await this.#summary.get();
    return found !== undefined && "value" in found ? found.value : null;
  }

  /** How its steps are carried out: null before the first, and where `problems` says why. */
  async steps(): Promise<{ plan: StepPlan | null; problems: string[] }> {
    const found = await this.#plan.get();
    if (found === undefined || "problem" in found)
      return { plan: null, problems: problemsOf("plan.json", found) };
    const plan = toStepPlan(found.value) ?? null;
    const problem = { problem: "it does not say how steps are carried out" };
    return { plan, problems: plan === null ? problemsOf("plan.json", problem) : [] };
  }

  /** The sample grid of a step, a PNG. Undefined where there is none. */
  async sample(step: number): Promise<Buffer | undefined> {
    if (!(await this.#samples.get())?.includes(step)) return undefined;
    const picture = new FileMemo(this.folder.sample(step), (path) => readWhole(path, gridLimit));
    return picture.get();
  }

  #state(
    config: Json | undefined,
    ending: Readonly<Record<string, unknown>> | undefined,
    now: number,
  ): RunState {
    if (config === undefined || "problem" in config) return "unreadable";
    const state = ending?.state;
    if (state === "done" || state === "stopped" || state === "failed") return state;
    const news = [this.#last, this.#samples, this.#checkpoints, this.#config];
    const newest = Math.max(...news.map((one) => one.changed));
    return now - newest < quietAfter ? "running" : "quiet";
  }
}

async function readConfig(path: string): Promise<Config> {
  const json = await readJson(path);
  if ("problem" in json) return json;
  try {
    parseStored(json.value);
    return json;
  } catch (error) {
    return { ...json, nonsense: reason(error) };
  }
}

async function readJson(path: string): Promise<Json> {
  try {
    const value: unknown = JSON.parse(textOf(await readWhole(path, configLimit)));
    return isObject(value) ? { value } : { problem: "it is not an object" };
  } catch (error) {
    return { problem: error instanceof SyntaxError ? "it is not JSON" : reason(error) };
  }
}

function problemsOf(file: string, json: Json | undefined): string[] {
  if (json === undefined) return file === "config.json" ? ["It has no config.json."] : [];
  return "problem" in json ? [`Its ${file} cannot be read: ${json.problem}.`] : [];
}

async function listSamples(path: string): Promise<number[]> {
  const names = await readdir(path);
  const steps = names.flatMap((name) => /^(\d{1,15})\.png$/.exec(name)?.[1] ?? []);
  return steps.map(Number).sort((a, b) => a - b);
}

async function listCheckpoints(path: string): Promise<number[]> {
  return (await new Checkpoints(path).list()).map(({ step }) => step).reverse();
}

/** The last whole line that is a tick. */
function readLastTick(path: string): Promise<ParsedTick> {
  return withFile(path, async (file, size) => {
    const length = Math.min(size, endSize);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    const lines = buffer.subarray(0, bytesRead).toString("utf8").split("\n");
    for (const line of lines.reverse()) {
      const tick = parseTick(line);
      if (tick !== undefined) return tick;
    }
    throw new Error("it has no tick");
  });
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function whole(value: unknown): number | null {
  return Number.isSafeInteger(value) ? (value as number) : null;
}

/** Whether a folder is one of a run: what RunFolder.create() makes, or what is left of it. */
export function looksLikeRun(names: ReadonlySet<string>): boolean {
  const { config, stats, samples } = RunFolder.at(".");
  const has = (path: string) => names.has(basename(path));
  return has(stats) || (has(config) && has(samples));
}
