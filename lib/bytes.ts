// Bytes by the gigabyte, on a thread that has timers to serve.
import { setImmediate } from "node:timers/promises";
import type { Bytes } from "./arrays.js";

/** What is copied or summed up at a time: a few milliseconds. */
const partBytes = 4 * 1024 ** 2;

/**
 * Calls back with the bytes of all pieces in their order, in views of at most 4 MiB. The first 4
 * MiB come at once; timers run after each.
 */
export async function inParts(
  pieces: readonly Uint8Array[],
  onPart: (part: Uint8Array) => void,
): Promise<void> {
  let sinceTimers = 0;
  for (const piece of pieces) {
    const { byteLength } = piece;
    for (let start = 0; start < byteLength; start += partBytes) {
      const part = piece.subarray(start, start + partBytes);
      if (sinceTimers + part.byteLength > partBytes) {
        await setImmediate();
        sinceTimers = 0;
      }
      onPart(part);
      sinceTimers += part.byteLength;
    }
  }
}

export function byteLengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
}

/**
 * Pieces of a file in one. Buffer.concat would put a small file in the pool that Node's other
 * buffers are in: it could not be transferred to a thread, and a copy would take them along.
 *
 * @param whole room for all of them
 */
export async function joinBytes(
  pieces: readonly Uint8Array[],
  whole: Bytes = new Uint8Array(byteLengthOf(pieces)),
): Promise<Bytes> {
  let offset = 0;
  await inParts(pieces, (part) => {
    whole.set(part, offset);
    offset += part.byteLength;
  });
  return whole;
}
