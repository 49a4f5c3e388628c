// IDX, the format of MNIST: two zero bytes, a type, a rank, the sides as big-endian uint32, the bytes.
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { SparringError } from "../errors.js";
import { reason } from "../files.js";
import { product } from "../layers/kind.js";

/** A parsed file of unsigned bytes. */
export interface Idx {
  readonly shape: number[];
  readonly data: Uint8Array;
}

const unsignedByte = 8;
/** Far above MNIST's 47 MB, far below what would exhaust a machine: a cap on what a .gz may unpack to. */
const sizeLimit = 4 * 1024 ** 3 - 1;

/** Reads an IDX file of unsigned bytes, plain or gzipped. Throws ERR_DATA. */
export async function readIdx(path: string, rank: number): Promise<Idx> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
    if (bytes[0] === 0x1f && bytes[1] === 0x8b)
      bytes = await promisify(gunzip)(bytes, { maxOutputLength: sizeLimit });
  } catch (cause) {
    throw new SparringError(
      "ERR_DATA",
      `Expected an IDX file for path but received ${JSON.stringify(path)} (${reason(cause)})`,
      { cause },
    );
  }
  return parseIdx(bytes, rank, path);
}

/** @internal */
export function parseIdx(bytes: Uint8Array, rank: number, path: string): Idx {
  const refuse = (what: string): SparringError =>
    new SparringError(
      "ERR_DATA",
      `Expected an IDX file of rank ${rank} for path but received ${JSON.stringify(path)}: ${what}`,
    );
  const start = 4 + 4 * rank;
  if (bytes.length < 4) throw refuse(`it has ${bytes.length} bytes`);
  if (bytes[0] !== 0 || bytes[1] !== 0) throw refuse("it does not start with two zero bytes");
  if (bytes[2] !== unsignedByte)
    throw refuse(`its values are of type 0x${bytes[2]?.toString(16)}, not unsigned bytes (0x8)`);
  if (bytes[3] !== rank) throw refuse(`its rank is ${bytes[3]}`);
  if (bytes.length < start) throw refuse(`its header is cut off after ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  if (shape.includes(0)) throw refuse(`its shape is [${shape.join(", ")}]`);
  const announced = product(shape);
  if (announced !== bytes.length - start) {
    throw refuse(
      `its shape [${shape.join(", ")}] needs ${announced} bytes, and ${bytes.length - start} follow the header`,
    );
  }
  return { shape, data: bytes.subarray(start) };
}
