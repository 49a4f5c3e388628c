// Labels as they are given, to networks and with data.
import { types } from "node:util";

/** A class for each of some samples. */
export type LabelArray = readonly number[] | Uint8Array | Uint16Array | Int32Array;

/** What there is of them, for errors. */
export const labelArrays = "an array, Uint8Array, Uint16Array or Int32Array";

export function isLabelArray(labels: unknown): labels is LabelArray {
  // Not instanceof: an array of another realm is one, too.
  const kinds = [Array.isArray, types.isUint8Array, types.isUint16Array, types.isInt32Array];
  return kinds.some((isOne) => isOne(labels));
}
