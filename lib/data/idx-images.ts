import * as check from "../check.js";
import { resolveDevice } from "../device.js";
import { refused, renamed, showPath, traced } from "../errors.js";
import {
  checkResize,
  createDataset,
  type Dataset,
  type DatasetOptions,
  labelsOption,
} from "./dataset.js";
import { readIdx } from "./idx.js";
import type { Pixels } from "./layout.js";

/** Labels of an IDX file of images, their size and where they go. */
export interface IdxOptions extends DatasetOptions {
  /** An IDX file with the class of each image. @default no labels */
  readonly labels?: check.Path | undefined;
}

/**
 * Grey images of an IDX file, the format of MNIST and its relatives: bytes of [count, height,
 * width], plain or gzipped. Throws ERR_DATA.
 */
export async function idx(path: check.Path, options: IdxOptions = {}): Promise<Dataset> {
  const imagesPath = check.path(path, "path");
  check.options(options, "options", ["labels", "size", "device"]);
  const size = checkResize(options.size);
  const labelsPath =
    options.labels === undefined ? undefined : check.path(options.labels, "labels");
  const device = resolveDevice(options.device);
  return traced(async () => {
    const { bytes, shape, labels } = await readIdxImages(imagesPath, labelsPath, "labels");
    return createDataset({ bytes, shape }, size, device, {
      labels,
      labelling: labelsOption("idx"),
    });
  });
}

/**
 * Grey images, and their labels if there is a file of them.
 *
 * @internal
 * @param labelsName what the user calls the path of the labels
 */
export async function readIdxImages(
  path: string,
  labelsPath: string | undefined,
  labelsName = "path",
): Promise<{ bytes: Uint8Array; shape: Pixels["shape"]; labels: Uint8Array | undefined }> {
  const { data, shape } = await readIdx(path, 3);
  const [count, height, width] = shape as [number, number, number];
  const labels =
    labelsPath === undefined
      ? undefined
      : await renamed("path", labelsName, () => readLabels(labelsPath, count));
  return { bytes: data, shape: [count, 1, height, width], labels };
}

/** A label for each of `count` images. */
async function readLabels(path: string, count: number): Promise<Uint8Array> {
  const { data } = await readIdx(path, 1);
  if (data.length === count) return data;
  const received = `${data.length} in ${showPath(path)}`;
  throw refused("ERR_DATA", `${count} labels, one for each image,`, "path", received);
}
