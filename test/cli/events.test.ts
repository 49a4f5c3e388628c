// Which figure of a tick is under which of TensorBoard's tags.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, expect, it } from "vitest";
import { TensorBoardLog } from "../../lib/run/tensorboard.js";
import type { RunTick } from "../../lib/run/tick.js";
import { EventSchema } from "../../lib/tensorboard/schema/event_pb.js";
import { makeFolder } from "../helpers/folder.js";

let folder: { readonly path: string; remove(): Promise<void> };
beforeAll(async () => {
  folder = await makeFolder();
});
afterAll(() => folder.remove());

/** The numbers in the only event file, by their tags. */
async function scalars(): Promise<Record<string, unknown>> {
  const [name = ""] = await readdir(folder.path);
  const bytes = await readFile(join(folder.path, name));
  const found: [string, unknown][] = [];
  // Each record has its length and a checksum before it, and a checksum after it.
  for (let start = 12; start < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(start - 12));
    const { what } = fromBinary(EventSchema, bytes.subarray(start, start + length));
    if (what.case === "summary")
      for (const { tag, value } of what.value.value) found.push([tag, value.value]);
    start += length + 16;
  }
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
