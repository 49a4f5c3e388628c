// Decoding many files at once into one array.
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { isOfSystem, readWhole, reason } from "../../files.js";
import type { BrokenFile } from "../dataset.js";
import { inParallel } from "../parallel.js";
import { reserve } from "../reading.js";
import { BrokenImage, decodeImage, type ImageForm } from "./decode.js";
import type { SourceFile } from "./list.js";

/** How far packing is. */
export interface PackProgress {
  /** Files that were decoded or found broken. */
  readonly done: number;
  readonly total: number;
}

/** Images as bytes, one after another, and what was left out. */
export interface Packed {
  /** [count, channels, size, size] */
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
  readonly skipped: readonly BrokenFile[];
}

/** libvips works on an image in one of libuv's threads; one more is read in the meantime. */
const lanes = Math.min(availableParallelism(), Number(process.env.UV_THREADPOOL_SIZE ?? 4)) + 1;

/**
 * Decodes files into one array. Beside it there are never more than a few images in memory.
 *
 * @param onProgress called after each file
 */
export async function packImages(
  root: string,
  files: readonly SourceFile[],
  form: ImageForm,
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: (progress: PackProgress) => void },
): Promise<Packed> {
  const image = form.channels * form.size ** 2;
  const images = reserveImages(files.length, form);
  const problems = new Map<number, string>();
  let done = 0;
  const pack = async (index: number) => {
    const found = await decodeFile(root, files[index] as SourceFile, form);
    if (typeof found === "string") problems.set(index, found);
    else images.set(found, index * image);
    onProgress?.({ done: ++done, total: files.length });
  };
  await inParallel(files.length, lanes, pack, signal);
  return {
    images: await closeGaps(images, image, problems),
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

/** Bytes for as many images. Throws ERR_MEMORY. */
export function reserveImages(count: number, { channels, size }: ImageForm): Uint8Array {
  return reserve(count, channels * size ** 2, "; a smaller size or a limit needs less");
}

/** The image, or what is wrong with the file. */
async function decodeFile(
  root: string,
  { path, problem }: SourceFile,
  form: ImageForm,
): Promise<Uint8Array | string> {
  if (problem !== undefined) return problem;
  try {
    return await decodeImage(await readWhole(join(root, path)), form);
  } catch (cause) {
    if (cause instanceof BrokenImage) return cause.message;
    if (isOfSystem(cause)) return reason(cause);
    throw cause;
  }
}

/** Moves the images together over those that are missing. */
async function closeGaps(
  images: Uint8Array,
  image: number,
  missing: ReadonlyMap<number, unknown>,
): Promise<Uint8Array> {
  const count = images.length / image;
  const gaps = [...missing.keys()].sort((a, b) => a - b);
  for (const [i, gap] of gaps.entries()) {
    const end = gaps[i + 1] ?? count;
    images.copyWithin((gap - i) * image, (gap + 1) * image, end * image);
    await setImmediate();
  }
  return images.subarray(0, (count - gaps.length) * image);
}
