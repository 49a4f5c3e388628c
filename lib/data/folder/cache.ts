// Packed images on the disk: a safetensors file of `images` and `labels`, so that other programs can read it, with
// what they were made of in its metadata, so that we can tell whether it still holds.
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { access, type FileHandle, mkdir, realpath } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, extname, join, resolve } from "node:path";
import { setImmediate } from "node:timers/promises";
import { crc32 } from "node:zlib";
import * as check from "../../check.js";
import { SparringError, wrongType } from "../../errors.js";
import { reason } from "../../files.js";
import { writeSafetensors } from "../../safetensors.js";
import { readInto, withFile } from "../reading.js";
import { type Refusal, refusal } from "../refuse.js";
import type { ImageForm } from "./decode.js";
import type { Listing } from "./list.js";
import { type Packed, reserve } from "./pack.js";

/** Goes up whenever the same files and options give other bytes, or the file has another form. */
const version = "1";
const extension = ".packed";
/** Of the names of broken files, mostly; safetensors' own limit. */
const headerLimit = 100_000_000;

/** A path that the user chose: with an extension of its own, as an older file there is replaced. */
export async function checkCachePath(cache: unknown): Promise<string> {
  const path = check.string(cache, "cache");
  if (extname(path) !== extension)
    throw wrongType(`a path that ends in ${extension}`, "cache", path);
  try {
    await access(dirname(resolve(path)), constants.W_OK);
  } catch (cause) {
    throw new SparringError(
      "ERR_OUTPUT",
      `Expected a writable file for cache but received ${JSON.stringify(path)} (${reason(cause)})`,
      { cause },
    );
  }
  return path;
}

/** The file for a folder and options in the user's cache folder, $XDG_CACHE_HOME/sparring/packed. */
export async function defaultCachePath(
  root: string,
  form: ImageForm,
  limit: number,
): Promise<string> {
  const real = await realpath(root);
  const { XDG_CACHE_HOME: chosen } = process.env;
  // The specification says that a relative path is to be ignored.
  const base = chosen?.startsWith("/") ? chosen : join(homedir(), ".cache");
  const { size, channels, crop } = form;
  const all = JSON.stringify([real, size, channels, crop, limit]);
  const key = createHash("sha256").update(all).digest("hex").slice(0, 12);
  const name = basename(real).replace(/[^\w.-]/g, "_");
  return join(base, "sparring", "packed", `${name}-${size}-${key}${extension}`);
}

/** SHA-256 over all that decides what is packed: version, options, and each file's name, size and time. */
export async function sourceHash({ files, classNames }: Listing, form: ImageForm): Promise<string> {
  const { size, channels, crop } = form;
  const hash = createHash("sha256");
  hash.update(JSON.stringify([version, size, channels, crop, classNames]));
  for (const [i, file] of files.entries()) {
    if (i % 4096 === 0) await setImmediate();
    hash.update(JSON.stringify([file.path, file.label, file.size, file.mtimeMs]));
  }
  return hash.digest("hex");
}

/** Writes a cache, whole or not at all, and its folder. Throws ERR_OUTPUT. */
export async function writeCache(
  path: string,
  { images, labels, skipped }: Packed,
  source: string,
  form: ImageForm,
): Promise<void> {
  await mkdir(dirname(resolve(path)), { recursive: true }).catch(() => {}); // writing says what is wrong
  const broken = JSON.stringify(skipped);
  const checksum = hex(crc32(broken, await checksumOf([images, labels])));
  const { images: shape } = shapes(labels.length, form);
  await writeSafetensors(
    path,
    [
      { name: "images", dtype: "U8", shape, data: images },
      { name: "labels", dtype: "U8", shape: [labels.length], data: labels },
    ],
    { format: "sparring", source, skipped: broken, crc32: checksum },
  );
}

/**
 * Reads a cache of `source`; undefined if there is none. Throws ERR_DATA for one that was made of something
 * else, or is damaged.
 */
export async function readCache(
  path: string,
  source: string,
  form: ImageForm,
): Promise<Packed | undefined> {
  const refuse = refusal("packed images", path);
  try {
    return await withFile(path, refuse, (file, size) => readFrom(file, size, source, form, refuse));
  } catch (error) {
    const cause = error instanceof SparringError ? error.cause : undefined;
    if ((cause as NodeJS.ErrnoException | undefined)?.code === "ENOENT") return undefined;
    throw error;
  }
}

async function readFrom(
  file: FileHandle,
  size: number,
  source: string,
  form: ImageForm,
  refuse: Refusal,
): Promise<Packed> {
  const { header, end } = await readHeader(file, size, refuse);
  const { __metadata__: about, ...tensors } = header;
  if (about?.source !== source) throw refuse("it was made of other files or with other options");
  const count = Number(tensors.labels?.shape?.[0]);
  // What we would have written for as many images; nothing is taken on trust.
  const bytes = isSound(tensors, count, form);
  if (bytes !== size - end) throw refuse("its header does not fit its size");
  const images = reserve(count, form.channels * form.size ** 2);
  const labels = new Uint8Array(count);
  let checksum = 0;
  const add = (part: Uint8Array) => {
    checksum = crc32(part, checksum);
  };
  await readInto(file, images, end, refuse, add);
  await readInto(file, labels, end + images.length, refuse, add);
  const broken = String(about.skipped);
  if (hex(crc32(broken, checksum)) !== about.crc32) throw refuse("its checksum is wrong");
  return { images, labels, skipped: JSON.parse(broken) };
}

/** A header as far as we look into it; anything may be missing. */
interface Header {
  readonly __metadata__?: Readonly<Record<string, unknown>>;
  readonly labels?: { readonly shape?: readonly unknown[] };
}

async function readHeader(
  file: FileHandle,
  size: number,
  refuse: Refusal,
): Promise<{ header: Header; end: number }> {
  const length = new Uint8Array(8);
  if (size < length.length) throw refuse(`it has ${size} bytes`);
  await readInto(file, length, 0, refuse);
  const bytes = new DataView(length.buffer).getBigUint64(0, true);
  if (bytes > BigInt(Math.min(headerLimit, size - length.length)))
    throw refuse(`its header would be ${bytes} bytes`);
  const text = new Uint8Array(Number(bytes));
  await readInto(file, text, length.length, refuse);
  try {
    const header: unknown = JSON.parse(Buffer.from(text).toString());
    if (check.isObject(header)) return { header, end: length.length + text.length };
  } catch {
    // told below: what JSON.parse says of a binary file helps nobody
  }
  throw refuse("its header is not a JSON object");
}

function shapes(count: number, { channels, size }: ImageForm) {
  return { images: [count, channels, size, size], labels: [count] };
}

/** Bytes of the tensors that the header describes; NaN if they are not `count` images and labels. */
function isSound(tensors: object, count: number, form: ImageForm): number {
  if (!Number.isSafeInteger(count) || count < 1) return Number.NaN;
  const { images, labels } = shapes(count, form);
  const between = count * form.channels * form.size ** 2;
  const expected = {
    images: { dtype: "U8", shape: images, data_offsets: [0, between] },
    labels: { dtype: "U8", shape: labels, data_offsets: [between, between + count] },
  };
  return JSON.stringify(tensors) === JSON.stringify(expected) ? between + count : Number.NaN;
}

/** CRC-32 of arrays one after another, in parts, so that timers are not late. */
async function checksumOf(arrays: readonly Uint8Array[]): Promise<number> {
  const part = 16 * 1024 ** 2;
  let checksum = 0;
  for (const bytes of arrays) {
    for (let start = 0; start < bytes.length; start += part) {
      checksum = crc32(bytes.subarray(start, start + part), checksum);
      await setImmediate();
    }
  }
  return checksum;
}

const hex = (checksum: number) => checksum.toString(16).padStart(8, "0");
