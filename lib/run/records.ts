// What a run leaves in its folder while it trains, but for checkpoints: statistics, samples,
// evaluations, weights.
import { hasCode } from "../errors.js";
import { whyMissing, writeWhole } from "../files.js";
import type { Generator } from "../networks.js";
import type { Trainer } from "../trainer.js";
import type { Best } from "./checkpoints.js";
import type { RunConfig } from "./config.js";
import type { Judge } from "./evaluation.js";
import { type Evaluation, Evaluations } from "./evaluations.js";
import type { RunFolder } from "./folder.js";
import { gridOf } from "./grid.js";
import { forFile } from "./out.js";
import { writeStepPlan } from "./step-plan.js";
import type { TensorBoardLog } from "./tensorboard.js";
import type { RunTick } from "./tick.js";
import type { TrainOptions } from "./training.js";

/** What happened to a run: a line of events.jsonl. */
export interface RollbackEvent {
  readonly event: "rollback";
  /** Which of the rollbacks that are allowed, from 1. */
  readonly attempt: number;
  readonly from: number;
  readonly to: number;
  /** The sentence of the error. */
  readonly reason: string;
}

export class Records {
  readonly #folder: RunFolder;
  readonly #config: RunConfig;
  readonly #judge: Judge | undefined;
  readonly #evaluations: Evaluations;
  /** Undefined where no event files are wanted. */
  readonly #board: TensorBoardLog | undefined;
  #planned = false;
  /** What could not be written until now, in its order. */
  readonly #owed: (() => Promise<void> | undefined)[] = [];

  private constructor(
    folder: RunFolder,
    config: RunConfig,
    judge: Judge | undefined,
    board: TensorBoardLog | undefined,
  ) {
    this.#folder = folder;
    this.#config = config;
    this.#judge = judge;
    this.#evaluations = new Evaluations(folder.evaluations);
    this.#board = board;
  }

  /** Begins the records of a session. Throws ERR_OUTPUT. @param step steps done */
  static async open(
    folder: RunFolder,
    config: RunConfig,
    judge: Judge | undefined,
    step: number,
  ): Promise<Records> {
    const board = config.tensorboard ? await openBoard(folder, step) : undefined;
    return new Records(folder, config, judge, board);
  }

  /** Writes how steps are carried out, once: after the first of them, with which a GPU decides. */
  async plan(trainer: Trainer): Promise<void> {
    if (this.#planned) return;
    this.#planned = true;
    await writeStepPlan(this.#folder, trainer, this.#config.batch);
  }

  async tick(tick: RunTick): Promise<void> {
    this.#owed.push(() => this.#folder.appendStats(tick));
    this.#owed.push(() => this.#board?.tick(tick));
    await this.catchUp();
  }

  /**
   * Writes what could not be written before: the run goes on behind it, so that nobody would do it
   * later. Throws ERR_OUTPUT.
   */
  async catchUp(): Promise<void> {
    for (let [write] = this.#owed; write !== undefined; [write] = this.#owed) {
      await write();
      this.#owed.shift();
    }
  }

  /** Draws the sample grid of a step, unless it is there. */
  async missingSample(generator: Generator, step: number): Promise<void> {
    if (whyMissing(this.#folder.sample(step)) !== undefined) await this.sample(generator, step);
  }

  /** Draws the sample grid of a step. */
  async sample(generator: Generator, step: number): Promise<void> {
    const { columns, count, labels } = gridOf(generator.latent.classes);
    const images = await generator.sample(count, { seed: this.#config.sampleSeed, labels });
    const png = await images.toPng({ columns });
    this.#owed.push(() => forFile("samples", () => writeWhole(this.#folder.sample(step), [png])));
    this.#owed.push(() => this.#board?.samples(step, png));
    await this.catchUp();
  }

  /**
   * Measures the generator as it is now, unless that was done, and tells of a failure, which does
   * not end the run.
   *
   * @param lowest asks for the best checkpoint until now
   * @returns this step, where its FID is lower than that of the best checkpoint; `stopped` where
   *   the signal came first
   */
  async evaluate(
    generator: Generator,
    step: number,
    lowest: () => Promise<Best | undefined>,
    { signal, onNote = () => {} }: Pick<TrainOptions, "onNote" | "signal">,
  ): Promise<Best | "stopped" | undefined> {
    if ((await this.#evaluations.last(step))?.step === step) return undefined;
    const { evaluateSamples: samples, sampleSeed: seed } = this.#config;
    let evaluation: Evaluation;
    try {
      const at = { step, samples, seed };
      evaluation = await this.#evaluations.add(this.#judge as Judge, generator, at, signal);
    } catch (error) {
      if (signal?.aborted && error === signal.reason) return "stopped";
      if (!hasCode(error, "ERR_DATA")) throw error;
      onNote(`No evaluation of step ${step}: ${error.message}`);
      return undefined;
    }
    await this.#board?.evaluation(evaluation);
    const value = evaluation.values.fid as number;
    const before = await lowest();
    return before === undefined || value < before.value
      ? { step, metric: "fid", value }
      : undefined;
  }

  /**
   * Takes back what was told of the steps after `event.to`. Returns the ticks and the evaluations
   * that are left.
   */
  async goBack(event: RollbackEvent): Promise<{ ticks: readonly unknown[]; left: Evaluation[] }> {
    const ticks = await this.#folder.cutStats(event.to, this.#config);
    const left = await this.#evaluations.cut(event.to);
    await this.#board?.goBack(event.to);
    await this.#folder.appendEvent(event);
    return { ticks, left };
  }

  /** Writes the weights of the networks, as they are now. */
  async weights({ generator, discriminator, ema }: Trainer): Promise<void> {
    await forFile("weights", async () => {
      await generator.saveWeights(this.#folder.weightsOf("generator"));
      await discriminator.saveWeights(this.#folder.weightsOf("discriminator"));
      await ema?.saveWeights(this.#folder.weightsOf("generator-ema"));
    });
  }
}

/** Reads protobuf only here: seventy modules, which every other command would wait for. */
async function openBoard(folder: RunFolder, step: number): Promise<TensorBoardLog> {
  const { TensorBoardLog } = await import("./tensorboard.js");
  return TensorBoardLog.open(folder.path, step);
}
