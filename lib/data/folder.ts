import { addon } from "../addon.js";
import * as check from "../check.js";
import { type Device, resolveDevice } from "../device.js";
import { hasCode, renamed, SparringError, traced, wrongType } from "../errors.js";
import { refusal } from "../reason.js";
import { keepingNow } from "../keeping.js";
import { createDataset, type Dataset, openDataset } from "./dataset.js";
import { checkBroken } from "./folder/broken.js";
import {
  type CacheKey,
  checkCacheFolder,
  checkCachePath,
  defaultCachePath,
  openCache,
  readCache,
  sourceHash,
  writeCache,
} from "./folder/cache.js";
import { imageBytes, type ImageForm, imageShape } from "./folder/decode.js";
import { type Listing, listFolder } from "./folder/list.js";
import { type Decoded, type Packed, type PackProgress, packImages } from "./folder/pack.js";
import { packToCache } from "./folder/pack-file.js";
import { packSome } from "./folder/some.js";
import { checkImageSize, type ImageSize } from "./size.js";

export type { PackProgress } from "./folder/pack.js";

/** How a folder of images becomes a dataset. */
export interface FolderOptions {
  /**
   * Pixels that every image gets: the side of a square, or [height, width], each from 1 to 4,096.
   */
  readonly size: ImageSize;
  /** 1 for grey, 3 for colour, whatever the files are. @default 3 */
  readonly channels?: 1 | 3 | undefined;
  /**
   * `center`: the largest part in the middle that has the shape of `size`, to the nearest pixel;
   * `none`: all of it, squeezed into that shape.
   * @default "center"
   */
  readonly crop?: "center" | "none" | undefined;
  /**
   * What becomes of broken files: `refuse` throws ERR_DATA with a list of them, `skip` leaves them
   * out and lists them in `skipped`.
   * @default "refuse"
   */
  readonly onBroken?: "refuse" | "skip" | undefined;
  /**
   * A path that ends in .packed for the packed images, or false for none.
   * @default one in $XDG_CACHE_HOME/sparring/packed
   */
  readonly cache?: check.Path | false | undefined;
  /**
   * Whether the packed images are held in memory. False reads each batch from the cache on the
   * disk, which trains to the same bits; the packing holds no more than a few images then.
   * @default whether they need at most a quarter of the memory that is available, or half of the
   * GPU's
   */
  readonly resident?: boolean | undefined;
  /**
   * The most images to take, shared out evenly among the classes: at least one for each of them.
   * @default all
   */
  readonly limit?: number | undefined;
  /** @default "cpu" */
  readonly device?: Device | undefined;
  /** Ends the packing, with `signal.reason`. @default none */
  readonly signal?: AbortSignal | undefined;
  /** Called after each file that was decoded; never if there is a cache. @default none */
  readonly onProgress?: ((progress: PackProgress) => void) | undefined;
  /**
   * Called with a sentence about a cache that could not be used or written.
   * @default process.emitWarning
   */
  readonly onNote?: ((sentence: string) => void) | undefined;
}

const known = [
  "size",
  "channels",
  "crop",
  "onBroken",
  "cache",
  "resident",
  "limit",
  "device",
  "signal",
  "onProgress",
  "onNote",
] as const satisfies readonly (keyof FolderOptions)[];

/** The options with nothing left open. */
interface Order {
  readonly root: string;
  readonly form: ImageForm;
  readonly onBroken: "refuse" | "skip";
  readonly limit: number;
  /** Undefined for that of the user's cache folder. */
  readonly cache: string | false | undefined;
  /** What the user calls it. */
  readonly cacheName: string;
  /** Undefined for what the memory allows. */
  readonly resident: boolean | undefined;
  /** Whether a cache is written. */
  readonly keep: boolean;
  /** Whether a look at some of the files is enough where no cache holds. */
  readonly some: boolean;
  readonly device: Device;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: PackProgress) => void) | undefined;
  readonly onNote: (sentence: string) => void;
}

/**
 * PNG, JPEG and WebP files of a folder, [channels, height, width]. Folders in it are classes, by
 * their sorted names, with all images below them; without any there are no labels. Images are
 * turned as their EXIF data say, laid on white, cropped, resized and packed as bytes, once: the
 * next call reads the cache. Throws ERR_DATA.
 */
export async function folder(path: check.Path, options: FolderOptions): Promise<Dataset> {
  return folderWith(path, options, { keep: true, some: false, cacheName: "cache" });
}

/**
 * @internal folder(), which packs no images where none are to be kept: it reads the cache if that
 * holds, and else the files, into memory. Where some are enough the dataset may say of more images
 * than it has: nobody can train on it.
 */
export async function folderWith(
  path: check.Path,
  options: FolderOptions,
  kept: Kept,
): Promise<Dataset> {
  const root = check.path(path, "path");
  if (options === undefined) throw wrongType("an object { size, ... }", "options", options);
  check.options(options, "options", known);
  const order = { ...checkOrder(root, options), ...kept };
  return traced(() => make(order));
}

/** What folder() has no option for. */
type Kept = Pick<Order, "cacheName" | "keep" | "some">;

function checkOrder(root: string, options: FolderOptions): Omit<Order, keyof Kept> {
  const { limit, cache, resident, signal, onProgress, onNote = warn } = options;
  const form: ImageForm = {
    size: checkImageSize(options.size),
    channels: checkChannels(options.channels ?? 3),
    crop: check.oneOf(options.crop ?? "center", "crop", ["center", "none"]),
  };
  check.signal(signal, "signal");
  for (const [name, callback] of Object.entries({ onProgress, onNote }))
    if (callback !== undefined && typeof callback !== "function")
      throw wrongType("a function", name, callback);
  if (resident !== undefined) check.boolean(resident, "resident");
  if (resident === false && cache === false)
    throw wrongType("a cache, where the images are to stay on the disk,", "cache", cache);
  return {
    root,
    form,
    resident,
    onBroken: check.oneOf(options.onBroken ?? "refuse", "onBroken", ["refuse", "skip"]),
    limit: limit === undefined ? Number.POSITIVE_INFINITY : check.integer(limit, "limit", 1),
    cache: cache === undefined || cache === false ? cache : checkCachePath(cache),
    device: resolveDevice(options.device),
    signal,
    onProgress,
    onNote,
  };
}

function checkChannels(channels: unknown): 1 | 3 {
  if (channels === 1 || channels === 3) return channels;
  throw wrongType("1 or 3", "channels", channels);
}

async function make(order: Order): Promise<Dataset> {
  const { root, form, limit, signal, onBroken, device } = order;
  const cache = await cachePath(order);
  const listing = await listFolder(root, limit, signal);
  const isOnDisk = cache !== undefined && !isResident(order, listing.files.length);
  const onDisk = isOnDisk ? await makeOnDisk(order, cache, listing) : undefined;
  if (onDisk !== undefined) return onDisk;
  const { images, labels, skipped } = await load(order, isOnDisk ? undefined : cache, listing);
  checkBroken(listing, labels, skipped, onBroken);
  // What are not to be kept are in memory now, and told of as if they had been kept.
  const kept = { resident: !isOnDisk, size: labels.length };
  const shape = [images.length / imageBytes(form), ...imageShape(form)] as const;
  const facts = { ...factsOf(listing, labels, skipped), ...kept };
  return createDataset({ bytes: images, shape }, undefined, device, facts);
}

/**
 * Whether the images are held in memory: they are there twice for a moment, and others need some,
 * too.
 */
function isResident({ resident, form, device }: Order, count: number): boolean {
  if (resident !== undefined) return resident;
  const bytes = count * imageBytes(form);
  const { availableMemory } = addon();
  const fits = (most: number, on: Device) => bytes <= most * availableMemory(on);
  return fits(1 / 4, "cpu") && (device === "cpu" || fits(1 / 2, device));
}

/**
 * A dataset of the images in a cache, which is made first if it does not hold; undefined if none is
 * to be made.
 */
async function makeOnDisk(
  order: Order,
  cache: string,
  listing: Listing,
): Promise<Dataset | undefined> {
  const { form, onBroken, device, keep } = order;
  const key = await keyOf(listing, form);
  const open = (of = key) =>
    ofCache(order, "ERR_DATA", () =>
      openCache(cache, of, async (file, { offset, labels, skipped }) => {
        const facts = factsOf(listing, labels, skipped);
        return openDataset(file, offset, shapeOf(form, labels), device, facts);
      }),
    );
  let dataset = await open().catch((error) => noteUnfit(order, error));
  if (dataset === undefined) {
    if (!keep) return undefined;
    await checkNamed(order);
    const refuseNone = ({ labels, skipped }: Decoded) => {
      if (labels.length === 0) checkBroken(listing, labels, skipped, onBroken);
    };
    const pack = () => packToCache(cache, listing, key, order, refuseNone);
    const packed = await ofCache(order, "ERR_OUTPUT", pack);
    dataset = (await open(packed)) as Dataset;
  }
  const made = dataset;
  return keepingNow((keep) => {
    const { labels = new Uint8Array(1), skipped } = keep(made);
    checkBroken(listing, labels, skipped, onBroken);
    return made;
  });
}

const shapeOf = (form: ImageForm, labels: Uint8Array) =>
  [labels.length, ...imageShape(form)] as const;

function factsOf({ classNames }: Listing, labels: Uint8Array, skipped: Packed["skipped"]) {
  const labelling = "a folder for each class in it would give them";
  if (classNames === undefined) return { skipped, labelling };
  return { labels, classNames, classes: classNames.length, skipped };
}

/** Undefined for none. */
async function cachePath(order: Order): Promise<string | undefined> {
  const { root, form, limit, cache, resident, keep, onNote } = order;
  if (cache === false) return undefined;
  if (cache !== undefined) return cache;
  try {
    return await ofCache(order, "ERR_OUTPUT", () => defaultCachePath(root, form, limit));
  } catch (error) {
    if (!(error instanceof SparringError))
      throw refusal("ERR_DATA", "a folder of images", root).unreadable(error);
    if (resident === false) throw error;
    if (keep) onNote(`${error.message}; the next call packs again`);
    return undefined;
  }
}

/**
 * Before the packing, which may take an hour; one that holds may be on a disk that is read-only.
 */
async function checkNamed({ cache }: Order): Promise<void> {
  if (typeof cache === "string") await checkCacheFolder(cache);
}

/** Does work whose errors with the code may be about the cache: they call it as the user does. */
function ofCache<T>(
  { cacheName }: Order,
  code: SparringError["code"],
  work: () => Promise<T>,
): Promise<T> {
  return renamed("cache", cacheName, work, code);
}

const warn = (sentence: string) => process.emitWarning(sentence, "SparringWarning");

/** Says of a cache that it does not hold. */
function noteUnfit({ keep, onNote }: Order, error: unknown): undefined {
  onNote(`${sentenceOf(error, "ERR_DATA")}; ${keep ? "packing again" : "reading the files"}`);
}

/**
 * Packed images: those of the cache if it holds, else of the files, which are then written to the
 * cache if they are to be kept.
 */
async function load(order: Order, cache: string | undefined, listing: Listing): Promise<Packed> {
  const { form, keep, some, onNote } = order;
  const pack = async () =>
    (some ? await packSome(listing, form, order, onNote) : undefined) ??
    packImages(listing, form, order);
  if (cache === undefined) return pack();
  const key = await keyOf(listing, form);
  try {
    const cached = await ofCache(order, "ERR_DATA", () => readCache(cache, key));
    if (cached !== undefined) return cached;
  } catch (error) {
    noteUnfit(order, error);
  }
  if (!keep) return pack();
  await checkNamed(order);
  const packed = await pack();
  try {
    if (packed.labels.length > 0 && !packed.unread)
      await ofCache(order, "ERR_OUTPUT", () => writeCache(cache, packed, key));
  } catch (error) {
    onNote(`${sentenceOf(error, "ERR_OUTPUT")}; the next call packs again`);
  }
  return packed;
}

async function keyOf(listing: Listing, form: ImageForm): Promise<CacheKey> {
  const source = await sourceHash(listing, form);
  return { source, form, classes: listing.classNames?.length ?? 1 };
}

/** What an error says that ends nothing. Any other is thrown. */
function sentenceOf(error: unknown, code: SparringError["code"]): string {
  if (hasCode(error, code)) return error.message;
  throw error;
}
