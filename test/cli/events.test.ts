// Which figure of a tick is under which of TensorBoard's tags.
import { afterAll, beforeAll, expect, it } from "vitest";
import { TensorBoardLog } from "../../lib/run/tensorboard.js";
import type { RunTick } from "../../lib/run/tick.js";
import { makeFolder } from "../helpers/folder.js";
import { eventsIn } from "../helpers/tfevents.js";

let folder: { readonly path: string; remove(): Promise<void> };
beforeAll(async () => {
  folder = await makeFolder();
});
afterAll(() => folder.remove());

/** The numbers in the event files, by their tags. */
async function scalars(): Promise<Record<string, unknown>> {
  const found: [string, unknown][] = [];
  for (const { what } of await eventsIn(folder.path))
    if (what.case === "summary")
      for (const { tag, value } of what.value.value) found.push([tag, value.value]);
  return Object.fromEntries(found);
}

it("each figure of a tick, and of an evaluation, is under its own", async () => {
  const log = await TensorBoardLog.open(folder.path, 0);
  const figures = {
    ...{ discriminatorLoss: 1, generatorLoss: 2, discriminatorPenalty: 3, generatorPenalty: 4 },
    ...{ discriminatorLearningRate: 5, generatorLearningRate: 6, imagesPerSecond: 7 },
  };
  await log.tick({ step: 1, ...figures, health: { realScore: 8, fakeScore: 9 } } as RunTick);
  await log.evaluation({ step: 1, values: { fid: 10, kid: 11 } } as never);
  expect(await scalars()).toEqual({
    "loss/discriminator": 1,
    "loss/generator": 2,
    "penalty/discriminator": 3,
    "penalty/generator": 4,
    "learningRate/discriminator": 5,
    "learningRate/generator": 6,
    "speed/imagesPerSecond": 7,
    "health/realScore": 8,
    "health/fakeScore": 9,
    "evaluation/fid": 10,
    "evaluation/kid": 11,
  });
});
