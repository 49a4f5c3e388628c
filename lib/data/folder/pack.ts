// Decoding many files at once into one array.
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { readWhole } from "../../files.js";
import { isOfSystem, reason } from "../../reason.js";
import type { BrokenFile } from "../dataset.js";
import { inParallel } from "../parallel.js";
import { reserve } from "../reading.js";
import { BrokenImage, decodeImage, imageBytes, type ImageForm } from "./decode.js";
import type { Listing, SourceFile } from "./list.js";

/** How far packing is. */
export interface PackProgress {
  /** Files that were decoded or found broken. */
  readonly done: number;
  /** Files that there are. */
  readonly total: number;
}

/** Images as bytes, one after another, and what was left out. */
export interface Packed {
  /** [count, channels, height, width] */
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
  readonly skipped: readonly BrokenFile[];
}

/** How packing is watched and ended. */
export interface PackControl {
  readonly signal?: AbortSignal | undefined;
  /** Called after each file. */
  readonly onProgress?: ((progress: PackProgress) => void) | undefined;
}

/** Decodes files into one array. Beside it there are never more than a few images in memory. */
export async function packImages(
  listing: Pick<Listing, "root" | "files">,
  form: ImageForm,
  control: PackControl,
): Promise<Packed & Pick<Decoded, "unread">> {
  const { files } = listing;
  const image = imageBytes(form);
  const images = reserveImages(files.length, form);
  const { gaps, ...facts } = await decodeFiles(listing, form, control, (pixels, index) =>
    images.set(pixels, index * image),
  );
  for (const { from, to, count } of moves(gaps, files.length)) {
    images.copyWithin(to * image, from * image, (from + count) * image);
    await setImmediate();
  }
  return { images: images.subarray(0, facts.labels.length * image), ...facts };
}

/** What was decoded, with its images wherever they were stored. */
export interface Decoded extends Omit<Packed, "images"> {
  /** Indices of the files that are left out, from the first on. */
  readonly gaps: readonly number[];
  /** Whether the system refused some of them, which it may not do the next time. */
  readonly unread: boolean;
}

/** Decodes files, a few at a time, and has each image stored under the index of its file. */
export async function decodeFiles(
  { root, files }: Pick<Listing, "root" | "files">,
  form: ImageForm,
  { signal, onProgress }: PackControl,
  store: (pixels: Uint8Array, index: number) => unknown,
): Promise<Decoded> {
  const problems = new Map<number, string>();
  let unread = false;
  let done = 0;
  const decode = async (index: number) => {
    try {
      await store(await decodeFile(root, files[index] as SourceFile, form), index);
    } catch (cause) {
      if (!(cause instanceof BrokenImage)) throw cause;
      unread ||= isOfSystem(cause.cause);
      problems.set(index, cause.message);
    }
    onProgress?.({ done: ++done, total: files.length });
  };
  await inParallel(files.length, countLanes(), decode, signal);
  return {
    unread,
    gaps: [...problems.keys()].sort((a, b) => a - b),
    labels: Uint8Array.from(
      files.filter((_, i) => !problems.has(i)),
      ({ label }) => label,
    ),
    skipped: files.flatMap(({ path }, i) => {
      const problem = problems.get(i);
      return problem === undefined ? [] : [{ path, reason: problem }];
    }),
  };
}

/**
 * Files to work on at a time: libvips works on an image in one of libuv's threads, and one more is
 * read in the meantime. libuv has a thread at least, whatever text it is told their number by.
 */
function countLanes(): number {
  const { UV_THREADPOOL_SIZE: chosen = "4" } = process.env;
  const threads = Math.max(1, Number.parseInt(chosen, 10) || 1);
  return Math.min(availableParallelism(), threads) + 1;
}

/** Bytes for as many images. Throws ERR_MEMORY. */
export function reserveImages(count: number, form: ImageForm): Uint8Array {
  return reserve(count, imageBytes(form), "; a smaller size or a limit needs less");
}

/** Throws BrokenImage; with the system's error as its cause where that refuses the file. */
async function decodeFile(
  root: string,
  { path, problem }: SourceFile,
  form: ImageForm,
): Promise<Uint8Array> {
  if (problem !== undefined) throw new BrokenImage(problem);
  const file = await readWhole(join(root, path)).catch((cause) => {
    throw isOfSystem(cause) ? new BrokenImage(reason(cause), { cause }) : cause;
  });
  return decodeImage(file, form);
}

/**
 * What closes the gaps between `count` images, in order: so many images from one place to an
 * earlier one.
 */
export function moves(
  gaps: readonly number[],
  count: number,
): { from: number; to: number; count: number }[] {
  return gaps.map((gap, i) => ({
    from: gap + 1,
    to: gap - i,
    count: (gaps[i + 1] ?? count) - gap - 1,
  }));
}
