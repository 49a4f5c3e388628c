// The table of penalties: a new one costs its file, a row here and a row in native code.
import { remakeAll } from "../choice.js";
import { dragan } from "./dragan.js";
import { r1 } from "./r1.js";
import { r2 } from "./r2.js";
import { wganDiv } from "./wgan-div.js";
import { wganGp } from "./wgan-gp.js";

/** Penalties on lines between reals and fakes, of the norm that each sample has by itself. */
const between = { wganGp, wganDiv };

/** Penalties at reals or fakes themselves, of which the loss has scores. */
const atBatch = { r1, r2 };

export const penaltyTable = { ...between, ...atBatch, dragan };

/** Something added to the discriminator's loss, as data. */
export type Penalty = ReturnType<(typeof penaltyTable)[keyof typeof penaltyTable]>;

/** @internal */
export function isBetween({ type }: Pick<Penalty, "type">): boolean {
  return type in between;
}

/** @internal */
export function isAtBatch({ type }: Pick<Penalty, "type">): boolean {
  return type in atBatch;
}

/** @internal */
export function checkPenalties(value: unknown): readonly Penalty[] {
  const what = "a penalty, as penalties.r1() makes it,";
  return remakeAll<Penalty>(value, "penalties", what, penaltyTable);
}
