// Packed images on the disk: a safetensors file of `images` and `labels`, so that other programs
// can read it, with what they were made of in its metadata, so that we can tell whether it still
// holds.
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { access, type FileHandle, realpath } from "node:fs/promises";
import { homedir, userInfo } from "node:os";
import { basename, dirname, extname, join, resolve } from "node:path";
import { setImmediate } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { crc32 } from "node:zlib";
import { inParts } from "../../bytes.js";
import * as check from "../../check.js";
import { refused, renamed, SparringError, wrongType } from "../../errors.js";
import { makeFolders, sweep, writeWhole } from "../../files.js";
import { type Refuse, refusal } from "../../reason.js";
import { formatHeader, headerLimit } from "../../safetensors.js";
import { product } from "../../shape.js";
import type { BrokenFile } from "../dataset.js";
import { readInto, readingFile, reserve, scan } from "../reading.js";
import { imageBytes, type ImageForm, imageShape } from "./decode.js";
import type { Listing } from "./list.js";
import { type Packed, reserveImages } from "./pack.js";

/** Goes up whenever the same files and options give other bytes, or the file has another form. */
const version = "1";
const extension = ".packed";

/** What a cache has to be of. */
export interface CacheKey {
  /** A sourceHash(). */
  readonly source: string;
  readonly form: ImageForm;
  /** Labels are below this. */
  readonly classes: number;
}

/** A path that the user chose: with an extension of its own, as an older file there is replaced. */
export function checkCachePath(cache: unknown): string {
  const path = check.path(cache, "cache");
  if (extname(path) !== extension)
    throw wrongType(`a path that ends in ${extension}`, "cache", path);
  return path;
}

/** Checks that the chosen path can be written to. Throws ERR_OUTPUT. */
export async function checkCacheFolder(path: string): Promise<string> {
  try {
    await access(dirname(resolve(path)), constants.W_OK);
  } catch (cause) {
    throw refusal("ERR_OUTPUT", "a writable file", path, "cache").unreadable(cause);
  }
  return path;
}

/**
 * The file for a folder and options in the user's cache folder, $XDG_CACHE_HOME/sparring/packed.
 * Throws ERR_OUTPUT for a user who has no such folder.
 */
export async function defaultCachePath(
  root: string,
  form: ImageForm,
  limit: number,
): Promise<string> {
  const real = await realpath(root);
  const { size, channels, crop } = form;
  const all = JSON.stringify([real, size, channels, crop, limit]);
  const key = createHash("sha256").update(all).digest("hex").slice(0, 12);
  // A name may be as long as the file system allows, and this one is followed by more.
  const name = basename(real)
    .replace(/[^\w.-]/g, "_")
    .slice(0, 128);
  const sides = typeof size === "number" ? size : size.join("x");
  return join(cacheHome(), "sparring", "packed", `${name}-${sides}-${key}${extension}`);
}

function cacheHome(): string {
  const { XDG_CACHE_HOME: chosen } = process.env;
  // The specification says that a relative path is to be ignored.
  if (chosen?.startsWith("/")) return chosen;
  try {
    // An empty HOME would mean the working directory, another one each time.
    const home = homedir();
    return join(home.startsWith("/") ? home : userInfo().homedir, ".cache");
  } catch (cause) {
    // A container's user may have neither a HOME nor an entry in /etc/passwd.
    const what = "a home folder, or XDG_CACHE_HOME,";
    throw refused("ERR_OUTPUT", what, "cache", "none", { cause });
  }
}

/**
 * Makes the folder of a cache, and removes what packings that were killed left there. Throws
 * ERR_OUTPUT.
 */
export async function makeRoom(path: string): Promise<void> {
  const folder = dirname(resolve(path));
  await makeFolders(folder).catch((cause) => {
    throw refusal("ERR_OUTPUT", "a writable file", path, "cache").unreadable(cause);
  });
  await sweep(folder).catch(() => {});
}

/**
 * SHA-256 over all that decides what is packed: version, options, and each file's name, size and
 * time.
 */
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
  { source, form }: CacheKey,
): Promise<void> {
  await makeRoom(path);
  const checksum = await checksumOf([images, labels]);
  const about = { labels, skipped, form, source, checksum };
  const parts = [formatCacheHeader(about), images, labels];
  await intoCache(() => writeWhole(path, parts));
}

/** Does work that writes a cache: its errors say `cache`, which a folder has beside its own path. */
export function intoCache<T>(work: () => Promise<T>): Promise<T> {
  return renamed("path", "cache", work, "ERR_OUTPUT");
}

/**
 * What comes before the images of a cache, then its labels; padded to `size` bytes. `checksum` is
 * that of both.
 */
export function formatCacheHeader(
  about: Omit<Packed, "images"> & Pick<CacheKey, "form" | "source"> & { checksum: number },
  size?: number,
): Buffer {
  const { labels, skipped, form, source, checksum } = about;
  const broken = JSON.stringify(skipped);
  const { images, labels: each } = shapes(labels.length, form);
  return formatHeader(
    [
      { name: "images", dtype: "U8", shape: images, bytes: product(images) },
      { name: "labels", dtype: "U8", shape: each, bytes: labels.length },
    ],
    { format: "sparring", source, skipped: broken, crc32: hex(crc32(broken, checksum)) },
    size,
  );
}

/**
 * Reads a cache; undefined if there is none. Throws ERR_DATA for one that was made of something
 * else, or is damaged.
 */
export function readCache(path: string, key: CacheKey): Promise<Packed | undefined> {
  return withCache(path, async (file, size, refuse) => {
    const take: Take<Uint8Array> = async (count, offset, add) => {
      const images = reserveImages(count, key.form);
      await readInto(file, images, offset, refuse, add);
      return images;
    };
    return readFrom(file, size, key, refuse, take);
  });
}

/** Images that stay in the file of a cache. */
export interface PackedFile extends Omit<Packed, "images"> {
  /** The byte at which they begin. */
  readonly offset: number;
}

/** Reads a cache as readCache() does, without holding its images: works with the open file. */
export function openCache<T>(
  path: string,
  key: CacheKey,
  work: (file: FileHandle, packed: PackedFile) => Promise<T>,
): Promise<T | undefined> {
  return withCache(path, async (file, size, refuse) => {
    const take: Take<number> = async (count, offset, add) => {
      await scan(file, offset, count * imageBytes(key.form), refuse, add);
      return offset;
    };
    const { images: offset, ...packed } = await readFrom(file, size, key, refuse, take);
    return work(file, { offset, ...packed });
  });
}

async function withCache<T>(
  path: string,
  work: (file: FileHandle, size: number, refuse: Refuse) => Promise<T>,
): Promise<T | undefined> {
  const refuse = refusal("ERR_DATA", "packed images", path, "cache");
  try {
    return await readingFile(path, refuse, (file, size) => work(file, size, refuse));
  } catch (error) {
    const cause = error instanceof SparringError ? error.cause : undefined;
    if ((cause as NodeJS.ErrnoException | undefined)?.code === "ENOENT") return undefined;
    throw error;
  }
}

/** What becomes of `count` images from `offset` on; `add` has to be shown all their bytes. */
type Take<T> = (count: number, offset: number, add: (part: Uint8Array) => void) => Promise<T>;

async function readFrom<T>(
  file: FileHandle,
  size: number,
  { source, form, classes }: CacheKey,
  refuse: Refuse,
  take: Take<T>,
): Promise<Omit<Packed, "images"> & { readonly images: T }> {
  const { header, end } = await readHeader(file, size, refuse);
  const { __metadata__: about, ...tensors } = header;
  if (about?.source !== source) throw refuse("it was made of other files or with other options");
  const count = (size - end) / (imageBytes(form) + 1);
  if (!isSound(tensors, count, form)) throw refuse("its header does not fit its size");
  let checksum = 0;
  const add = (part: Uint8Array) => {
    checksum = crc32(part, checksum);
  };
  const images = await take(count, end, add);
  const labels = reserve(count, 1);
  await readInto(file, labels, end + count * imageBytes(form), refuse, add);
  const { skipped: broken } = about;
  if (typeof broken !== "string" || hex(crc32(broken, checksum)) !== about.crc32)
    throw refuse("its checksum is wrong");
  // A checksum is against accidents: what follows is against those who can count.
  const wrong = labels.findIndex((label) => label >= classes);
  if (wrong >= 0) throw refuse(`its label ${wrong} is ${labels[wrong]}, of ${classes} classes`);
  return { images, labels, skipped: parseBroken(broken, refuse) };
}

function parseBroken(text: string, refuse: Refuse): BrokenFile[] {
  const isBroken = (value: unknown) =>
    check.isObject(value) && typeof value.path === "string" && typeof value.reason === "string";
  try {
    const list: unknown = JSON.parse(text);
    if (Array.isArray(list) && list.every(isBroken)) return list;
  } catch {
    // told below
  }
  throw refuse("its list of broken files is none");
}

/** A header as far as we look into it; anything may be missing. */
interface Header {
  readonly __metadata__?: Readonly<Record<string, unknown>> | undefined;
}

async function readHeader(
  file: FileHandle,
  size: number,
  refuse: Refuse,
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

function shapes(count: number, form: ImageForm) {
  return { images: [count, ...imageShape(form)], labels: [count] };
}

/** Whether a header is what we would have written for `count` images; nothing is taken on trust. */
function isSound(tensors: object, count: number, form: ImageForm): boolean {
  if (!Number.isSafeInteger(count) || count < 1) return false;
  const { images, labels } = shapes(count, form);
  const between = count * imageBytes(form);
  const expected = {
    images: { dtype: "U8", shape: images, data_offsets: [0, between] },
    labels: { dtype: "U8", shape: labels, data_offsets: [between, between + count] },
  };
  return isDeepStrictEqual(tensors, expected);
}

/** CRC-32 of arrays one after another, in parts, so that timers are not late. */
async function checksumOf(arrays: readonly Uint8Array[]): Promise<number> {
  let checksum = 0;
  await inParts(arrays, (part) => {
    checksum = crc32(part, checksum);
  });
  return checksum;
}

const hex = (checksum: number) => checksum.toString(16).padStart(8, "0");
