// Going on with a run that was stopped, by whatever: what its folder says, checked like a stranger's.
import * as check from "../check.js";
import type { Dataset } from "../data/dataset.js";
import { isDevice, resolveDevice, setThreads } from "../device.js";
import { SparringError, show } from "../errors.js";
import { writeWhole } from "../files.js";
import { presetNames } from "../presets.js";
import type { Trainer } from "../trainer.js";
import { Checkpoints } from "./checkpoints.js";
import type { RunConfig } from "./config.js";
import { type DataWatch, loadData } from "./data.js";
import { Epochs } from "./epochs.js";
import { RunFolder } from "./folder.js";
import type { Meter } from "./meter.js";
import type { ResumePlan } from "./plan.js";
import { readRunConfig } from "./stored.js";

/** A run as it goes on. */
export interface Resumed {
  readonly folder: RunFolder;
  readonly config: RunConfig;
  readonly trainer: Trainer;
  /** The tick that was under way. */
  readonly meter: Meter;
  readonly dataset: Dataset;
  /** Seconds that it had taken. */
  readonly seconds: number;
}

/**
 * Loads what a run needs to go on: its config, the newest intact checkpoint, and the data, which have to be those that it
 * began with. Throws ERR_DATA, ERR_CHECKPOINT, ERR_DEVICE; changes nothing but broken checkpoints, which go.
 */
export async function loadRun(plan: ResumePlan, watch: DataWatch): Promise<Resumed> {
  const folder = RunFolder.at(plan.path);
  const config = extend(await readRunConfig(folder, plan.name, checkConfig), plan);
  const device = resolveDevice(config.device, plan.name);
  await setThreads(config.threads);
  const note = watch.onNote ?? (() => {});
  const checkpoints = new Checkpoints(folder.checkpoints);
  const { trainer, meter } = await checkpoints.newest(plan.name, { device }, note);
  const { naming } = plan;
  const channels = config.channels === 1 || config.channels === 3 ? config.channels : undefined;
  const dataset = await loadData({ ...config, channels, naming }, device, watch);
  try {
    await checkSameData(trainer, dataset, config);
  } catch (error) {
    trainer.dispose();
    dataset.dispose();
    throw error;
  }
  const seconds = await folder.cutStats(trainer.step, config.logEvery);
  await writeWhole(folder.config, [`${JSON.stringify(config, null, 2)}\n`]);
  return { folder, config, trainer, meter, dataset, seconds };
}

/** The same with another length, if one was asked for. */
function extend(config: RunConfig, { length, naming }: ResumePlan): RunConfig {
  if (length === undefined) return config;
  const epochs = new Epochs(config.images, config.batch, config.discriminatorSteps);
  const steps = "steps" in length ? length.steps : epochs.steps(length.epochs);
  check.integer(steps, naming("steps"), 1);
  return { ...config, steps };
}

async function checkSameData(trainer: Trainer, dataset: Dataset, config: RunConfig): Promise<void> {
  const [before, now] = await Promise.all([trainer.snapshot(), dataset.native.fingerprint()]);
  if (before.data === "0".repeat(16) || before.data === now) return;
  throw new SparringError(
    "ERR_DATA",
    `Expected the data that the run began with (fingerprint ${before.data}) for ${show(config.data)} but received others (${now})`,
  );
}

/** Networks and rules are the checkpoint's; here is what the loop and the data need. */
function checkConfig(value: unknown): RunConfig {
  if (!check.isObject(value)) throw new TypeError("it is not an object");
  const config = value as unknown as RunConfig;
  check.oneOf(config.preset, "preset", presetNames);
  check.string(config.data, "data");
  if (!isDevice(config.device)) throw new TypeError("its device is none");
  const whole = ["images", "size", "channels", "steps", "batch", "discriminatorSteps"] as const;
  for (const key of whole) check.integer(config[key], key, 1);
  for (const key of ["sampleEvery", "logEvery", "checkpointEvery"] as const)
    check.integer(config[key], key, 1);
  check.integer(config.rollbacks, "rollbacks", 0);
  check.integer(config.keepCheckpoints, "keepCheckpoints", 1);
  check.threads(config.threads, "threads");
  check.seed(config.sampleSeed, "sampleSeed");
  return config;
}
