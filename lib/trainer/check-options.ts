import { addon, direct } from "../addon.js";
import * as check from "../check.js";
import type { Complete } from "../complete.js";
import type { Device } from "../device.js";
import { Group } from "../distributed/group.js";
import { refused, wrongType } from "../errors.js";
import type { Discriminator } from "../networks.js";
import { checkObjective } from "../objectives/table.js";
import { checkOptimizer, type Optimizer } from "../optimizers/table.js";
import { checkAda } from "./ada.js";
import { checkFrozen } from "./frozen.js";
import {
  type DiffAugmentPolicy,
  type EmaOptions,
  fakesKinds,
  mostUpdates,
  orders,
  policies,
  type Precision,
  executions,
  precisions,
  reducePrecisions,
  trainerNames,
  type TrainerOptions,
  type TrainerSettings,
  usualFakes,
} from "./options.js";
import { checkPair, checkRules } from "./pair.js";
import { checkAccumulate, type OptionNaming } from "./parts.js";
import { ofRun } from "./run-options.js";

/** Checks everything about a trainer that can be wrong, and fills in what is missing. */
export function checkOptions(
  options: TrainerOptions,
  naming: OptionNaming = (option) => option,
): TrainerSettings {
  if (options === undefined) throw wrongType("an object", "options", options);
  check.options(options, "options", trainerNames, ofRun);
  checkPair(options);
  const { generator, discriminator } = options;
  const objective = checkObjective(options.objective, "objective");
  const order = check.oneOf(options.order ?? "generatorFirst", "order", orders);
  const settings: TrainerSettings = {
    generator,
    discriminator,
    execution: check.oneOf(options.execution ?? "fused", "execution", executions),
    optimizer: checkOptimizers(options.optimizer),
    objective,
    order,
    fakes: check.oneOf(options.fakes ?? usualFakes[order], "fakes", fakesKinds),
    discriminatorSteps: checkUpdates(options.discriminatorSteps, "discriminatorSteps"),
    generatorSteps: checkUpdates(options.generatorSteps, "generatorSteps"),
    accumulate: check.integer(options.accumulate ?? 1, "accumulate", 1),
    frozen: checkFrozen(options.frozen ?? {}, options),
    ema: options.ema === undefined ? undefined : checkEma(options.ema),
    precision: checkPrecision(
      options.precision ?? "float32",
      generator.device,
      naming("precision"),
    ),
    diffAugment: checkDiffAugment(options.diffAugment ?? [], discriminator),
    ada: options.ada === undefined ? undefined : checkAda(options.ada, discriminator, objective),
    distributed: checkGroup(options.distributed, generator.device),
    syncBatchNorm: check.boolean(options.syncBatchNorm ?? false, "syncBatchNorm"),
    reducePrecision: check.oneOf(
      options.reducePrecision ?? "float32",
      "reducePrecision",
      reducePrecisions,
    ),
  };
  checkRules(settings);
  checkAccumulate(settings, naming);
  return settings;
}

/** Updates of a player in a step. */
function checkUpdates(value: unknown, name: string): number {
  return check.integer(value ?? 1, name, 1, mostUpdates);
}

/**
 * @internal One for each player.
 * @param name what the user calls the two
 * @param one checks that of a player
 */
export function checkOptimizers(
  value: unknown,
  name = "optimizer",
  one: (optimizer: unknown, name: string) => Optimizer = checkOptimizer,
): TrainerOptions["optimizer"] {
  // One for both is no list of unknown options.
  if (!check.isObject(value) || "type" in value)
    throw wrongType("an object { generator, discriminator }", name, value);
  check.options(value, name, ["generator", "discriminator"]);
  return {
    generator: one(value.generator, "optimizer.generator"),
    discriminator: one(value.discriminator, "optimizer.discriminator"),
  };
}

function checkGroup(group: unknown, device: Device): Group | undefined {
  if (group === undefined) return undefined;
  const joined = check.made(group, "distributed", Group, "what distributed.join() resolves with");
  const off = device === "cpu" ? null : direct(() => addon().gpuRanksOff());
  if (off === null) return joined;
  const what = 'networks on "cpu", where Gloo sums gradients,';
  throw refused("ERR_DEVICE", what, "distributed", `"${device}": ${off}`);
}

/** @internal One that the device has. */
export function checkPrecision(value: unknown, device: Device, name: string): Precision {
  const precision = check.oneOf(value, name, precisions);
  if (precision === "float32") return precision;
  const available = direct(() => addon().precisions(device));
  if (available.includes(precision)) return precision;
  const what = `one of ${available.join(", ")}, which ${device} has,`;
  throw refused("ERR_DEVICE", what, name, `"${precision}"`);
}

/** @internal */
export function checkEma(value: unknown): Complete<EmaOptions> {
  if (!check.isObject(value)) throw wrongType("an object { decay, rampUp }", "ema", value);
  const ema = check.options(value, "ema", ["decay", "rampUp"]);
  return {
    decay: check.within(ema.decay, "ema.decay", 0, 1),
    rampUp: check.notNegative(ema.rampUp ?? 0.05, "ema.rampUp"),
  };
}

/** @internal */
export function checkPolicies(value: unknown): readonly DiffAugmentPolicy[] {
  if (!Array.isArray(value))
    throw wrongType(`an array of ${policies.join(", ")}`, "diffAugment", value);
  // Array.from sees the holes of a sparse array, which map would skip.
  const chosen = Array.from(value, (one, i) => check.oneOf(one, `diffAugment[${i}]`, policies));
  if (new Set(chosen).size < chosen.length)
    throw wrongType("each policy once", "diffAugment", chosen);
  return chosen;
}

function checkDiffAugment(
  value: unknown,
  discriminator: Discriminator,
): readonly DiffAugmentPolicy[] {
  const chosen = checkPolicies(value);
  if (chosen.length > 0 && discriminator.image.length !== 3) {
    const what = "a discriminator of [channels, height, width]";
    throw wrongType(what, "diffAugment", discriminator.image);
  }
  return chosen;
}
