// A trainer's settings as native code takes them: every option there, and plain.
import { addon, direct } from "../addon.js";
import { toNative } from "../choice.js";
import { keepingNow } from "../keeping.js";
import type { NativeTrainer, NativeTrainerOptions } from "../native.js";
import type { Generator } from "../networks.js";
import { countBytes } from "../networks/network.js";
import { middleOf, toNativeObjective } from "../objectives/table.js";
import { toNativeOptimizer } from "../optimizers/table.js";
import { discriminatorPenalties, pathLengthOf } from "../penalties/table.js";
import { fewestRows } from "./data.js";
import { allFrozen } from "./frozen.js";
import type { TrainerSettings } from "./options.js";

/** Makes what trains the pair, with the generator that keeps the average, if there is one. */
export function makeNative(settings: TrainerSettings): {
  readonly ema: Generator | undefined;
  readonly native: NativeTrainer;
} {
  return keepingNow((keep) => {
    const ema = keep(settings.ema === undefined ? undefined : settings.generator.clone());
    return { ema, native: makeWith(ema, settings) };
  });
}

/** Makes it with an average that is there, or without one. */
export function makeWith(ema: Generator | undefined, settings: TrainerSettings): NativeTrainer {
  const { generator, discriminator, distributed } = settings;
  // Up to two moments for every weight, and gradients while a step runs.
  const bytes = 3 * (countBytes(generator.resolved) + countBytes(discriminator.resolved));
  const players = {
    generator: generator.native,
    discriminator: discriminator.native,
    ema: ema?.native,
    group: distributed?.native,
  };
  return direct(() => new (addon().Trainer)(players, toNativeOptions(settings), bytes));
}

function toNativeAda({ ada, discriminator, objective }: TrainerSettings) {
  if (ada === undefined) return null;
  // Where there is no middle it is fixed, and nobody counts from it.
  const middle = middleOf(objective, discriminator.scores) ?? 0;
  return { ...ada, middle, image: discriminator.image };
}

function toNativeOptions(settings: TrainerSettings): NativeTrainerOptions {
  const { generator, discriminator, optimizer, order } = settings;
  const frozen = allFrozen(settings);
  const { penalties, auxiliaries } = settings.objective;
  const pathLength = pathLengthOf(penalties);
  const [black, white] = generator.range;
  return {
    objective: toNativeObjective(settings.objective),
    penalties: discriminatorPenalties(penalties).map(toNative),
    pathLength: pathLength === undefined ? null : toNative(pathLength),
    auxiliaries: auxiliaries.map(toNative),
    scores: discriminator.scores,
    latent: generator.latent,
    black,
    white,
    conditional: discriminator.resolved.classes > 0,
    heads: discriminator.heads,
    generatorOptimizer: toNativeOptimizer(optimizer.generator),
    discriminatorOptimizer: toNativeOptimizer(optimizer.discriminator),
    frozenInGenerator: frozen.generator,
    frozenInDiscriminator: frozen.discriminator,
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
    ada: toNativeAda(settings),
    execution: settings.execution,
    precision: settings.precision,
    reducePrecision: settings.reducePrecision,
  };
}
