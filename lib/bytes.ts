// Bytes by the gigabyte, on a thread that has timers to serve.
import { setImmediate } from "node:timers/promises";
import type { Bytes } from "./arrays.js";

/** What is copied or summed up at a time: a few milliseconds. */
const partBytes = 4 * 1024 ** 2;

/** The bytes of all pieces in their order, in views of at most 4 MiB; timers run in between. */
export async function* inParts(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  let sinceTimers = 0;
  for (const piece of pieces) {
    for (let start = 0; start < piece.byteLength; start += partBytes) {
      const part = piece.subarray(start, start + partBytes);
      yield part;
      sinceTimers += part.byteLength;
      if (sinceTimers < partBytes) continue;
      await setImmediate();
      sinceTimers = 0;
    }
  }
}

export function byteLengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
}

/**
 * Pieces of a file in one. Buffer.concat would put a small file in the pool that Node's other
 * buffers are in: it could not be transferred to a thread, and a copy would take them along.
 */
export async function joinBytes(pieces: readonly Uint8Array[]): Promise<Bytes> {
  const whole = new Uint8Array(byteLengthOf(pieces));
  let offset = 0;
  for await (const part of inParts(pieces)) {
    whole.set(part, offset);
    offset += part.byteLength;
  }
  return whole;
}
