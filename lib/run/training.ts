// A training run: from a plan to networks, data and a folder that fills while they train.
import type { Dataset } from "../data/dataset.js";
import { type Device, devices, resolveDevice, setThreads, threads } from "../device.js";
import { SparringError } from "../errors.js";
import { Discriminator, Generator } from "../networks.js";
import { type Preset, presets } from "../presets.js";
import { checkDataset } from "../trainer/data.js";
import { Watcher } from "../trainer/health.js";
import { checkOptions } from "../trainer/options.js";
import { type Explanation, type Tick, Trainer } from "../trainer.js";
import { checkBatch } from "../trainer/data.js";
import { type RunConfig, resolveConfig, trainingOf } from "./config.js";
import { Checkpoints } from "./checkpoints.js";
import { type DataWatch, loadData } from "./data.js";
import { Epochs } from "./epochs.js";
import { checkRunFolder, RunFolder, type RunPlace } from "./folder.js";
import { gridOf } from "./grid.js";
import { Meter } from "./meter.js";
import { Pace } from "./pace.js";
import type { ResumePlan, RunPlan } from "./plan.js";
import { loadRun } from "./resume.js";

/** A line of stats.jsonl. */
export interface RunTick extends Tick {
  /** Epoch of the last batch of this tick, from 0. */
  readonly epoch: number;
  /** The last batch of this tick in its epoch, from 0. */
  readonly batch: number;
  /** Since training began, with everything that is not a step. */
  readonly seconds: number;
}

/** How a run is watched and ended. */
export interface TrainOptions {
  /** Ends the run at the next step boundary; its weights and last samples are saved all the same. */
  readonly signal?: AbortSignal;
  /** Reports about this often beside the ticks, for someone who watches. @default only the ticks */
  readonly secondsApart?: number;
  /** Called with a sentence about what was not as it should be, and did not end the run. */
  readonly onNote?: (sentence: string) => void;
}

/** The steps since the last tick; `complete` if this is one, and a line of stats.jsonl. */
export interface RunReport {
  readonly tick: RunTick;
  readonly complete: boolean;
}

/** Everything a run needs, loaded and fitting together; nothing is on the disk yet. */
export class TrainingRun implements Disposable {
  readonly config: RunConfig;
  readonly epochs: Epochs;
  readonly #dataset: Dataset;
  #trainer: Trainer;
  /** Where it is to go, until it is there. */
  readonly #place: RunPlace | undefined;
  #folder: RunFolder | undefined;
  /** Seconds that it had taken before it was resumed. */
  readonly #before: number;
  /** The tick that is under way. */
  #meter: Meter;
  #checkpoints: Checkpoints | undefined;
  #saving: Promise<void> = Promise.resolve();

  private constructor(
    config: RunConfig,
    trainer: Trainer,
    dataset: Dataset,
    at: { place: RunPlace } | { folder: RunFolder; seconds: number; meter: Meter },
  ) {
    this.config = config;
    this.#trainer = trainer;
    this.epochs = new Epochs(config.images, config.batch, config.discriminatorSteps);
    this.#dataset = dataset;
    this.#place = "place" in at ? at.place : undefined;
    this.#folder = "folder" in at ? at.folder : undefined;
    this.#before = "seconds" in at ? at.seconds : 0;
    this.#meter = "meter" in at ? at.meter : new Meter();
  }

  /** Loads a run that was stopped, by whatever, at its newest intact checkpoint. */
  static async resume(plan: ResumePlan, watch: DataWatch = {}): Promise<TrainingRun> {
    const { config, trainer, dataset, folder, seconds, meter } = await loadRun(plan, watch);
    return new TrainingRun(config, trainer, dataset, { folder, seconds, meter });
  }

  /** Loads what the plan names. Whatever is wrong with it is thrown here, cheap checks first. */
  static async prepare(plan: RunPlan, watch: DataWatch = {}): Promise<TrainingRun> {
    const { naming, size, batch } = plan;
    await checkRunFolder(plan.out);
    const device = chooseDevice(plan);
    if (plan.threads !== undefined) await setThreads(plan.threads);
    const dataset = await loadData(plan, device, watch);
    const image = { size, channels: dataset.image[0] as number };
    const preset: Preset = presets[plan.preset];
    const pair = preset.pair({ ...image, classes: dataset.classes || undefined });
    const generator = new Generator(pair.generator, { device, seed: plan.seed });
    const discriminator = new Discriminator(pair.discriminator, { device });
    checkBatch(batch, naming("batch"), { generator, discriminator }, dataset.size);
    const settings = checkOptions({ generator, discriminator, ...trainingOf(plan) });
    checkDataset(dataset, settings);
    await Promise.all([generator.ready(), discriminator.ready()]);
    const found = { device, threads: await threads(), dataset };
    const config = resolveConfig(plan, settings, found);
    return new TrainingRun(config, new Trainer(settings), dataset, { place: plan.out });
  }

  /** Makes the run folder, unless the run is resumed. Throws ERR_OUTPUT, and leaves nothing behind, if that cannot be done. */
  async open(): Promise<RunFolder> {
    this.#folder ??= await RunFolder.create(this.#place as RunPlace, this.config);
    return this.#folder;
  }

  get generator(): Generator {
    return this.#trainer.generator;
  }

  get discriminator(): Discriminator {
    return this.#trainer.discriminator;
  }

  /** How its steps are carried out, and what they cost. */
  explain(): Promise<Explanation> {
    return this.#trainer.explain({ batchSize: this.config.batch });
  }

  /** Steps done so far. */
  get step(): number {
    return this.#trainer.step;
  }

  /** Trains to the end or until the signal; samples, statistics, checkpoints and weights go to the folder. */
  async *train(options: TrainOptions = {}): AsyncGenerator<RunReport, void, void> {
    const folder = this.#folder ?? (await this.open());
    const pace = options.secondsApart === undefined ? undefined : new Pace(options.secondsApart);
    const began = performance.now() - 1000 * this.#before;
    this.#checkpoints = new Checkpoints(folder.checkpoints, this.config.keepCheckpoints);
    for (let rollbacks = 0; ; ++rollbacks) {
      try {
        yield* this.#loop(folder, began, pace, options);
        break;
      } catch (error) {
        if (isDivergence(error) && rollbacks < this.config.rollbacks) {
          await this.#rollBack(folder, error, rollbacks + 1, options);
          continue;
        }
        // What was learned until here may be hours of work; weights that are no numbers are not.
        if (!isDivergence(error)) await this.#saveAll(folder).catch(() => {});
        throw error;
      }
    }
    await this.#saveAll(folder);
  }

  /** Back to the last checkpoint with other random numbers. Throws the error itself where there is none yet. */
  async #rollBack(
    folder: RunFolder,
    error: SparringError,
    attempt: number,
    { onNote = () => {} }: TrainOptions,
  ): Promise<void> {
    await this.#saving;
    const { device, seed, logEvery } = this.config;
    const options = { device, seed: (seed + attempt) % 2 ** 53 };
    const checkpoints = this.#checkpoints as Checkpoints;
    const found = await checkpoints.newest("a rollback", options, onNote).catch(() => {
      throw error;
    });
    const from = this.step;
    this.#disposeTrainer();
    this.#trainer = found.trainer;
    this.#meter = found.meter;
    await folder.cutStats(this.step, logEvery);
    const reason = error.message;
    await folder.appendEvent({ event: "rollback", attempt, from, to: this.step, reason });
    onNote(
      `Went back from step ${from} to ${this.step} (${attempt} of ${this.config.rollbacks}): ${reason}`,
    );
  }

  /** Frees networks, optimizers and data now. */
  [Symbol.dispose](): void {
    this.#disposeTrainer();
    this.#dataset.dispose();
  }

  #disposeTrainer(): void {
    this.#trainer.dispose();
    this.generator.dispose();
    this.discriminator.dispose();
  }

  async *#loop(
    folder: RunFolder,
    began: number,
    pace: Pace | undefined,
    { signal, onNote = () => {} }: TrainOptions,
  ): AsyncGenerator<RunReport, void, void> {
    const watcher = new Watcher();
    // A resumed run has that of its beginning; those since its checkpoint are made again, and are the same.
    if (this.step === 0) await this.#saveSample(folder);
    let sampled = this.step;
    while (this.step < this.config.steps) {
      const going = await this.#advance(pace, signal);
      if (this.#meter.isEmpty) break;
      const complete = !going || this.#isTick();
      // At ticks alone: how often a terminal is told must not change what a seed gives.
      const tick = this.#tick(began, complete ? watcher : undefined);
      if (complete) {
        await folder.appendStats(tick);
        // A tick that ended early goes on where the run is resumed.
        if (this.#isWholeTick()) this.#meter = new Meter();
      }
      if (complete || pace !== undefined) yield { tick, complete };
      if (!going) break;
      if (this.step % this.config.sampleEvery === 0) {
        await this.#saveSample(folder);
        sampled = this.step;
      }
      if (this.step % this.config.checkpointEvery === 0) await this.#checkpoint(onNote);
    }
    if (sampled !== this.step) await this.#saveSample(folder);
  }

  /** Trains up to the next boundary. False if the signal ended the run, after a step or before one. */
  async #advance(pace: Pace | undefined, signal?: AbortSignal): Promise<boolean> {
    if (signal?.aborted) return false;
    const before = this.step;
    const started = performance.now();
    const tickEvery = Math.min(this.#toBoundary(), pace?.steps ?? Number.POSITIVE_INFINITY);
    const run = { steps: tickEvery, batchSize: this.config.batch, tickEvery, signal };
    try {
      for await (const tick of this.#trainer.run(this.#dataset, run)) {
        const images = this.epochs.images(tick.step) - this.epochs.images(before);
        this.#meter.add(tick, tick.step - before, images);
      }
    } catch (error) {
      if (!signal?.aborted || error !== signal.reason) throw error;
    }
    pace?.learn(this.step - before, (performance.now() - started) / 1000);
    return !signal?.aborted;
  }

  /** Steps to the next tick, sample grid or end. */
  #toBoundary(): number {
    const { steps, logEvery, sampleEvery, checkpointEvery } = this.config;
    const toMultiple = (every: number) => every - (this.step % every);
    const stops = [logEvery, sampleEvery, checkpointEvery].map(toMultiple);
    return Math.min(steps - this.step, ...stops);
  }

  /** At its end too, even if the tick could go on. */
  #isTick(): boolean {
    return this.#isWholeTick() || this.step === this.config.steps;
  }

  #isWholeTick(): boolean {
    return this.step % this.config.logEvery === 0;
  }

  #tick(began: number, watcher: Watcher | undefined): RunTick {
    const seconds = Number(((performance.now() - began) / 1000).toFixed(3));
    const { health, ...means } = this.#meter.read();
    const place = this.epochs.last(this.step);
    const warnings = health === undefined ? [] : (watcher?.look(health) ?? []);
    return { step: this.step, ...place, ...means, seconds, health, warnings };
  }

  /**
   * Takes a checkpoint of this step and goes on while it is being written. One that cannot be written is told of and
   * leaves those before it as they are: the next one may find room.
   */
  async #checkpoint(onNote: (note: string) => void): Promise<void> {
    await this.#saving;
    this.#saving = (this.#checkpoints as Checkpoints)
      .save(this.#trainer, this.#meter)
      .catch((error: Error) => {
        onNote(`No checkpoint of step ${this.step}: ${error.message}`);
      });
  }

  /** The last checkpoint, unless this step has its own already, and the weights by themselves. */
  async #saveAll(folder: RunFolder): Promise<void> {
    await this.#saving;
    const checkpoints = this.#checkpoints as Checkpoints;
    if (!(await checkpoints.has(this.step))) await checkpoints.save(this.#trainer, this.#meter);
    await this.#saveWeights(folder);
  }

  async #saveWeights(folder: RunFolder): Promise<void> {
    await this.generator.saveWeights(folder.weightsOf("generator"));
    await this.discriminator.saveWeights(folder.weightsOf("discriminator"));
    await this.#trainer.ema?.saveWeights(folder.weightsOf("generator-ema"));
  }

  async #saveSample(folder: RunFolder): Promise<void> {
    const generator = this.#trainer.ema ?? this.generator;
    const { columns, count, labels } = gridOf(generator.latent.classes);
    const images = await generator.sample(count, { seed: this.config.sampleSeed, labels });
    await images.save(folder.sample(this.step), { columns });
  }
}

function isDivergence(error: unknown): error is SparringError {
  return error instanceof SparringError && error.code === "ERR_DIVERGED";
}

/** `auto` is the first GPU where there is one. */
function chooseDevice({ device, naming }: RunPlan): Device {
  if (device !== "auto") return resolveDevice(device, naming("device"));
  return devices().cuda > 0 ? "cuda" : "cpu";
}
