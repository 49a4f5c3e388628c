import * as check from "../check.js";
import { type Device, resolveDevice } from "../device.js";
import { SparringError, traced, wrongType } from "../errors.js";
import { createDataset, type Dataset } from "./dataset.js";
import { checkBroken } from "./folder/broken.js";
import {
  checkCacheFolder,
  checkCachePath,
  defaultCachePath,
  readCache,
  sourceHash,
  writeCache,
} from "./folder/cache.js";
import type { ImageForm } from "./folder/decode.js";
import { type Listing, listFolder } from "./folder/list.js";
import { type Packed, type PackProgress, packImages } from "./folder/pack.js";
import { refusal } from "./refuse.js";

export type { PackProgress } from "./folder/pack.js";

/** How a folder of images becomes a dataset. */
export interface FolderOptions {
  /** Side in pixels that every image gets. */
  readonly size: number;
  /** 1 for grey, 3 for colour, whatever the files are. @default 3 */
  readonly channels?: 1 | 3;
  /** `center`: the largest square in the middle; `none`: all of it, squeezed into a square. @default "center" */
  readonly crop?: "center" | "none";
  /** What broken files do: end it with ERR_DATA and a list of them, or stay out and be listed in `skipped`. @default "refuse" */
  readonly onBroken?: "refuse" | "skip";
  /** A path that ends in .packed for the packed images, or false for none. @default one in $XDG_CACHE_HOME/sparring/packed */
  readonly cache?: string | false;
  /** Most images to take, as many of each class as there are. @default all */
  readonly limit?: number;
  /** @default "cpu" */
  readonly device?: Device;
  /** Ends the packing, with `signal.reason`. */
  readonly signal?: AbortSignal;
  /** Called after each file that was decoded; never if there is a cache. */
  readonly onProgress?: (progress: PackProgress) => void;
  /** Called with a sentence about a cache that could not be used or written. @default process.emitWarning */
  readonly onNote?: (sentence: string) => void;
}

const known = [
  ...(["size", "channels", "crop", "onBroken", "cache", "limit", "device"] as const),
  ...(["signal", "onProgress", "onNote"] as const),
];

/** The options with nothing left open. */
interface Order {
  readonly root: string;
  readonly form: ImageForm;
  readonly onBroken: "refuse" | "skip";
  readonly limit: number;
  /** Undefined for that of the user's cache folder. */
  readonly cache: string | false | undefined;
  readonly device: Device;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: PackProgress) => void) | undefined;
  readonly onNote: (sentence: string) => void;
}

/**
 * PNG, JPEG and WebP files of a folder, [channels, size, size]. Folders in it are classes, by their sorted names,
 * with all images below them; without any there are no labels. Images are turned as their EXIF data say, laid on
 * white, cropped, resized and packed as bytes, once: the next call reads the cache. Throws ERR_DATA.
 */
export async function folder(path: string, options: FolderOptions): Promise<Dataset> {
  check.path(path, "path");
  if (options === undefined) throw wrongType("an object", "options", options);
  check.options(options, "options", known);
  const order = checkOrder(path, options);
  return traced(() => make(order));
}

function checkOrder(root: string, options: FolderOptions): Order {
  const { limit, cache, signal, onProgress, onNote = warn } = options;
  const form: ImageForm = {
    size: check.integer(options.size, "size", 1, 4096),
    channels: checkChannels(options.channels ?? 3),
    crop: check.oneOf(options.crop ?? "center", "crop", ["center", "none"]),
  };
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw wrongType("an AbortSignal", "signal", signal);
  for (const [name, callback] of Object.entries({ onProgress, onNote }))
    if (callback !== undefined && typeof callback !== "function")
      throw wrongType("a function", name, callback);
  return {
    root,
    form,
    onBroken: check.oneOf(options.onBroken ?? "refuse", "onBroken", ["refuse", "skip"]),
    limit: limit === undefined ? Number.POSITIVE_INFINITY : check.integer(limit, "limit", 1),
    cache: cache === undefined || cache === false ? cache : checkCachePath(cache),
    device: resolveDevice(options.device),
    ...{ signal, onProgress, onNote },
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
  const { images, labels, skipped } = await load(order, cache, listing);
  checkBroken(root, listing, labels, skipped, onBroken);
  const { channels, size } = form;
  const { classNames } = listing;
  return createDataset(images, [labels.length, channels, size, size], undefined, device, {
    ...(classNames === undefined ? {} : { labels, classNames, classes: classNames.length }),
    skipped,
  });
}

/** Undefined for none. */
async function cachePath({ root, form, limit, cache }: Order): Promise<string | undefined> {
  if (cache === false) return undefined;
  if (cache !== undefined) return checkCacheFolder(cache);
  return defaultCachePath(root, form, limit).catch((cause) => {
    throw refusal("a folder of images", root).unreadable(cause);
  });
}

const warn = (sentence: string) => process.emitWarning(sentence, "SparringWarning");

/** From the cache if it holds, else from the files, and then into the cache. */
async function load(order: Order, cache: string | undefined, listing: Listing): Promise<Packed> {
  const { root, form, onNote } = order;
  const pack = () => packImages(root, listing.files, form, order);
  if (cache === undefined) return pack();
  const source = await sourceHash(listing, form);
  const key = { source, form, classes: listing.classNames?.length ?? 1 };
  try {
    const cached = await readCache(cache, key);
    if (cached !== undefined) return cached;
  } catch (error) {
    onNote(`${sentenceOf(error, "ERR_DATA")}; packing again`);
  }
  const packed = await pack();
  try {
    if (packed.labels.length > 0) await writeCache(cache, packed, key);
  } catch (error) {
    onNote(`${sentenceOf(error, "ERR_OUTPUT")}; the next call packs again`);
  }
  return packed;
}

/** What an error says that ends nothing. Any other is thrown. */
function sentenceOf(error: unknown, code: SparringError["code"]): string {
  if (error instanceof SparringError && error.code === code) return error.message;
  throw error;
}
