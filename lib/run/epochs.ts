import { Epochs } from "../trainer/epochs.js";
import type { RunConfig } from "./config.js";

/** The epochs of a run. */
export function epochsOf(
  run: Pick<RunConfig, "images" | "batch" | "discriminatorSteps" | "dropLast">,
): Epochs {
  return new Epochs(run.images, run.batch, run.discriminatorSteps, run.dropLast);
}

/** The steps of a length that may be in epochs. */
export function stepsOf(
  run: Parameters<typeof epochsOf>[0],
  length: { readonly steps: number } | { readonly epochs: number },
): number {
  return "steps" in length ? length.steps : epochsOf(run).steps(length.epochs);
}
