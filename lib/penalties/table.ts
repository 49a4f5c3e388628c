// The table of penalties: a new one costs its file, a row here and a row in native code.
import { remakeAll } from "../choice.js";
import { dragan } from "./dragan.js";
import { r1 } from "./r1.js";
import { r2 } from "./r2.js";
import { wganGp } from "./wgan-gp.js";

export const penaltyTable = { wganGp, r1, r2, dragan };

/** Something added to the discriminator's loss, as data. */
export type Penalty = ReturnType<(typeof penaltyTable)[keyof typeof penaltyTable]>;

/** @internal */
export function checkPenalties(value: unknown): readonly Penalty[] {
  const what = "a penalty, as penalties.r1() makes it,";
  return remakeAll<Penalty>(value, "penalties", what, penaltyTable);
}
