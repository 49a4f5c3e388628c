import * as check from "../check.js";
import { remake } from "../choice.js";
import { outOfRange, wrongType } from "../errors.js";
import type * as schedules from "../schedules.js";
import { constant, cosine, exponential, linear, multiStep, step, warmUp } from "../schedules.js";

/**
 * The table of schedules, in the order in which errors tell them: a new one costs its function, a
 * row here, of which the compiler knows, a row in native code, and one in warmUp() where it may
 * follow that.
 */
export const scheduleTable = {
  constant,
  linear,
  exponential,
  cosine,
  step,
  multiStep,
  warmUp,
} satisfies typeof schedules;

/** How a learning rate changes, as data. */
export type Schedule = ReturnType<(typeof scheduleTable)[keyof typeof scheduleTable]>;

/** What every optimizer takes. */
export interface OptimizerOptions {
  /** How the learning rate changes with the updates. @default schedules.constant() */
  readonly schedule?: Schedule | undefined;
  /**
   * The norm that the gradient of all of the network's parameters together is scaled down to where
   * it is larger (Pascanu et al. 2013; torch.nn.utils.clip_grad_norm_). Finite and above 0.
   * @default no clipping
   */
  readonly clipGradNorm?: number | undefined;
  /**
   * The most that each number of the gradient may be away from 0: what is farther becomes that
   * (torch.nn.utils.clip_grad_value_). Finite and above 0; not together with clipGradNorm.
   * @default no clipping
   */
  readonly clipGradValue?: number | undefined;
}

/** What every optimizer has, as data. */
export interface OptimizerSettings {
  /** Learning rate of the first update, above 0. */
  readonly lr: number;
  /** How it changes with the updates. */
  readonly schedule: Schedule;
  /** Norm that a larger gradient is scaled down to, above 0; undefined where none is. */
  readonly clipGradNorm: number | undefined;
  /** Most that a number of the gradient is away from 0, above 0; undefined for any. */
  readonly clipGradValue: number | undefined;
}

/** @internal */
export const settingNames = ["schedule", "clipGradNorm", "clipGradValue"] as const;

/** @internal */
export function settings(lr: unknown, options: OptimizerOptions): OptimizerSettings {
  const rate = check.positive(lr, "lr");
  const { schedule, clipGradNorm, clipGradValue } = options;
  if (clipGradNorm !== undefined && clipGradValue !== undefined)
    throw wrongType("nothing (clipGradNorm is given)", "clipGradValue", clipGradValue);
  const clip = (value: unknown, name: string) =>
    value === undefined ? undefined : check.positive(value, name);
  return {
    lr: rate,
    schedule: checkSchedule(schedule ?? constant(), rate),
    clipGradNorm: clip(clipGradNorm, "clipGradNorm"),
    clipGradValue: clip(clipGradValue, "clipGradValue"),
  };
}

/** A floor above the ceiling is a factor taken for a learning rate. */
function checkSchedule(value: unknown, lr: number): Schedule {
  const what = "a schedule, as schedules.linear() makes it,";
  const schedule = remake<Schedule>(value, "schedule", what, scheduleTable);
  const falling = schedule.type === "warmUp" ? schedule.schedule : schedule;
  if ("min" in falling && falling.min > lr) {
    throw outOfRange(`a number from 0 to lr, ${lr},`, `min of ${falling.type}`, falling.min);
  }
  return schedule;
}
