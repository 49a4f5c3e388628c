// The end of a run in one file: summary.json. It is made of what the folder holds, so that steps
// from before the run was resumed count too.
import { unlink } from "node:fs/promises";
import { relative } from "node:path";
import { SparringError } from "../errors.js";
import { textIn, writeWhole } from "../files.js";
import { refusal } from "../reason.js";
import type { Health, Warning } from "../trainer/health.js";
import { Checkpoints } from "./checkpoints.js";
import type { RunConfig } from "./config.js";
import { RunEpochs } from "./epochs.js";
import type { RunFolder } from "./folder.js";
import { readLines } from "./json-lines.js";
import { forFile } from "./out.js";
import { isRunTick, type RunTick } from "./tick.js";

/**
 * How a run ended: all its steps done, a signal or its caller stopped it before, or an error did.
 */
export type Ending =
  | { readonly state: "done" | "stopped" }
  | { readonly state: "failed"; readonly error: unknown };

/** summary.json. What no tick has told yet is null. */
export interface RunSummary {
  readonly state: Ending["state"];
  /** Why it failed; null if it did not. */
  readonly reason: string | null;
  /** The code of that error, where it has one. */
  readonly code: string | null;
  /** Steps done. */
  readonly step: number;
  /** Steps that were to be done. */
  readonly steps: number;
  /** Times through the data; a part of one counts as such. */
  readonly epochs: number;
  /** Time since training began, with everything that is not a step. */
  readonly seconds: number | null;
  /** Real images a second, over the time that the steps themselves took. */
  readonly imagesPerSecond: number | null;
  /** The discriminator's loss of the last tick. */
  readonly discriminatorLoss: number | null;
  /** The generator's loss of the last tick. */
  readonly generatorLoss: number | null;
  /** The health of the last tick. */
  readonly health: Health | null;
  /** Each warning that was raised, with the first step and how many ticks raised it. */
  readonly warnings: readonly { warning: Warning; firstStep: number; ticks: number }[];
  readonly rollbacks: number;
  /** Path of the newest checkpoint, from the run's folder; null if there is none. */
  readonly checkpoint: string | null;
  readonly device: string;
  readonly precision: string;
  readonly threads: number;
  readonly versions: RunConfig["versions"];
}

/** Removes the summary of the last end of a run that goes on. Throws ERR_OUTPUT. */
export async function removeSummary(folder: RunFolder): Promise<void> {
  try {
    await unlink(folder.summary);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return;
    const refuse = refusal("ERR_OUTPUT", "a writable file", folder.summary, "the summary");
    throw refuse.unreadable(cause);
  }
}

/** Whether the summary says that a run ended, and not by an error. */
export async function endedWell(folder: RunFolder): Promise<boolean> {
  try {
    const { state }: Partial<RunSummary> = JSON.parse(await textIn(folder.summary));
    return state === "done" || state === "stopped";
  } catch {
    return false;
  }
}

/** Writes how the run ended. Throws ERR_OUTPUT. */
export async function writeSummary(
  folder: RunFolder,
  config: RunConfig,
  step: number,
  ending: Ending,
): Promise<void> {
  const epochs = new RunEpochs(config);
  const { last, warnings, imagesPerSecond } = await readStats(folder, epochs);
  const [newest] = await new Checkpoints(folder.checkpoints).list();
  const { device, precision, threads, versions } = config;
  const summary: RunSummary = {
    state: ending.state,
    ...(ending.state === "failed" ? toReason(ending.error) : { reason: null, code: null }),
    step,
    steps: config.steps,
    epochs: Number((epochs.images(step) / config.images).toPrecision(6)),
    seconds: last?.seconds ?? null,
    imagesPerSecond,
    discriminatorLoss: last?.discriminatorLoss ?? null,
    generatorLoss: last?.generatorLoss ?? null,
    health: last?.health ?? null,
    warnings,
    rollbacks: await countRollbacks(folder),
    checkpoint: newest === undefined ? null : relative(folder.path, newest.path),
    device,
    precision,
    threads,
    versions,
  };
  await forFile("the summary", () =>
    writeWhole(folder.summary, [`${JSON.stringify(summary, null, 2)}\n`]),
  );
}

function toReason(error: unknown): Pick<RunSummary, "reason" | "code"> {
  const reason = error instanceof Error ? error.message : String(error);
  return { reason, code: error instanceof SparringError ? error.code : null };
}

type Stats = Pick<RunSummary, "warnings" | "imagesPerSecond"> & { last: RunTick | undefined };

async function readStats(folder: RunFolder, epochs: RunEpochs): Promise<Stats> {
  const raised = new Map<Warning, { firstStep: number; ticks: number }>();
  let last: RunTick | undefined;
  let [images, seconds] = [0, 0];
  await readLines(folder.stats, "statistics", (tick) => {
    if (!isRunTick(tick)) return;
    const shown = epochs.images(tick.step) - epochs.images(last?.step ?? 0);
    images += shown;
    seconds += shown / tick.imagesPerSecond;
    for (const warning of tick.warnings) {
      const { firstStep, ticks } = raised.get(warning) ?? { firstStep: tick.step, ticks: 0 };
      raised.set(warning, { firstStep, ticks: ticks + 1 });
    }
    last = tick;
  });
  return {
    last,
    warnings: [...raised].map(([warning, when]) => ({ warning, ...when })),
    imagesPerSecond: images === 0 ? null : Number((images / seconds).toFixed(1)),
  };
}

async function countRollbacks(folder: RunFolder): Promise<number> {
  let count = 0;
  await readLines(folder.events, "events", ({ event }) => {
    if (event === "rollback") count += 1;
  });
  return count;
}
