// TFRecord: how a file of events is cut into records. Each has its length and a checksum of both,
// so that a reader knows one that was cut short.
import crc32c from "crc-32/crc32c.js";

/**
 * Masked, as the format asks: a checksum over bytes that hold their own checksums would tell less.
 */
function masked(bytes: Uint8Array): number {
  const checksum = crc32c.buf(bytes) >>> 0;
  return (((checksum >>> 15) | (checksum << 17)) + 0xa282ead8) >>> 0;
}

/** The bytes of a record. */
export function encodeRecord(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(8 + 4 + data.length + 4);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, masked(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, masked(data), true);
  return record;
}
