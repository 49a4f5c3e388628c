// A trainer's settings as native code takes them: every option there, and plain.
import { toNative } from "../choice.js";
import type { NativeTrainerOptions } from "../native.js";
import { toNativeOptimizer } from "../optimizers/table.js";
import { fewestRows } from "./data.js";
import type { TrainerSettings } from "./options.js";

export function toNativeOptions(settings: TrainerSettings): NativeTrainerOptions {
  const { generator, discriminator, optimizer, order } = settings;
  const { penalties, auxiliaries, ...objective } = settings.objective;
  const [black, white] = generator.range;
  return {
    objective: toNative(objective),
    penalties: penalties.map(toNative),
    auxiliaries: auxiliaries.map(toNative),
    scores: discriminator.scores,
    latent: generator.latent,
    black,
    white,
    conditional: discriminator.resolved.classes > 0,
    heads: discriminator.heads,
    generatorOptimizer: toNativeOptimizer(optimizer.generator),
    discriminatorOptimizer: toNativeOptimizer(optimizer.discriminator),
    order,
    fakes: settings.fakes,
    discriminatorSteps: settings.discriminatorSteps,
    generatorSteps: settings.generatorSteps,
    accumulate: settings.accumulate,
    ema: settings.ema ?? null,
    // Ranks that normalise together have the rows of the whole batch to do it over.
    fewestRows: settings.syncBatchNorm ? 1 : fewestRows(settings),
    syncBatchNorm: settings.syncBatchNorm,
    diffAugment: settings.diffAugment,
    execution: settings.execution,
    precision: settings.precision,
  };
}
