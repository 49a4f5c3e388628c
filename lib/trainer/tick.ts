// From what native code says of some steps to a tick, or to what ends the training.
import { refused, SparringError, show } from "../errors.js";
import type { NativeReport } from "../native.js";
import { type Health, toHealth, type Warning, type Watcher } from "./health.js";

/** A report on the steps since the tick before. */
export interface Tick {
  /** Steps done since the trainer was made. */
  readonly step: number;
  /**
   * Epoch of the last batch, from 0. Other data, or another batch size, begin a new one; a
   * checkpoint keeps it.
   */
  readonly epoch: number;
  /** Mean discriminator loss over the updates of this tick. */
  readonly discriminatorLoss: number;
  /** Mean generator loss over the updates of this tick. */
  readonly generatorLoss: number;
  /**
   * The part of discriminatorLoss that is penalties, with their weights; the rest is the objective
   * and auxiliaries. A lazy penalty counts with `every` times its weight in the updates that have
   * it, and as 0 in the others. Only with `penalties`.
   */
  readonly discriminatorPenalty?: number | undefined;
  /** The part of generatorLoss that is pathLength(), likewise; only with that penalty. */
  readonly generatorPenalty?: number | undefined;
  /** Learning rate of the discriminator's last update, as its schedule had it. */
  readonly discriminatorLearningRate: number;
  /** Learning rate of the generator's last update. */
  readonly generatorLearningRate: number;
  /** Real images a second, over the time that the steps themselves took. */
  readonly imagesPerSecond: number;
  /**
   * How the players were doing in the last of these steps; undefined if a signal stopped them
   * before it.
   */
  readonly health: Health | undefined;
  /** Problems that the health of this tick, and of those before it, points to. */
  readonly warnings: readonly Warning[];
}

/** A tick, and what it warns of after those that the watcher has seen. */
export function toTick(report: NativeReport, watcher: Watcher): Tick {
  const { images, seconds, health: looked, steps: _, stopped: __, ...figures } = report;
  const health = looked === null ? undefined : toHealth(looked);
  const warnings = health === undefined ? [] : watcher.look(health);
  return { ...figures, imagesPerSecond: images / seconds, health, warnings };
}

/** Nothing good comes after a loss, or a weight, that is no number. Throws ERR_DIVERGED. */
export function checkFinite(report: NativeReport): NativeReport {
  const { step, generatorLoss, discriminatorLoss, health } = report;
  const losses = [discriminatorLoss, generatorLoss];
  const cure = "lower the learning rate";
  if (!losses.every(Number.isFinite))
    throw refused("ERR_DIVERGED", "finite losses", `step ${step}`, `${show(losses)}; ${cure}`);
  if (health?.finite === false) {
    throw new SparringError(
      "ERR_DIVERGED",
      `Expected finite weights after step ${step} but received NaN or infinity; ${cure}`,
    );
  }
  return report;
}

/** What a rank throws that has to stop because another one does. */
export function stoppedElsewhere(step: number): SparringError {
  return new SparringError(
    "ERR_STOPPED",
    `Training was stopped by another rank, after step ${step}`,
  );
}
