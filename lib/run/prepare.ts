// From a plan to everything that a run needs, loaded and fitting together; nothing is on the disk
// yet.
import type { Dataset } from "../data/dataset.js";
import { type Device, setThreads, threads } from "../device.js";
import { outOfRange } from "../errors.js";
import { type Keep, keeping } from "../keeping.js";
import type { PresetImage } from "../presets/kind.js";
import { Discriminator, Generator } from "../networks.js";
import { checkOptions } from "../trainer/check-options.js";
import { classesUnseen } from "../trainer/data.js";
import type { TrainerSettings } from "../trainer/options.js";
import { checkFit } from "../trainer/run-options.js";
import { Trainer } from "../trainer.js";
import { type RunConfig, resolveConfig, trainingOf } from "./config.js";
import type { DataWatch } from "./data.js";
import { chooseDevice } from "./device.js";
import { Judge } from "./evaluation.js";
import { checkRunFolder, type RunPlace } from "./folder.js";
import { giveAverage, giveFirst, readFirst } from "./from.js";
import { loadParts, type RunImages } from "./parts.js";
import { isStacked, type Naming, type RunPlan } from "./plan.js";
import { imageOf, pairOf } from "./recipe.js";
import type { Team } from "./team.js";

/** A run before its first step. */
export interface Prepared {
  readonly config: RunConfig;
  readonly trainer: Trainer;
  readonly dataset: Dataset;
  readonly judge: Judge | undefined;
  /** The fingerprint of the images that are kept back, for checkpoints. */
  readonly heldFingerprint: string | undefined;
  /** Where the run is to go. */
  readonly place: RunPlace;
}

/**
 * Loads what the plan names. Whatever is wrong with it is thrown here, cheap checks first, and
 * nothing is left of what was made until then.
 */
export function prepareRun(plan: RunPlan, watch: DataWatch, team: Team): Promise<Prepared> {
  return keeping((keep) => prepareKept(plan, watch, team, keep));
}

async function prepareKept(
  plan: RunPlan,
  watch: DataWatch,
  team: Team,
  keep: Keep,
): Promise<Prepared> {
  const { naming } = plan;
  if (team.isFirst) await checkRunFolder(plan.out);
  const device = chooseDevice(plan.device, naming("device"), team);
  checkRollbacks(plan.rollbacks, naming("rollbacks"), team);
  if (plan.threads !== undefined) await setThreads(plan.threads);
  const build = (image: PresetImage) => buildPair(plan, image, device, team, keep);
  // Networks that are no preset's may not fit each other: better known before images are packed for
  // an hour.
  const wanted = plan.networks === null ? undefined : imageOf(plan.networks);
  const own = wanted && build({ image: wanted });
  // The others have its weights from the first, as all weights.
  const first = team.isFirst ? await readFirst(plan, watch.onNote ?? (() => {})) : undefined;
  if (own !== undefined) await giveFirst(first, own, plan);
  const channels = () => first?.run.discriminator.image[0];
  const learnt = plan.from === null ? undefined : await team.tell(channels);
  const fitting = { fitting: wanted?.[0] ?? learnt };
  // Evaluations look at the images themselves.
  const some = watch.keep === false && plan.evaluateEvery === 0;
  const watched = { ...watch, some };
  const images = await team.inTurn(() => loadParts({ ...plan, ...fitting }, device, watched));
  const dataset = keep(images.dataset);
  keep(images.held);
  const { image, classes } = dataset;
  const settings = own ?? build({ image, classes: classes || undefined });
  if (own === undefined) await giveFirst(first, settings, plan);
  const { generator, discriminator } = settings;
  checkFit(dataset, settings, plan, naming);
  const unseen = classesUnseen(dataset, settings);
  if (unseen !== undefined) watch.onNote?.(unseen);
  await Promise.all([generator.ready(), discriminator.ready()]);
  const fromStep = first?.step ?? null;
  const found = { device, threads: await threads(), fromStep, ...images };
  const config = resolveConfig(plan, settings, found);
  const judge = keep(team.isFirst ? await judgeOf(config, images, naming) : undefined);
  // A dry run makes no checkpoint.
  const isSaved = team.isFirst && watch.keep !== false;
  const heldFingerprint = isSaved ? await images.held?.native.fingerprint() : undefined;
  images.held?.dispose();
  const trainer = keep(new Trainer(settings));
  await giveAverage(first, trainer, plan);
  return { config, trainer, dataset, judge, heldFingerprint, place: plan.out };
}

/** Checks that a run which is asked to go back may do so. Throws RangeError. */
export function checkRollbacks(rollbacks: number, name: string, team: Team): void {
  if (team.size === 1 || rollbacks === 0) return;
  const what = "0 where several ranks train, of which none goes back by itself,";
  throw outOfRange(what, name, rollbacks);
}

/** Makes the pair, and checks that its rules fit it. */
function buildPair(
  plan: RunPlan,
  image: PresetImage,
  device: Device,
  team: Team,
  keep: Keep,
): TrainerSettings {
  const pair = pairOf(plan, image);
  const generator = keep(new Generator(pair.generator, { device, seed: plan.seed }));
  const discriminator = keep(new Discriminator(pair.discriminator, { device }));
  const rules = { ...trainingOf(plan), distributed: team.group };
  return checkOptions({ generator, discriminator, ...rules }, plan.naming);
}

/**
 * Makes who judges the generator while it trains, by the images that are kept back where there are
 * any; undefined where no evaluations are wanted.
 */
export async function judgeOf(
  config: RunConfig,
  { dataset, held = dataset }: RunImages,
  naming: Naming,
): Promise<Judge | undefined> {
  const { evaluateEvery, evaluateFeatures: features, evaluateSamples: samples, device } = config;
  if (evaluateEvery === 0) return undefined;
  const stacked = isStacked(config.data);
  const plan = { features, stacked, samples, seed: config.sampleSeed, names: undefined };
  const called = { features: naming("evaluateFeatures"), samples: naming("evaluateSamples") };
  return Judge.prepare({ ...plan, naming: (option) => called[option] }, held, device);
}
