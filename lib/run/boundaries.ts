// When a run stops to tell, to draw, to save and to evaluate.
import type { RunConfig } from "./config.js";

/**
 * Where a run stops to do something beside its steps, by its config. Steps are counted from the
 * beginning of the run.
 */
export class Boundaries {
  readonly #config: RunConfig;

  constructor(config: RunConfig) {
    this.#config = config;
  }

  /** Steps from `step` to the next tick, sample grid, checkpoint, evaluation or the end. */
  toNext(step: number): number {
    const { steps, logEvery, sampleEvery, checkpointEvery, evaluateEvery } = this.#config;
    const all = [logEvery, sampleEvery, checkpointEvery, evaluateEvery || steps];
    return Math.min(steps - step, ...all.map((every) => every - (step % every)));
  }

  /** The end of the run ends a tick too, even if the tick could go on. */
  isTick(step: number): boolean {
    return this.isWholeTick(step) || step === this.#config.steps;
  }

  isWholeTick(step: number): boolean {
    return step % this.#config.logEvery === 0;
  }

  isSample(step: number): boolean {
    return step % this.#config.sampleEvery === 0;
  }

  isCheckpoint(step: number): boolean {
    return step % this.#config.checkpointEvery === 0;
  }

  /** By the rule that led to the step: where a run went on there, another may hold since. */
  isEvaluation(step: number): boolean {
    const { evaluateEvery, changes = [] } = this.#config;
    if (evaluateEvery === 0 || step === 0) return false;
    const change = changes.find((one) => one.step === step);
    const every = change?.before.evaluateEvery ?? evaluateEvery;
    return every > 0 && step % every === 0;
  }
}
