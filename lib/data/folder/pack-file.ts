// Packing straight into the file of the cache: for folders of which not even the packed images fit
// in memory.
import type { FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { chunkBytes, writeWholeWith } from "../../files.js";
import { type Refuse, refusal } from "../../reason.js";
import { readInto, scan } from "../reading.js";
import { type CacheKey, formatCacheHeader, intoCache, makeRoom } from "./cache.js";
import { imageBytes } from "./decode.js";
import type { Listing } from "./list.js";
import { type Decoded, decodeFiles, moves, type PackControl } from "./pack.js";

/**
 * Images begin on a page; before them is room for a header with a list of some hundred broken
 * files.
 */
const page = 4096;
const headerRoom = 16 * page;

/**
 * Decodes a folder into the file of a cache, whole or not at all. In memory are the labels and a
 * few images. Throws ERR_OUTPUT.
 *
 * @param check throws where what was decoded is not to be kept
 * @returns what it is of: the key, unless the system refused files
 */
export async function packToCache(
  path: string,
  listing: Listing,
  key: CacheKey,
  control: PackControl,
  check: (decoded: Decoded) => void,
): Promise<CacheKey> {
  const refuse = refusal("ERR_DATA", "packed images", path, "cache");
  const image = imageBytes(key.form);
  await makeRoom(path);
  const fill = async (file: FileHandle) => {
    const store = (pixels: Uint8Array, index: number) =>
      writeAll(file, pixels, headerRoom + index * image);
    const decoded = await decodeFiles(listing, key.form, control, store);
    check(decoded);
    for (const { from, to, count } of moves(decoded.gaps, listing.files.length)) {
      const place = (index: number) => headerRoom + index * image;
      await move(file, place(from), place(to), count * image, refuse);
    }
    // Of nothing that is asked for again: a file may be readable then, with the same size and time.
    const of = decoded.unread ? { ...key, source: `${key.source}, unread` } : key;
    await finish(file, decoded, of, refuse);
    return of;
  };
  return intoCache(() => writeWholeWith(path, fill));
}

/** Labels behind the images, and the header before them. */
async function finish(
  file: FileHandle,
  { labels, skipped }: Decoded,
  { form, source }: CacheKey,
  refuse: Refuse,
): Promise<void> {
  const bytes = labels.length * imageBytes(form);
  let checksum = 0;
  await scan(file, headerRoom, bytes, refuse, (part) => {
    checksum = crc32(part, checksum);
  });
  const about = { labels, skipped, form, source, checksum: crc32(labels, checksum) };
  const least = formatCacheHeader(about).length;
  const offset = Math.max(headerRoom, Math.ceil(least / page) * page);
  await move(file, headerRoom, offset, bytes, refuse);
  await writeAll(file, labels, offset + bytes);
  await file.truncate(offset + bytes + labels.length);
  await writeAll(file, formatCacheHeader(about, offset), 0);
}

/** Moves bytes within a file, also where both places overlap. */
async function move(
  file: FileHandle,
  from: number,
  to: number,
  length: number,
  refuse: Refuse,
): Promise<void> {
  if (from === to) return;
  const part = new Uint8Array(Math.min(length, chunkBytes));
  for (let done = 0; done < length; ) {
    const bytes = part.subarray(0, Math.min(part.length, length - done));
    // Backwards where it goes forwards: nothing is overwritten before it was read.
    const at = to < from ? done : length - done - bytes.length;
    await readInto(file, bytes, from + at, refuse);
    await writeAll(file, bytes, to + at);
    done += bytes.length;
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
