// Small JPEGs that are as they should be, decoded here by libjpeg-turbo alone: of a millisecond
// that libvips takes for one of 64×64, nine tenths are for setting up a pipeline that has nothing
// to do.
import { createRequire } from "node:module";

/** A decoder in WebAssembly; what it returns is in its memory, until the next call. */
interface Decoder {
  getEncodedBuffer(bytes: number): Uint8Array;
  /** Throws for what is broken, and for whatever libjpeg would warn of. */
  decode(): void;
  getDecodedBuffer(): Uint8ClampedArray;
}

/** Pixels a side: this thread is held for a third of a millisecond. */
export const smallSide = 128;

const load = createRequire(import.meta.url);
let loaded: Promise<Decoder> | undefined;

/**
 * Bytes of [height, width, channels], the same as libvips makes of them. Undefined for a file that
 * anything is wrong with: that is for libvips to judge.
 */
export async function decodeSmallJpeg(file: Uint8Array): Promise<Uint8Array | undefined> {
  loaded ??= makeDecoder();
  const decoder = await loaded;
  try {
    decoder.getEncodedBuffer(file.length).set(file);
    decoder.decode();
    const { buffer, byteOffset, length } = decoder.getDecodedBuffer();
    // A copy, before anybody else's turn: calls that wait for the decoder go on one right after the
    // other.
    return new Uint8Array(buffer, byteOffset, length).slice();
  } catch {
    // What it had taken for the file is lost with its memory only.
    loaded = undefined;
    return undefined;
  }
}

async function makeDecoder(): Promise<Decoder> {
  const { JPEGDecoder } = await load("@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs")();
  return new JPEGDecoder();
}
