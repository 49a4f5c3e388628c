// From a folder to what a trainer is made of. The folder may come from a stranger: everything is
// checked before it is used, and nothing outside the folder is read.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { GeneratorArchitecture } from "../architecture.js";
import * as check from "../check.js";
import { hasCode, refused, show, showPath, type SparringError } from "../errors.js";
import { readWhole } from "../files.js";
import { isOfSystem, reason } from "../reason.js";
import type { NativeSnapshot, TensorData } from "../native.js";
import { parseSafetensors, type StoredTensor } from "../safetensors.js";
import {
  averageFile,
  checksumOf,
  type FileFacts,
  type Manifest,
  formatVersion,
  generatorFile,
  joinTensors,
  manifestFile,
  nextFolder,
  noData,
  parts,
  sha256,
} from "./format.js";

type Facts = "step" | "device" | "threads" | "generator" | "discriminator" | "trainer";

/** A checkpoint in memory, intact. */
export interface Checkpoint extends Pick<Manifest, Facts> {
  readonly snapshot: NativeSnapshot;
  /** What the run kept beside its trainer, unchecked. */
  readonly run: unknown;
}

/** Far more than the largest network's list of files and counts. */
const manifestLimit = 64 * 1024 ** 2;

type Refuse = (why: string, cause?: unknown) => Error;

/** Refusals of what may be sound all the same, and what it is then. */
const perhapsSound = new WeakMap<object, "that a later version wrote" | "that cannot be read">();

/** Whether an error says that a checkpoint is damaged, and no machine or version could read it. */
export function isDamage(error: unknown): error is SparringError {
  return hasCode(error, "ERR_CHECKPOINT") && !perhapsSound.has(error);
}

/** What to say of a checkpoint that is passed over because of an error. */
export function skipNote(error: SparringError): string {
  const which = perhapsSound.get(error) ?? "that is not intact";
  return `Skipped a checkpoint ${which}: ${error.message}`;
}

/**
 * Reads a checkpoint. Throws ERR_CHECKPOINT with what is wrong with it.
 *
 * @param name what the user calls it, or what it is found by
 */
export async function readCheckpoint(path: string, name: string): Promise<Checkpoint> {
  const refuse = noCheckpoint(path, name);
  return readBy(path, refuse, (manifest) => readAll(manifest, path, refuse));
}

/**
 * Reads what a manifest says; anew where another checkpoint has taken its place meanwhile.
 */
async function readBy<T>(
  path: string,
  refuse: Refuse,
  read: (manifest: Manifest) => Promise<T>,
): Promise<T> {
  for (let manifest = await readManifest(path, refuse); ; ) {
    try {
      return await read(manifest);
    } catch (error) {
      const now = await readManifest(path, refuse).catch(() => manifest);
      if (checksumOf(now) === checksumOf(manifest)) throw error;
      manifest = now;
    }
  }
}

async function readAll(manifest: Manifest, path: string, refuse: Refuse): Promise<Checkpoint> {
  const tensors: TensorData[] = [];
  for (const { file } of parts) {
    const facts = manifest.files[file];
    if (facts === undefined) continue;
    tensors.push(...tensorsOf(file, await readIntact(path, file, facts, refuse), refuse));
  }
  const { step, device, threads, generator, discriminator, trainer } = manifest;
  const { counts, parameterUpdates, data } = manifest;
  const snapshot = { tensors, counts, parameterUpdates, data: data ?? noData };
  return { step, device, threads, generator, discriminator, trainer, snapshot, run: manifest.run };
}

/** The weights of one network of a checkpoint. */
interface SavedWeights {
  readonly step: number;
  readonly tensors: readonly StoredTensor[];
}

/**
 * The weights of one network of a checkpoint, read once and intact: a run may remove it at any
 * moment. Throws ERR_CHECKPOINT.
 *
 * @param file the network's, one of `parts`
 * @param name what the user calls the checkpoint, or what it is found by
 */
export async function readWeights(path: string, file: string, name: string): Promise<SavedWeights> {
  const refuse = noCheckpoint(path, name);
  return readBy(path, refuse, (manifest) => weightsIn(manifest, path, file, refuse));
}

/**
 * The generator of a checkpoint, and nothing else of it: its average where one was kept. Throws
 * ERR_CHECKPOINT.
 *
 * @param raw not the average
 */
export async function readGenerator(
  path: string,
  raw: boolean,
): Promise<SavedWeights & { readonly architecture: GeneratorArchitecture; readonly path: string }> {
  const refuse = noCheckpoint(path, "path");
  return readBy(path, refuse, async (manifest) => {
    const file = !raw && averageFile in manifest.files ? averageFile : generatorFile;
    const weights = await weightsIn(manifest, path, file, refuse);
    return { ...weights, architecture: manifest.generator, path: join(path, file) };
  });
}

async function weightsIn(
  manifest: Manifest,
  path: string,
  file: string,
  refuse: Refuse,
): Promise<SavedWeights> {
  const facts = manifest.files[file];
  if (facts === undefined) throw refuse(`it has no ${file}`);
  const bytes = await readIntact(path, file, facts, refuse);
  try {
    return { step: manifest.step, tensors: parseSafetensors(bytes, file) };
  } catch (cause) {
    throw refuse((cause as Error).message, cause);
  }
}

function noCheckpoint(path: string, name: string): Refuse {
  return (why, cause) =>
    refused("ERR_CHECKPOINT", "a checkpoint", name, `${showPath(path)} (${why})`, { cause });
}

/** The manifest. Of the folder of a run, which has none, the error names the newest checkpoint. */
export async function readManifest(path: string, refuse: Refuse): Promise<Manifest> {
  try {
    return parseManifest(await readPart(path, manifestFile, manifestLimit, refuse), refuse);
  } catch (error) {
    const { cause } = error as Error;
    if ((cause as NodeJS.ErrnoException | undefined)?.code !== "ENOENT") throw error;
    const newest = await newestBelow(path);
    if (newest === undefined) throw error;
    throw refuse(`the newest checkpoint in it is ${showPath(newest)}`, cause);
  }
}

/** The newest checkpoint below the folder of a run, or below that of a run's checkpoints. */
async function newestBelow(path: string): Promise<string | undefined> {
  for (const folder of [join(path, "checkpoints"), path]) {
    const names = await readdir(folder).catch(() => []);
    const newest = names
      .filter((name) => /^[0-9]+$/.test(name))
      .toSorted(byNumber)
      .at(-1);
    if (newest !== undefined) return join(folder, newest);
  }
  return undefined;
}

const byNumber = (a: string, b: string) => Number(a) - Number(b);

/** A file of the folder with the bytes that it was written with. */
async function readIntact(
  folder: string,
  file: string,
  facts: FileFacts,
  refuse: Refuse,
): Promise<Buffer> {
  const bytes = await readPart(folder, file, facts.bytes, refuse);
  if (bytes.byteLength !== facts.bytes)
    throw refuse(`${file} has ${bytes.byteLength} bytes, not ${facts.bytes}`);
  if ((await sha256(bytes)) !== facts.sha256) throw refuse(`${file} is damaged`);
  return bytes;
}

/** A file of the folder, of at most so many bytes; that of the next checkpoint where it has one. */
async function readPart(
  folder: string,
  file: string,
  limit: number,
  refuse: Refuse,
): Promise<Buffer> {
  try {
    const next = readWhole(join(folder, nextFolder, file), limit);
    return await next.catch((cause: unknown) => {
      if (!isMissing(cause)) throw cause;
      return readWhole(join(folder, file), limit);
    });
  } catch (cause) {
    const error = refuse(`${file}: ${reason(cause)}`, cause);
    const isGone = (cause as NodeJS.ErrnoException).code === "ENOENT";
    if (isOfSystem(cause) && !isGone) perhapsSound.set(error, "that cannot be read");
    throw error;
  }
}

/** Whether there is no such file, or no such folder to look for it in. */
function isMissing(cause: unknown): boolean {
  const { code } = cause as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR";
}

function tensorsOf(file: string, bytes: Uint8Array, refuse: Refuse): TensorData[] {
  let joined: TensorData[] | undefined;
  try {
    joined = joinTensors(file, parseSafetensors(bytes, file));
  } catch (cause) {
    throw refuse((cause as Error).message, cause);
  }
  if (joined === undefined) throw refuse(`${file} has tensors of dtypes that no checkpoint has`);
  return joined;
}

/**
 * What networks and options there are is left to those who make them: they refuse what they refuse
 * from anybody.
 */
function parseManifest(bytes: Buffer, refuse: Refuse): Manifest {
  const all = parseJson(bytes, refuse);
  if (all.format !== "sparring checkpoint") throw refuse(`${manifestFile} is not a checkpoint's`);
  const { checksum, ...manifest } = all;
  checkVersion(all.version, refuse);
  if (checksum !== checksumOf(manifest)) throw refuse(`${manifestFile} is damaged`);
  const { step, device, threads, generator, discriminator, trainer } = manifest;
  const { counts, parameterUpdates, data, files } = manifest;
  const sound =
    isCount(step) &&
    typeof device === "string" &&
    isCount(threads) &&
    [generator, discriminator, trainer].every(check.isObject) &&
    isRecordOf(counts, isCount) &&
    isRecordOf(parameterUpdates, isCounts) &&
    (data === null || (typeof data === "string" && /^[0-9a-f]{16}$/.test(data))) &&
    isRecordOf(files, isFacts);
  if (!sound) throw refuse(`${manifestFile} lacks something that a checkpoint has`);
  return manifest as unknown as Manifest;
}

function checkVersion(version: unknown, refuse: Refuse): void {
  if (typeof version === "number" && version >= 1 && version <= formatVersion) return;
  const what = `its format is version ${show(version)}; this Sparring reads 1 to ${formatVersion}`;
  const error = refuse(what);
  const isLater = typeof version === "number" && version > formatVersion;
  perhapsSound.set(error, isLater ? "that a later version wrote" : "that cannot be read");
  throw error;
}

function parseJson(bytes: Buffer, refuse: Refuse): Record<string, unknown> {
  try {
    const value = JSON.parse(bytes.toString("utf8"));
    if (check.isObject(value)) return value;
  } catch {
    // told below: what JSON.parse says of half a file helps nobody
  }
  throw refuse(`${manifestFile} is not a JSON object`);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(isCount);
}

function isFacts(value: unknown): value is FileFacts {
  return check.isObject(value) && isCount(value.bytes) && typeof value.sha256 === "string";
}

function isRecordOf<T>(value: unknown, is: (one: unknown) => one is T): value is Record<string, T> {
  return check.isObject(value) && Object.values(value).every(is);
}
