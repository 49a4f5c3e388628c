// Going on with a run that was stopped, by whatever: what its folder says, checked like a
// stranger's.
import { addon, direct } from "../addon.js";
import * as check from "../check.js";
import { noData } from "../checkpoint/format.js";
import type { Checkpoint } from "../checkpoint/load.js";
import type { Dataset } from "../data/dataset.js";
import { type Device, kindOf } from "../device.js";
import { outOfRange, refused, show, type SparringError } from "../errors.js";
import { writeWhole } from "../files.js";
import { type Keep, keeping } from "../keeping.js";
import { checkPrecision } from "../trainer/check-options.js";
import { Watcher } from "../trainer/health.js";
import { checkFit } from "../trainer/run-options.js";
import { Trainer } from "../trainer.js";
import type { Precision } from "../trainer/options.js";
import { type AskedChanges, goOn } from "./changes.js";
import { Checkpoints } from "./checkpoints.js";
import { imagesOf, type RunConfig, sampleSeed } from "./config.js";
import type { DataWatch } from "./data.js";
import { chooseDevice } from "./device.js";
import { RunEpochs } from "./epochs.js";
import type { Judge } from "./evaluation.js";
import { Evaluations } from "./evaluations.js";
import { RunFolder } from "./folder.js";
import type { Meter } from "./meter.js";
import { forFile } from "./out.js";
import { checkPlaces } from "./own-files.js";
import { parseRunConfig } from "./parse-config.js";
import { loadParts, type RunImages } from "./parts.js";
import type { Naming, ResumePlan } from "./plan.js";
import { checkRollbacks, judgeOf } from "./prepare.js";
import { readRunConfig } from "./stored.js";
import type { Team } from "./team.js";
import { takeThreads } from "./threads.js";

/** A run as it goes on. */
export interface Resumed {
  readonly folder: RunFolder;
  readonly config: RunConfig;
  readonly trainer: Trainer;
  /** The tick that was under way. */
  readonly meter: Meter;
  readonly dataset: Dataset;
  readonly judge: Judge | undefined;
  /** The fingerprint of the images that are kept back, for checkpoints. */
  readonly heldFingerprint: string | undefined;
  /** Seconds that the run had taken. */
  readonly seconds: number;
  /** Has seen the ticks until the checkpoint. */
  readonly watcher: Watcher;
}

/**
 * Loads what a run needs to go on: its config, the newest intact checkpoint, and the data, which
 * have to be those that it began with; nobody else trains it from here on. Throws ERR_DATA,
 * ERR_CHECKPOINT, ERR_DEVICE, ERR_OUTPUT, and RangeError for a length that is behind it; changes
 * nothing before all of them fit.
 */
export async function loadRun(plan: ResumePlan, watch: DataWatch, team: Team): Promise<Resumed> {
  await readResumed(plan);
  return keeping((keep) => loadLocked(keep(RunFolder.lock(plan)), plan, watch, team, keep));
}

/**
 * Reads the config of the run that a plan is to go on with. Throws ERR_DATA where there is none.
 */
export function readResumed({ path, name }: ResumePlan): Promise<RunConfig> {
  return readRunConfig(RunFolder.at(path), name, parseRunConfig);
}

/** Loads a run from its folder, which this process has locked. */
async function loadLocked(
  folder: RunFolder,
  plan: ResumePlan,
  watch: DataWatch,
  team: Team,
  keep: Keep,
): Promise<Resumed> {
  const note = watch.onNote ?? (() => {});
  await checkPlaces(folder, plan.name);
  const checkpoints = new Checkpoints(folder.checkpoints);
  const newest = await loadNewest(checkpoints, plan, note, team);
  const { meter } = newest;
  const trainer = keepAll(newest.trainer, keep);
  const { asked, config, changed } = goOnWith(newest, plan);
  checkLength(config, plan, trainer.step);
  if (team.size > 1 && config.rollbacks > 0) note(noRollbacks);
  const told = { ...asked, precision: config.precision };
  await team.tell(() => ({ config: told, pair: trainer.described() }) satisfies Told);
  const images = await team.inTurn(() => loadAgain(config, plan.naming, watch));
  const dataset = keep(images.dataset);
  keep(images.held);
  await checkSameData(trainer, dataset, config);
  const heldFingerprint = await images.held?.native.fingerprint();
  checkSameHeld(newest.heldFingerprint, heldFingerprint, config);
  checkFacts(folder, config, images);
  checkFit(dataset, trainer.settings, config, plan.naming, { mayDrop: false });
  const judge = keep(await judgeOf(config, images, plan.naming));
  if (judge !== undefined) await checkComparable(folder, trainer.step, { judge, config }, plan);
  images.held?.dispose();
  await folder.mend(plan.name);
  await checkpoints.drop(newest.broken);
  const seen = await rewind(folder, checkpoints, config, trainer.step);
  await forFile(plan.name, () =>
    writeWhole(folder.config, [`${JSON.stringify(asked, null, 2)}\n`]),
  );
  if (changed.length > 0)
    note(`From step ${trainer.step} on other rules hold: ${changed.join(", ")}`);
  return { folder, config, trainer, meter, dataset, judge, heldFingerprint, ...seen };
}

/** Keeps a trainer with its networks, which nobody else has. */
function keepAll(trainer: Trainer, keep: Keep): Trainer {
  keep(trainer.generator);
  keep(trainer.discriminator);
  return keep(trainer);
}

/** Takes the records of a run back to a step. Gives what was seen until there. */
async function rewind(
  folder: RunFolder,
  checkpoints: Checkpoints,
  config: RunConfig,
  step: number,
): Promise<Pick<Resumed, "seconds" | "watcher">> {
  const ticks = await folder.cutStats(step, config);
  await folder.cutEvents();
  await checkpoints.recallBest(await new Evaluations(folder.evaluations).cut(step));
  const last = ticks.at(-1)?.seconds;
  return { seconds: typeof last === "number" ? last : 0, watcher: Watcher.after(ticks) };
}

/** Loads the trainer, by the rules that are to hold from there on. */
async function loadNewest(
  checkpoints: Checkpoints,
  plan: ResumePlan,
  note: (text: string) => void,
  team: Team,
) {
  const there = await readResumed(plan);
  checkRollbacks(plan.changes.values.rollbacks ?? 0, plan.naming("rollbacks"), team);
  const device = deviceOf(plan, there, team);
  const precision = takePrecision(plan, there, device, note);
  const changes = changesOn(plan, precision);
  const threads = await takeThreads(there.threads, note);
  const others = { device, precision, distributed: team.group };
  const optionsOf = (saved: Checkpoint) => ({ ...goOn(there, changes, saved).options, ...others });
  const cure = async () =>
    (await RunFolder.at(plan.path).hasWeights())
      ? `${plan.naming("from")} begins another run with its weights`
      : undefined;
  const newest = await checkpoints.newest(plan.name, optionsOf, note, cure);
  return { ...newest, there, changes, machine: { device, precision, threads } };
}

/**
 * Makes the config by which the run goes on: `asked` as its file is to have it, and as this machine
 * does it. Throws RangeError for a length that is none.
 */
function goOnWith(
  { there, changes, machine, trainer, was }: Awaited<ReturnType<typeof loadNewest>>,
  plan: ResumePlan,
) {
  const { step } = trainer;
  const { config: going, changed } = goOn(there, changes, { step, trainer: was });
  const longer = extend(going, plan);
  const length = plan.restarted === true && longer.steps < step ? going : longer;
  const { device } = machine;
  const asked = plan.device === undefined ? length : { ...length, device };
  return { asked, config: { ...asked, ...machine }, changed };
}

const noRollbacks =
  "No rollbacks, which the run began with: where several ranks train none goes back by itself";

/** What rank 0 tells the other ranks of the run that goes on: they need not see its folder. */
interface Told {
  /** As its file is to have it, but for the precision, which is one for all ranks. */
  readonly config: RunConfig;
  readonly pair: ReturnType<Trainer["described"]>;
}

/**
 * Loads what the other ranks need. Weights, and all else that training changes, they take over from
 * rank 0 later.
 */
export function accompanyRun(
  watch: DataWatch,
  team: Team,
): Promise<Pick<Resumed, "config" | "trainer" | "dataset">> {
  return keeping(async (keep) => {
    const { config: asked, pair } = await team.hear<Told>();
    const device = chooseDevice(wantedDevice(asked, team), "the device of the run", team);
    const config = { ...asked, device, threads: await takeThreads(asked.threads, () => {}) };
    const trainer = Trainer.like(pair, { device, distributed: team.group }, keep);
    const { dataset, held } = await team.inTurn(() => loadAgain(config, (option) => option, watch));
    held?.dispose();
    return { config, trainer, dataset };
  });
}

/**
 * Takes the precision that is asked for, or that the run had; TF32 is how a GPU rounds float32, and
 * a device without it does what it stands for.
 */
function takePrecision(
  { changes, naming }: ResumePlan,
  { precision }: RunConfig,
  device: Device,
  note: (text: string) => void,
): Precision {
  const asked = changes.values.precision;
  if (asked !== undefined) return checkPrecision(asked, device, naming("precision"));
  if (precision !== "tf32" || direct(() => addon().precisions(device)).includes(precision))
    return precision;
  note(`float32 in place of the run's tf32, which ${device} has not: the last digits may differ`);
  return "float32";
}

/** What is to be changed: on another device the precision, too. */
function changesOn({ changes, device }: ResumePlan, precision: Precision): AskedChanges {
  return device === undefined ? changes : { ...changes, values: { ...changes.values, precision } };
}

/** The device that was asked for, or else the run's. */
function deviceOf({ device, naming }: ResumePlan, config: RunConfig, team: Team): Device {
  const option = naming("device");
  if (device !== undefined) return chooseDevice(device, option, team);
  return chooseDevice(wantedDevice(config, team), `the run (${option} names another)`, team);
}

/** A run says which device it had; of ranks that go on with it each has its own. */
function wantedDevice({ device }: RunConfig, { group }: Team): Device {
  return group === undefined ? device : kindOf(device);
}

function loadAgain(config: RunConfig, naming: Naming, watch: DataWatch): Promise<RunImages> {
  const channels = config.channels === 1 || config.channels === 3 ? config.channels : undefined;
  return loadParts({ ...config, channels, naming }, config.device, watch);
}

/**
 * The config, with another length if one was asked for; its epochs are those that it goes on by.
 */
function extend(config: RunConfig, { length, naming }: ResumePlan): RunConfig {
  if (length === undefined) return config;
  const epochs = new RunEpochs(config);
  const steps = "steps" in length ? length.steps : epochs.steps(length.epochs);
  if ("epochs" in length && !Number.isSafeInteger(steps))
    throw outOfRange("fewer of them", naming("epochs"), length.epochs);
  check.integer(steps, naming("steps"), 1);
  return { ...config, steps };
}

/** Checks that a length which was asked for is not behind what is done, in the unit that it has. */
function checkLength(config: RunConfig, { length, naming }: ResumePlan, done: number): void {
  if (length === undefined || config.steps >= done) return;
  if ("steps" in length)
    throw outOfRange(`at least ${done} steps, which are done,`, naming("steps"), length.steps);
  const epochs = new RunEpochs(config);
  const what = `at least ${epochs.count(done)} epochs, which have begun,`;
  throw outOfRange(what, naming("epochs"), length.epochs);
}

/**
 * Refuses another number of samples, or another network, than that of the evaluations that are
 * there: the best checkpoint is chosen by comparing them. A network is known by what it is, not by
 * where it lies.
 */
async function checkComparable(
  folder: RunFolder,
  step: number,
  { judge, config }: { readonly judge: Judge; readonly config: RunConfig },
  { naming }: ResumePlan,
): Promise<void> {
  const last = await new Evaluations(folder.evaluations).last(step);
  if (last === undefined) return;
  const why = "as the best checkpoint is chosen among evaluations that can be compared";
  const { evaluateSamples: samples } = config;
  if (last.samples !== samples)
    throw outOfRange(`${last.samples}, ${why},`, naming("evaluateSamples"), samples);
  if (contentsOf(last.network) !== contentsOf(judge.network))
    throw outOfRange(`${show(last.network)}, ${why},`, naming("evaluateFeatures"), judge.network);
}

/** Of a feature network's name the part that tells what is in it: `net.pt@5cd84e5d1dd3`. */
const contentsOf = (network: string) => network.split("@").at(-1);

async function checkSameData(trainer: Trainer, dataset: Dataset, config: RunConfig): Promise<void> {
  const [snapshot, now] = await Promise.all([trainer.snapshot(), dataset.native.fingerprint()]);
  const { data: before, tensors } = snapshot;
  direct(() => addon().release(tensors));
  if (before !== noData && before !== now)
    throw notSame("data that the run began with", config, before, now);
}

/** Of a run that is older than this fingerprint nobody knows. */
function checkSameHeld(before: unknown, now: string | undefined, config: RunConfig): void {
  if (before === undefined || before === now) return;
  throw notSame("images that the run kept back when it began", config, String(before), String(now));
}

function notSame(what: string, { data }: RunConfig, before: string, now: string): SparringError {
  const began = `the ${what} (fingerprint ${before})`;
  return refused("ERR_DATA", began, show(data), `others (${now})`);
}

/**
 * Refuses facts that somebody edited, where nothing can be set: those about the data, by which
 * epochs are counted and networks made, and the seed of all samples and evaluations.
 */
function checkFacts({ config: file }: RunFolder, config: RunConfig, images: RunImages): void {
  const found = { ...imagesOf(images, config), sampleSeed };
  for (const key of ["images", "heldImages", "channels", "classes", "sampleSeed"] as const) {
    const [now, before] = [found[key], config[key]];
    if (before === now || before === undefined) continue;
    const why = key === "sampleSeed" ? "by which every run is sampled" : "as the data have";
    throw refused("ERR_DATA", `${now}, ${why},`, `${key} of ${file}`, String(before));
  }
}
