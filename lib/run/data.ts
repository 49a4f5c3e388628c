// The data of a run: recognised by what they are, not by what they are called.
import { statSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { cifar10, cifarRecord, isCifarName } from "../data/cifar10.js";
import type { Dataset } from "../data/dataset.js";
import { folderWith, type PackProgress } from "../data/folder.js";
import { listBroken } from "../data/folder/broken.js";
import { isImageName } from "../data/folder/list.js";
import { idx } from "../data/idx-images.js";
import { mnist } from "../data/mnist.js";
import { npy } from "../data/npy.js";
import { holdsTable } from "../data/npy-table.js";
import { stackedMnist } from "../data/stacked-mnist.js";
import type { Device } from "../device.js";
import { isMisuse, outOfRange, refused, renamed, showPath, wrongType } from "../errors.js";
import { withFile } from "../files.js";
import { reason } from "../reason.js";
import { isNamedData, type RunPlan } from "./plan.js";

/** How loading is watched. */
export interface DataWatch {
  /** Called after each file of a folder that was decoded. */
  readonly onProgress?: ((progress: PackProgress) => void) | undefined;
  /** Ends the packing of a folder, with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
  /** Called with a sentence about what was not as it should be, and did not matter. */
  readonly onNote?: ((sentence: string) => void) | undefined;
  /** Packed images are kept for the next run. @default true */
  readonly keep?: boolean | undefined;
  /**
   * A look at some files of a folder is enough where no cache holds, as nobody needs the images.
   * @default false
   */
  readonly some?: boolean | undefined;
}

type Kind = "mnist" | "stacked-mnist" | "cifar10" | "folder" | "npy" | "idx";

/** What is to be loaded. */
export interface WantedData
  extends Pick<RunPlan, "data" | "size" | "channels" | "resident" | "naming"> {
  /** @default "train" */
  readonly split?: "train" | "test" | undefined;
  /** Channels that a folder's images get where nobody chose. @default 3 */
  readonly fitting?: number | undefined;
}

/**
 * Loads what a plan names. Throws ERR_DATA, RangeError for channels that the data do not have, and
 * TypeError for data without images to test on where those are wanted.
 */
export async function loadData(
  wanted: WantedData,
  device: Device,
  watch: DataWatch,
): Promise<Dataset> {
  const { data, channels, naming } = wanted;
  const kind = isNamedData(data) ? (data as Kind) : await recognise(data, naming("data"));
  checkKind(kind, wanted);
  const read = readersOf(wanted, device, watch)[kind];
  const dataset = await renamed("path", naming("data"), read);
  const { skipped, image } = dataset;
  if (skipped.length > 0)
    watch.onNote?.(`Left out ${skipped.length} of the files as broken: ${listBroken(skipped)}`);
  if (channels !== undefined && channels !== image[0]) {
    dataset.dispose();
    throw outOfRange(`${image[0]}, as the data have,`, naming("channels"), channels);
  }
  return dataset;
}

function checkKind(kind: Kind, { data, resident, split, naming }: WantedData): void {
  if (resident === false && kind !== "folder")
    throw wrongType("a folder of images, which alone can stay on the disk,", naming("data"), data);
  if (split === "test" && !hasTest(kind, data))
    throw wrongType(
      "a folder of MNIST's or CIFAR-10's files, which have images to test on,",
      naming("data"),
      data,
    );
}

/** How each kind of data is read. */
function readersOf(
  { data, size, channels, fitting, resident, naming, split = "train" }: WantedData,
  device: Device,
  { onProgress, signal, onNote = () => {}, keep = true, some = false }: DataWatch,
): Record<Kind, () => Promise<Dataset>> {
  const options = { size, device };
  return {
    mnist: () => mnist({ ...options, split, root: data === "mnist" ? undefined : data }),
    "stacked-mnist": () => stackedMnist({ ...options, split }),
    cifar10: () => cifar10(data, { ...options, split }),
    folder: () => {
      const watch = { onProgress, onNote, signal };
      const colours = { channels: channels ?? (fitting === 1 ? 1 : undefined) } as const;
      const how = { ...options, resident, ...watch, ...colours, onBroken: "skip" } as const;
      const cacheName = `the cache of ${naming("data")}`;
      return folderWith(data, how, { keep, some, cacheName });
    },
    npy: async () => {
      await refuseTable(naming("data"), data);
      return npy(data, options).catch(needsTelling(naming("data"), data));
    },
    idx: () => idx(data, options),
  };
}

/**
 * Refuses, under the name that the user knows, a .npy file of which only a program can tell more.
 */
function needsTelling(name: string, path: string): (error: unknown) => never {
  return (error) => {
    if (!isMisuse(error) || !(error instanceof TypeError)) throw error;
    const what = "a .npy file of uint8 whose shape tells its layout";
    const cure = "datasets.npy() in a program can be told the range of floats, and a layout";
    const received = `${showPath(path)} (${cure})`;
    throw refused("ERR_DATA", what, name, received, { cause: error });
  };
}

/** Refuses rows of numbers, of which a run could draw no grid. */
async function refuseTable(name: string, path: string): Promise<void> {
  if (!(await holdsTable(path))) return;
  const cure = "rows of numbers: datasets.npy() and a Trainer in a program train on them";
  throw refused("ERR_DATA", "images", name, `${showPath(path)} (${cure})`);
}

/** Whether there are images to test on beside those to train on. */
function hasTest(kind: Kind, path: string): boolean {
  if (kind === "cifar10") return statSync(path).isDirectory();
  return kind === "mnist" || kind === "stacked-mnist";
}

/** Recognises what is at a path. Throws ERR_DATA for what is no data. */
async function recognise(path: string, name: string): Promise<Kind> {
  const refuse = (what: string, why: string, cause?: unknown) =>
    refused("ERR_DATA", what, name, `${showPath(path)} (${why})`, { cause });
  let kind: Kind | undefined;
  try {
    const found = await stat(path);
    if (found.isDirectory()) kind = await recogniseFolder(path);
    else if (found.isFile()) kind = await recogniseFile(path, found.size);
  } catch (cause) {
    throw refuse("a folder or file that can be read", reason(cause), cause);
  }
  if (kind !== undefined) return kind;
  const what = "a folder of images, MNIST's or CIFAR-10's files, an IDX or a .npy file";
  throw refuse(what, (await isEmpty(path)) ? "it is empty" : "it is none of them");
}

/** Whether a folder has no entry, or a file no byte. */
async function isEmpty(path: string): Promise<boolean> {
  const found = await stat(path);
  if (found.isDirectory()) return (await readdir(path)).length === 0;
  return found.isFile() && found.size === 0;
}

async function recogniseFolder(path: string): Promise<Kind | undefined> {
  const entries = await readdir(path, { withFileTypes: true });
  const isMnist = /^(train|t10k)-(images|labels)[-.]idx[13]-ubyte(\.gz)?$/;
  if (entries.some(({ name }) => isMnist.test(name))) return "mnist";
  if (entries.some(({ name }) => isCifarName(name))) return "cifar10";
  const seen = entries.filter(({ name }) => !name.startsWith("."));
  const isImages = seen.some((entry) => !entry.isFile() || isImageName(entry.name));
  return isImages ? "folder" : undefined;
}

/**
 * Recognises a file by its first bytes: NumPy's, those of a rank 3 IDX file or of gzip, or a class
 * and records of CIFAR-10's size.
 */
async function recogniseFile(path: string, size: number): Promise<Kind | undefined> {
  const start = Buffer.alloc(6);
  await withFile(path, (file) => file.read(start, 0, start.length, 0));
  const begins = (...bytes: number[]) => bytes.every((byte, i) => start[i] === byte);
  if (begins(0x93, ...Buffer.from("NUMPY"))) return "npy";
  if (begins(0, 0, 8, 3) || begins(0x1f, 0x8b)) return "idx";
  if (size > 0 && size % cifarRecord === 0 && (start[0] as number) < 10) return "cifar10";
  return undefined;
}
