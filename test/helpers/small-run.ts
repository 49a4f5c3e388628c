// A run as the command line makes it, within the test's own process.
import { planRun } from "../../lib/run/plan.js";
import { TrainingRun } from "../../lib/run/training.js";

/**
 * Prepares 15 steps of the preset mlp on images of 8×8, 32 a batch: a tick every 3 steps, a
 * checkpoint every 5, samples at the end.
 *
 * @param data folder of the images
 * @param more other options, or others for these
 */
export function prepareSmallRun(
  data: string,
  out: string,
  more: object = {},
): Promise<TrainingRun> {
  const request = {
    preset: "mlp",
    data,
    size: 8,
    batch: 32,
    threads: 1,
    seed: 1,
    steps: 15,
    logEvery: 3,
    sampleEvery: 15,
    checkpointEvery: 5,
    out,
    ...more,
  };
  return TrainingRun.prepare(planRun(request, (option) => option));
}
