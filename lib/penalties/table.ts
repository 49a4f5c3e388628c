// The table of penalties: a new one costs its file, a row here and a row in native code.
import { remakeAll } from "../choice.js";
import { dragan } from "./dragan.js";
import { type PathLength, pathLength } from "./path-length.js";
import { r1 } from "./r1.js";
import { r2 } from "./r2.js";
import { wganDiv } from "./wgan-div.js";
import { wganGp } from "./wgan-gp.js";

/** Penalties on lines between reals and fakes, of the norm that each sample has by itself. */
const between = { wganGp, wganDiv };

/** Penalties at reals or fakes themselves, of which the loss has scores. */
const atBatch = { r1, r2 };

export const penaltyTable = { ...between, ...atBatch, dragan, pathLength };

/**
 * Something added to a player's loss, as data: `pathLength` to the generator's, all others to the
 * discriminator's.
 */
export type Penalty = ReturnType<(typeof penaltyTable)[keyof typeof penaltyTable]>;

/** @internal */
export function isBetween({ type }: Pick<Penalty, "type">): boolean {
  return type in between;
}

/** @internal */
export function isAtBatch({ type }: Pick<Penalty, "type">): boolean {
  return type in atBatch;
}

/** @internal The discriminator's, in their order. */
export function discriminatorPenalties(
  penalties: readonly Penalty[],
): readonly Exclude<Penalty, PathLength>[] {
  return penalties.filter((one) => one.type !== "pathLength");
}

/** @internal The generator's; undefined where there is none. */
export function pathLengthOf(penalties: readonly Penalty[]): PathLength | undefined {
  return penalties.find((one) => one.type === "pathLength");
}

/** @internal */
export function checkPenalties(value: unknown): readonly Penalty[] {
  const what = "a penalty, as penalties.r1() makes it,";
  return remakeAll<Penalty>(value, "penalties", what, penaltyTable);
}
