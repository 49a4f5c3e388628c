// vitest compares arrays of numbers item by item, with a key for each: seconds for the weights of a small network.
import { expect } from "vitest";

/** The bytes that a typed array or a Buffer shows. */
const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  Buffer.from(buffer, byteOffset, byteLength);

/** True for arrays of one type and the same bytes; of all others vitest itself decides, and shows where they differ. */
function sameBytes(a: unknown, b: unknown): true | undefined {
  if (!ArrayBuffer.isView(a) || !ArrayBuffer.isView(b)) return undefined;
  if (a.constructor !== b.constructor || !bytesOf(a).equals(bytesOf(b))) return undefined;
  return true;
}

expect.addEqualityTesters([sameBytes]);
