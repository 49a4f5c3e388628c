// A training from its first weights to its last, as ours and a PyTorch script tell it.
import { expect, type TestContext } from "vitest";
import type { Dataset, RunOptions, Trainer } from "../../lib/index.js";
import { digest } from "./networks.js";
import { needsLive, type Verdict } from "./referee.js";

/** Steps of every comparison. */
export const steps = 20;

export interface Trajectory {
  /** SHA-256 of all weights, the moving average's included. */
  readonly initial: string;
  /** [discriminator, generator], a step each. */
  readonly losses: [number, number][];
  readonly final: string;
}

export async function follow(
  trainer: Trainer,
  data: Dataset,
  run: Omit<RunOptions, "steps" | "epochs" | "untilStep" | "tickEvery">,
): Promise<Trajectory> {
  const { generator, discriminator, ema } = trainer;
  const networks = [generator, discriminator, ...(ema === undefined ? [] : [ema])];
  const initial = await digest(...networks);
  const losses: [number, number][] = [];
  for await (const tick of trainer.run(data, { ...run, steps, tickEvery: 1 }))
    losses.push([tick.discriminatorLoss, tick.generatorLoss]);
  return { initial, losses, final: await digest(...networks) };
}

/** To rounding with a committed reference, and skipped then; bit for bit with a live one. */
export function expectEqual(
  ours: Trajectory,
  theirs: Verdict<Trajectory>,
  { skip }: Pick<TestContext, "skip">,
): void {
  expect(ours.losses).toHaveLength(steps);
  ours.losses.forEach(([d, g], i) => {
    expect(d).toBeCloseTo(theirs.value.losses[i]?.[0] as number, 5);
    expect(g).toBeCloseTo(theirs.value.losses[i]?.[1] as number, 5);
  });
  needsLive(theirs, skip);
  expect(ours).toEqual(theirs.value);
}
