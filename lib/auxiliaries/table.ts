// The table of auxiliaries: a new one costs its file, a row here and a row in native code.
import { remakeAll } from "../choice.js";
import { acgan } from "./acgan.js";
import { infogan } from "./infogan.js";

export const auxiliaryTable = { acgan, infogan };

/** A task beside telling real from made, as data. */
export type Auxiliary = ReturnType<(typeof auxiliaryTable)[keyof typeof auxiliaryTable]>;

/** @internal */
export function checkAuxiliaries(value: unknown): readonly Auxiliary[] {
  const what = "an auxiliary, as auxiliaries.acgan() makes it,";
  return remakeAll<Auxiliary>(value, "auxiliaries", what, auxiliaryTable);
}

/** What an auxiliary reads. */
export interface Needs {
  /** The discriminator's classes head, and classes in the latent. */
  readonly classes: boolean;
  /** The discriminator's codes head, and codes in the latent. */
  readonly codes: boolean;
  /** The labels of the reals. */
  readonly labels: boolean;
}

type NeedsByType = {
  readonly [Type in Auxiliary["type"]]: (one: Extract<Auxiliary, { type: Type }>) => Needs;
};

const needs: NeedsByType = {
  acgan: () => ({ classes: true, codes: false, labels: true }),
  infogan: ({ categorical, continuous }) => ({
    classes: categorical > 0,
    codes: continuous > 0,
    labels: false,
  }),
};

/** @internal */
export function needsOf(auxiliary: Auxiliary): Needs {
  return needs[auxiliary.type](auxiliary as never);
}
