import { addon, crossing } from "../addon.js";
import * as check from "../check.js";
import { refused, showPath, traced } from "../errors.js";
import { Dataset } from "./dataset.js";
import { checkMnist, type MnistOptions, mnistClasses, readMnist } from "./mnist.js";
import { sidesOf } from "./size.js";

/** The digits that are stacked, and how many images are made of them. */
export interface StackedMnistOptions extends MnistOptions {
  /**
   * Images to make, 1 to 100,000,000.
   * @default as many as the split has digits: 60,000, or 10,000 of test
   */
  readonly count?: number | undefined;
  /**
   * Draws the digits: the same seed gives the same images. A whole number of at least 0.
   * @default 0
   */
  readonly seed?: number | undefined;
}

const channels = 3;
/** 235 GB: what a machine has is found out by asking it. */
const mostImages = 100_000_000;

/**
 * Stacked MNIST (Metz et al. 2017, https://arxiv.org/abs/1611.02163): colour images, [3, height,
 * width], whose red, green and blue are three digits of MNIST, drawn with replacement. There are
 * 1,000 combinations, about equally many images of each, so that the modes that a generator leaves
 * out can be counted: `metrics.modeCoverage()`. The label of an image is the number that its digits
 * make, red first: 0 to 999.
 *
 * Memory: 2,352 bytes an image of 28 × 28, 141 MB for 60,000.
 *
 * @throws ERR_DATA where MNIST's files are missing or broken, RangeError for a size, count or seed
 * that is none
 */
export async function stackedMnist(options: StackedMnistOptions = {}): Promise<Dataset> {
  check.options(options, "options", ["size", "split", "root", "device", "count", "seed"]);
  const { size, device, ...files } = checkMnist(options);
  const [height, width] = sidesOf(size);
  const count =
    options.count === undefined ? undefined : check.integer(options.count, "count", 1, mostImages);
  const seed = check.seed(options.seed ?? 0, "seed");
  return traced(async () => {
    const { bytes, shape, labels } = await readMnist(files);
    const digits = checkDigits(labels as Uint8Array, files.root);
    const made = await crossing(() =>
      addon().stackDataset({
        images: bytes,
        shape,
        height,
        width,
        device,
        labels: digits,
        classes: mnistClasses,
        count: count ?? shape[0],
        channels,
        seed,
      }),
    );
    const image = [channels, height, width];
    const classes = mnistClasses ** channels;
    return new Dataset(made.dataset, image, {
      labels: new Uint16Array(made.labels.buffer),
      classes,
    });
  });
}

/** MNIST's relatives have other classes, which no three digits of a label stand for. */
function checkDigits(labels: Uint8Array, root: string): Uint8Array {
  const wrong = labels.find((label) => label >= mnistClasses);
  if (wrong === undefined) return labels;
  const what = `labels from 0 to ${mnistClasses - 1}`;
  throw refused("ERR_DATA", what, "stacked MNIST", `${wrong} in ${showPath(root)}`);
}
