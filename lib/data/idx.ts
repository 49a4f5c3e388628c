// IDX, the format of MNIST: two zero bytes, a type, a rank, the sides as big-endian uint32, the
// bytes.
import { createGunzip } from "node:zlib";
import { SparringError } from "../errors.js";
import { readWhole } from "../files.js";
import { type Refuse, refusal } from "../reason.js";
import { product } from "../shape.js";

/** A parsed file of unsigned bytes. */
export interface Idx {
  readonly shape: number[];
  readonly data: Uint8Array;
}

const unsignedByte = 8;
/**
 * It may be gigabytes long without a byte on the disk, which its header does not tell before it is
 * read.
 */
const plainLimit = 2 ** 31 - 1;

/** Reads an IDX file of unsigned bytes, plain or gzipped. Throws ERR_DATA. */
export async function readIdx(path: string, rank: number): Promise<Idx> {
  return decodeIdx(() => readWhole(path, plainLimit), rank, path);
}

/** @internal */
export async function decodeIdx(
  read: () => Promise<Uint8Array>,
  rank: number,
  path: string,
): Promise<Idx> {
  try {
    const bytes = await read();
    return parseIdx(isGzip(bytes) ? await unpack(bytes, rank, path) : bytes, rank, path);
  } catch (cause) {
    if (cause instanceof SparringError) throw cause;
    throw refusal("ERR_DATA", "an IDX file", path).unreadable(cause);
  }
}

/** @internal */
export function parseIdx(bytes: Uint8Array, rank: number, path: string): Idx {
  const refuse = noIdx(rank, path);
  const shape = parseHeader(bytes, rank, refuse);
  const start = headerSize(rank);
  const announced = product(shape);
  if (announced !== bytes.length - start) {
    throw refuse(
      `its shape [${shape.join(", ")}] needs ${announced} bytes, and ${bytes.length - start} follow the header`,
    );
  }
  return { shape, data: bytes.subarray(start) };
}

function noIdx(rank: number, path: string): Refuse {
  return refusal("ERR_DATA", `an IDX file of rank ${rank}`, path);
}

const headerSize = (rank: number) => 4 + 4 * rank;

/** The sides that a file announces; nothing is allocated for them yet. */
function parseHeader(bytes: Uint8Array, rank: number, refuse: Refuse): number[] {
  const start = headerSize(rank);
  if (bytes.length < 4) throw refuse(`it has ${bytes.length} bytes`);
  if (isTar(bytes)) throw refuse("it is an archive; unpack it, and give what is in it");
  if (bytes[0] !== 0 || bytes[1] !== 0) throw refuse("it does not start with two zero bytes");
  if (bytes[2] !== unsignedByte)
    throw refuse(`its values are of type 0x${bytes[2]?.toString(16)}, not unsigned bytes (0x8)`);
  if (bytes[3] !== rank) throw refuse(`its rank is ${bytes[3]}`);
  if (bytes.length < start) throw refuse(`its header is cut off after ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  if (shape.includes(0)) throw refuse(`its shape is [${shape.join(", ")}]`);
  return shape;
}

/** As of CIFAR-10's cifar-10-binary.tar.gz, which someone has just downloaded. */
const isTar = (bytes: Uint8Array) =>
  Buffer.from(bytes.subarray(257, 262)).toString("latin1") === "ustar";

const isGzip = (bytes: Uint8Array) => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** Far above MNIST's 47 MB, and what fits into one array of any Node. */
const sizeLimit = 4 * 1024 ** 3 - 1;

/**
 * Unpacks what the header announces and no more: a small file may unpack to a thousand times its
 * size.
 */
async function unpack(packed: Uint8Array, rank: number, path: string): Promise<Uint8Array> {
  const refuse = noIdx(rank, path);
  const gunzip = createGunzip({ chunkSize: 2 ** 18 });
  gunzip.end(packed);
  const chunks: Uint8Array[] = [];
  let length = 0;
  let limit: number | undefined;
  for await (const chunk of gunzip as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    length += chunk.length;
    if (limit === undefined && length >= headerSize(rank)) {
      const shape = parseHeader(Buffer.concat(chunks), rank, refuse);
      limit = headerSize(rank) + product(shape);
    }
    if (limit !== undefined && limit > sizeLimit)
      throw refuse(`it would unpack to ${limit} bytes, more than ${sizeLimit}`);
    if (limit !== undefined && length > limit)
      throw refuse(`its header needs ${limit - headerSize(rank)} bytes, and more follow it`);
  }
  return Buffer.concat(chunks);
}
