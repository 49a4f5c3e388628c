import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setImmediate } from "node:timers/promises";
import * as check from "../check.js";
import { type Device, resolveDevice } from "../device.js";
import { traced } from "../errors.js";
import { readWhole } from "../files.js";
import { refusal, type Refuse } from "../reason.js";
import { checkResize, createDataset, type Dataset, type DatasetOptions } from "./dataset.js";
import { readInto, readingFile, reserve } from "./reading.js";

/** The pictures of CIFAR-10 to take, and how. */
export interface Cifar10Options extends DatasetOptions {
  /**
   * 50,000 images to train on, or 10,000 to test; a single file is taken as it is.
   * @default "train"
   */
  readonly split?: "train" | "test" | undefined;
}

const cifarFiles = {
  train: [1, 2, 3, 4, 5].map((batch) => `data_batch_${batch}.bin`),
  test: ["test_batch.bin"],
};
/**
 * Whether a folder that has a file or folder of this name is CIFAR-10's: in its Python version,
 * too, which is refused with what to do.
 */
export const isCifarName = (name: string) =>
  /^(data_batch_[1-5](\.bin)?|cifar-10-batches-py)$/.test(name);

const namesFile = "batches.meta.txt";
/** The original file of names has 61 bytes. */
const namesLimit = 4096;

const classes = 10;
const pixels = 3 * 32 * 32;
/** A label, then the red, the green and the blue pixels, each row by row. */
export const cifarRecord = 1 + pixels;

/**
 * CIFAR-10 (Krizhevsky 2009) in its binary version: colour pictures, [3, 32, 32], with labels 0 to
 * 9, and the names of the classes if batches.meta.txt is there. Throws ERR_DATA.
 *
 * @param path the folder cifar-10-batches-bin, or one of its .bin files
 */
export async function cifar10(path: check.Path, options: Cifar10Options = {}): Promise<Dataset> {
  const place = check.path(path, "path");
  check.options(options, "options", ["split", "size", "device"]);
  const split = check.oneOf(options.split ?? "train", "split", ["train", "test"]);
  const size = checkResize(options.size);
  const device = resolveDevice(options.device);
  return traced(() => load(place, split, size, device));
}

async function load(
  path: string,
  split: keyof typeof cifarFiles,
  size: DatasetOptions["size"],
  device: Device,
): Promise<Dataset> {
  // What cannot be asked cannot be read either, and is told below.
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const paths = isFolder ? cifarFiles[split].map((name) => batchIn(path, name)) : [path];
  const batches: Uint8Array[] = [];
  for (const batch of paths) batches.push(await readBatch(batch));
  const classNames = await readNames(join(isFolder ? path : dirname(path), namesFile));
  const { images, labels } = await unpack(batches);
  const shape = [labels.length, 3, 32, 32] as const;
  return createDataset({ bytes: images, shape }, size, device, { labels, classes, classNames });
}

/** The path of a batch; where only the Python version of it is there, of that. */
function batchIn(folder: string, name: string): string {
  const path = join(folder, name);
  const python = name.slice(0, -".bin".length);
  const others = [join(folder, python), join(folder, "cifar-10-batches-py", python)];
  return existsSync(path) ? path : (others.find((other) => existsSync(other)) ?? path);
}

async function readBatch(path: string): Promise<Uint8Array> {
  const refuse = refusal("ERR_DATA", "a file of CIFAR-10's binary version", path);
  return readingFile(path, refuse, async (file, size) => {
    checkSizeOf(size, path, refuse);
    const batch = reserve(size / cifarRecord, cifarRecord);
    await readInto(file, batch, 0, refuse);
    checkRecords(batch, refuse);
    return batch;
  });
}

function checkSizeOf(size: number, path: string, refuse: Refuse): void {
  if (size > 0 && size % cifarRecord === 0) return;
  if (/^(data_batch_[1-5]|test_batch)$/.test(basename(path)))
    throw refuse("it is one of the Python version; cifar-10-binary.tar.gz has the binary one");
  throw refuse(`it has ${size} bytes, which are no records of ${cifarRecord}`);
}

function checkRecords(batch: Uint8Array, refuse: Refuse): void {
  for (let start = 0; start < batch.length; start += cifarRecord) {
    const label = batch[start] as number;
    if (label >= classes)
      throw refuse(`the label of record ${start / cifarRecord} is ${label}, not one from 0 to 9`);
  }
}

/** Labels and images apart; a batch at a time, so that timers are not late. */
async function unpack(
  batches: readonly Uint8Array[],
): Promise<{ images: Uint8Array; labels: Uint8Array }> {
  const count = batches.reduce((total, { length }) => total + length / cifarRecord, 0);
  const [images, labels] = [reserve(count, pixels), new Uint8Array(count)];
  let done = 0;
  for (const batch of batches) {
    for (let start = 0; start < batch.length; start += cifarRecord, ++done) {
      labels[done] = batch[start] as number;
      images.set(batch.subarray(start + 1, start + cifarRecord), done * pixels);
    }
    await setImmediate();
  }
  return { images, labels };
}

async function readNames(path: string): Promise<string[] | undefined> {
  if (!existsSync(path)) return undefined;
  const refuse = refusal("ERR_DATA", "the names of CIFAR-10's classes", path);
  const bytes = await readWhole(path, namesLimit).catch((cause) => {
    throw refuse.unreadable(cause);
  });
  const names = bytes
    .toString()
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
  if (names.length === classes) return names;
  throw refuse(`it has ${names.length} lines of text, not ${classes}`);
}
