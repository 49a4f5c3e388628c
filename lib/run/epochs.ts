import { Epochs } from "../trainer/epochs.js";
import type { RunConfig } from "./config.js";

/** The epochs of a run. */
export function epochsOf(
  run: Pick<RunConfig, "images" | "batch" | "discriminatorSteps" | "dropLast">,
): Epochs {
  return new Epochs(run.images, run.batch, run.discriminatorSteps, run.dropLast);
}
