// How a run's steps are carried out, in its folder: plan.json.
import * as v from "valibot";
import { writeWhole } from "../files.js";
import type { Trainer } from "../trainer.js";
import type { StepPlan } from "../trainer/explanation.js";
import type { RunFolder } from "./folder.js";
import { forFile } from "./out.js";

const texts = v.array(v.string());
const amount = v.pipe(v.number(), v.finite(), v.minValue(0));
const refusals = v.array(v.object({ rewrite: v.string(), reason: v.string() }));
const operations = v.array(
  v.object({
    layers: texts,
    output: v.array(v.number()),
    flops: amount,
    rewrites: texts,
    refusals,
  }),
);

const schema: v.GenericSchema<unknown, StepPlan> = v.object({
  kind: v.picklist(["eager", "rewritten", "planned", "replayed"]),
  batchSize: amount,
  // Runs that are older than an option do not say.
  accumulate: v.optional(amount, 1),
  frozen: v.optional(v.object({ generator: texts, discriminator: texts }), {
    generator: [],
    discriminator: [],
  }),
  onePass: v.boolean(),
  rewrites: v.optional(texts, []),
  generator: operations,
  discriminator: operations,
  refusals,
  flops: amount,
  bytes: amount,
  buffers: amount,
});

/** Writes what a trainer does now. Throws ERR_OUTPUT. */
export async function writeStepPlan(
  folder: RunFolder,
  trainer: Trainer,
  batchSize: number,
): Promise<void> {
  const plan = await trainer.plan(batchSize);
  await forFile("the plan of the steps", () =>
    writeWhole(folder.plan, [`${JSON.stringify(plan, null, 2)}\n`]),
  );
}

/** The content of a plan.json; undefined where it is none. */
export function toStepPlan(content: unknown): StepPlan | undefined {
  const { success, output } = v.safeParse(schema, content);
  return success ? output : undefined;
}
