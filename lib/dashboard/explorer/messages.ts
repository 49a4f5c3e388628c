// What the server and the explorer's process tell each other.
import type { ExploreRequest } from "../page/protocol.js";
import type { WantedWeights } from "./generators.js";

export interface Question
  extends WantedWeights,
    Pick<ExploreRequest, "method" | "points" | "truncationPsi"> {
  readonly id: number;
}

/** Samples side by side as a PNG. */
export interface DrawnPicture {
  readonly png: Uint8Array;
  /** Steps that the generator was trained; null where nothing tells. */
  readonly step: number | null;
  readonly averaged: boolean;
  /** Time from the question to the picture. */
  readonly milliseconds: number;
}

export interface Refused {
  /** The reason, in a sentence. */
  readonly error: string;
  /** The question asked for something that does not exist; otherwise something went wrong. */
  readonly isMisuse: boolean;
}

export type Answer = { readonly id: number } & (DrawnPicture | Refused);
