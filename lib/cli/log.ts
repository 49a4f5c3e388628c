// Shows a run where nobody watches (a pipe, CI, nohup): the line that every GAN script prints, for
// each tick.
import type { RunFolder } from "../run/folder.js";
import type { RunTick } from "../run/tick.js";
import type { TrainingRun } from "../run/training.js";
import type { Screen } from "./screen.js";
import { headLines, tailLines } from "./text.js";

/**
 * stdout holds nothing but the log, so that it can be searched and plotted; the rest goes to
 * stderr.
 */
export function printLog(run: TrainingRun, folder: RunFolder): Screen {
  const began = performance.now();
  printNotes(headLines(run, folder));
  return {
    secondsApart: undefined,
    show: ({ tick }) => process.stdout.write(`${logLine(tick, run)}\n`),
    note: (sentence) => printNotes([sentence]),
    stopping: () => printNotes(["Stopping after this step"]),
    done: () => printNotes(tailLines(run, folder, (performance.now() - began) / 1000)),
    close: () => {},
  };
}

function logLine(tick: RunTick, { config, epochs }: TrainingRun): string {
  const epoch = `[Epoch ${tick.epoch}/${epochs.count(config.steps)}]`;
  const batch = `[Batch ${tick.batch}/${epochs.batches}]`;
  // As Python's %f: a loss that is no number has ended the run.
  const [d, g] = [tick.discriminatorLoss.toFixed(6), tick.generatorLoss.toFixed(6)];
  return `${epoch} ${batch} [D loss: ${d}] [G loss: ${g}]`;
}

function printNotes(lines: readonly string[]): void {
  process.stderr.write(`${lines.join("\n")}\n`);
}
