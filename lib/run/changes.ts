// Rules that are others where a run goes on: which may be, and what its config says of them.
import { isDeepStrictEqual } from "node:util";
import * as check from "../check.js";
import type { Checkpoint } from "../checkpoint/load.js";
import { within } from "../errors.js";
import { changeable as loaded, checkRule } from "../trainer/load-options.js";
import type { AdaOptions } from "../trainer/ada.js";
import { checkOptimizers } from "../trainer/check-options.js";
import { type LoadOptions, ruleNames } from "../trainer/options.js";
import type { RunConfig } from "./config.js";
import { planFeatures } from "./features.js";
import { checkWhole, limits } from "./limits.js";
import { plainOptions } from "./plain-options.js";
import type { Naming, RunRequest, Unchecked } from "./plan.js";

/** How its steps are carried out, and how often the run does what is beside them. */
const plain = [
  ...(["horizontalFlip", "accumulate", "execution", "precision", "reducePrecision"] as const),
  ...(["sampleEvery", "logEvery", "checkpointEvery", "keepCheckpoints", "rollbacks"] as const),
  ...(["tensorboard", "evaluateEvery", "evaluateSamples"] as const),
] as const;

/** How those are checked that are no rules of a trainer, and do not stand by themselves. */
const checks = {
  batch: (value: unknown, name: string) => checkWhole(value, name, limits.batch),
  // Whether the file is there is asked where it is read: of what held before it need not be.
  evaluateFeatures: check.path,
} as const;

/** Options that may be others from a checkpoint on: those that have a flag, beside lr. */
export const changeableFlags = ["batch", ...plain, "evaluateFeatures"] as const;
/** And those that a config file has. */
export const changeableRules = ruleNames;

const changeable = [...changeableRules, ...changeableFlags];
type Changeable = (typeof changeable)[number];

/** Those that a checkpoint is loaded with; the others are the run's alone. */
type Loaded = (typeof loaded)[number];

/** Of these the run has to know what held before, too: see historyOf(). */
const remembered = ["batch", "discriminatorSteps", "logEvery"] as const;

type Values = {
  readonly [Key in Exclude<Changeable, "ada">]?: RunConfig[Key] | undefined;
} & {
  /** Without `p` the probability goes on. */
  readonly ada?: AdaOptions | null | undefined;
};

/** What was changed where a run went on: a part of its config. */
export interface RunChange {
  /** Steps that were done until then. */
  readonly step: number;
  /** What held for these. */
  readonly before: Values;
  /** What holds from there on. */
  readonly after: Values;
}

/** What a request wants to be other than it was. */
export interface AskedChanges {
  readonly values: Values;
  /** The learning rate of both players. */
  readonly lr: number | undefined;
}

/** Where everything stays as it was. */
export const noChanges: AskedChanges = { values: {}, lr: undefined };

/** Checks what a request wants to change. Throws TypeError or RangeError. */
export function planChanges(request: RunRequest, naming: Naming): AskedChanges {
  const { lr, evaluateFeatures } = request;
  const features =
    evaluateFeatures === undefined
      ? undefined
      : planFeatures(evaluateFeatures, naming("evaluateFeatures"));
  return {
    values: checkValues({ ...request, evaluateFeatures: features }, naming),
    lr: lr === undefined ? undefined : check.positive(lr, naming("lr")),
  };
}

function checkValues(given: Unchecked<Record<Changeable, unknown>>, naming: Naming): Values {
  const asked = changeable.filter((key) => given[key] !== undefined);
  return Object.fromEntries(asked.map((key) => [key, checkValue(key, given[key], naming(key))]));
}

function checkValue(key: Changeable, value: unknown, name: string): unknown {
  if (isPlain(key)) return plainOptions[key].check(value, name);
  if (key === "batch" || key === "evaluateFeatures") return checks[key](value, name);
  const checked = within(name, () => checkRule(key, value));
  if (key !== "ada") return checked;
  const { p, ...others } = checked as AdaOptions;
  return (value as AdaOptions).p === undefined ? others : { p, ...others };
}

const isPlain = (key: Changeable): key is (typeof plain)[number] =>
  (plain as readonly string[]).includes(key);

/** Checks the changes of a config.json, of so many images. Throws TypeError or RangeError. */
export function checkChanges(value: unknown, images: unknown): readonly RunChange[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) throw new TypeError("its changes are no list");
  let done = 0;
  return value.map((change: unknown, i) => {
    const name = `changes[${i}]`;
    if (!check.isObject(change) || !check.isObject(change.before) || !check.isObject(change.after))
      throw new TypeError(`${name} is no change`);
    done = check.integer(change.step, `${name}.step`, done);
    return {
      step: done,
      // All else is not checked: no training goes on by what held.
      before: { ...change.before, ...checkBefore(change.before, images, `${name}.before`) },
      after: checkValues(change.after, (option) => `${name}.after.${option}`),
    };
  });
}

/** Checks what held of what the run has to know. Throws TypeError or RangeError. */
function checkBefore(
  before: Readonly<Record<string, unknown>>,
  images: unknown,
  name: string,
): Values {
  // An epoch has a batch at least.
  if (before.batch !== undefined && Number.isSafeInteger(images))
    check.integer(before.batch, `${name}.batch`, 1, images as number);
  const known = Object.fromEntries(remembered.map((key) => [key, before[key]]));
  return checkValues(known, (option) => `${name}.${option}`);
}

/** How a run goes on from a checkpoint. */
interface GoingOn {
  /** What the checkpoint is to be loaded with. */
  readonly options: Pick<LoadOptions, Loaded>;
  /** What the run's config says from then on. */
  readonly config: RunConfig;
  /** The names of what was changed now. */
  readonly changed: readonly string[];
}

/**
 * Tells how a run goes on: by the rules of its checkpoint, but for those that were changed where it
 * went on from it before, or from a later one, and for those that are asked for now. Such changes
 * hold from this checkpoint on: the steps since are done again.
 *
 * @param saved the trainer's options in the checkpoint, and the steps that were done
 */
export function goOn(
  config: RunConfig,
  asked: AskedChanges,
  saved: Pick<Checkpoint, "trainer" | "step">,
): GoingOn {
  const { changes = [] } = config;
  const earlier = changes.filter(({ step }) => step < saved.step);
  const again = changes.filter(({ step }) => step >= saved.step);
  const since = merged(again.map(({ after }) => after));
  const former: Values = {
    ...pick(config, changeableFlags),
    ...pick(saved.trainer, loaded),
    ...since,
  };
  const wanted = wantedOf(asked, former);
  const changed = changeable.filter((key) => isOther(key, wanted, former));
  const now = { before: orNull(former, changed), after: pick(wanted, changed) };
  const whole = together([...again, now]);
  const isNone = Object.keys(whole.after).length === 0;
  const kept = isNone ? earlier : [...earlier, { step: saved.step, ...whole }];
  return {
    options: pick(merged([since, now.after]), loaded) as Pick<LoadOptions, Loaded>,
    config: { ...config, ...told(now.after, former), changes: kept.length > 0 ? kept : undefined },
    changed: changed.map((key) => (key === "optimizer" && asked.lr !== undefined ? "lr" : key)),
  };
}

/** What is wanted, where a rate goes before that of the optimizers. */
function wantedOf({ values, lr }: AskedChanges, former: Values): Values {
  if (lr === undefined) return values;
  const { generator, discriminator } = checkOptimizers(values.optimizer ?? former.optimizer);
  const optimizer = { generator: { ...generator, lr }, discriminator: { ...discriminator, lr } };
  return { ...values, optimizer };
}

/** Several changes of one step as one: what held before the first, and holds after the last. */
function together(all: readonly Omit<RunChange, "step">[]): Omit<RunChange, "step"> {
  const before = merged(all.toReversed().map((change) => change.before));
  const after = merged(all.map((change) => change.after));
  const others = changeable.filter((key) => isOther(key, after, before));
  return { before: pick(before, others), after: pick(after, others) };
}

/**
 * What holds after several, one after the other. ADA goes on at its probability unless one is
 * named.
 */
function merged(values: readonly Values[]): Values {
  const all: Values = Object.assign({}, ...values);
  const p = values.findLast(({ ada }) => ada?.p !== undefined)?.ada?.p;
  return all.ada && p !== undefined ? { ...all, ada: { p, ...all.ada } } : all;
}

/** Those of the keys that are there. */
function pick<Key extends string>(
  values: { readonly [One in Key]?: unknown },
  keys: readonly Key[],
): { readonly [One in Key]?: never } {
  const there = keys.filter((key) => values[key] !== undefined);
  return Object.fromEntries(there.map((key) => [key, values[key]])) as never;
}

/** What held; null where there was none, as an average or ADA. */
const orNull = (former: Values, keys: readonly Changeable[]): Values =>
  Object.fromEntries(keys.map((key) => [key, former[key] ?? null]));

/** Whether what is wanted is other than what held. A probability of ADA is set, whatever it was. */
function isOther(key: Changeable, wanted: Values, former: Values): boolean {
  const [now, before] = [wanted[key], former[key] ?? null];
  if (now === undefined) return false;
  if (key !== "ada" || before === null) return !isDeepStrictEqual(asJson(now), asJson(before));
  const { p, ...others } = now as AdaOptions;
  const { p: _, ...same } = before as AdaOptions;
  return p !== undefined || !isDeepStrictEqual(asJson(others), asJson(same));
}

const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** What changed as a config tells it: of ADA with the probability that it began with. */
function told(after: Values, former: Values): Partial<RunConfig> {
  const { ada, ...others } = after;
  if (ada === undefined || ada === null) return others as Partial<RunConfig>;
  return { ...others, ada: { p: former.ada?.p ?? 0, ...ada } } as Partial<RunConfig>;
}
