import { addon, crossing } from "../addon.js";
import * as check from "../check.js";
import { type Device, resolveDevice } from "../device.js";
import { outOfRange, wrongType } from "../errors.js";
import { Images } from "../images.js";
import { product } from "../layers/kind.js";
import type { NativeDataset } from "../native.js";

/** Images on a device, as bytes: 0 is black (−1 for the networks), 255 is white (1). */
export class Dataset implements Disposable {
  /** Number of images. */
  readonly size: number;
  /** Shape of one: [channels, height, width]. */
  readonly image: readonly number[];
  /** The class of each image, if there are any. */
  readonly labels: Uint8Array | undefined;
  /** @internal */
  readonly native: NativeDataset;

  /** @internal */
  constructor(native: NativeDataset, image: readonly number[], labels?: Uint8Array) {
    if (!Array.isArray(image))
      throw wrongType("what datasets.fromBytes() or mnist() makes", "new Dataset()", native);
    this.native = native;
    this.size = native.size;
    this.image = image;
    this.labels = labels;
  }

  /** Images `start` up to, not including, `start + count`, as values of 0 to 1. */
  async read(start: number, count: number): Promise<Images> {
    check.integer(start, "start", 0, this.size - 1);
    check.integer(count, "count", 1, this.size - start);
    const values = await crossing(() => this.native.read(start, count));
    return new Images(values, [count, ...this.image]);
  }

  /** Frees the images. A run that uses them ends first. Calling it twice is fine. */
  dispose(): void {
    this.native.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Images given as bytes. */
export interface FromBytesOptions {
  /** [count, channels, height, width] of `bytes`. */
  readonly shape: readonly number[];
  /** Side that images are resized to, as torchvision's Resize does. @default their own */
  readonly size?: number;
  /** The class of each image, 0 to 255. */
  readonly labels?: Uint8Array;
  /** @default "cpu" */
  readonly device?: Device;
}

/** Not slice(): that of a Buffer is a view of the same memory. */
function copyLabels(labels: unknown, count: number): Uint8Array {
  const given = check.bytes(labels, "labels");
  if (given.length !== count)
    throw outOfRange(`${count} labels, one for each image,`, "labels", `${given.length} labels`);
  return Uint8Array.from(given);
}

/** A dataset of bytes that you already hold; they and the labels are copied. */
export async function fromBytes(bytes: Uint8Array, options: FromBytesOptions): Promise<Dataset> {
  check.bytes(bytes, "bytes");
  if (options === undefined) throw wrongType("an object", "options", options);
  check.options(options, "options", ["shape", "size", "labels", "device"]);
  const shape = check.shape(options.shape, "shape", 4) as [number, number, number, number];
  if (product(shape) !== bytes.length)
    throw outOfRange(`the shape of ${bytes.length} bytes`, "shape", shape);
  const [count, channels, height, width] = shape;
  const size =
    options.size === undefined ? undefined : check.integer(options.size, "size", 1, 4096);
  const [toHeight, toWidth] = size === undefined ? [height, width] : [size, size];
  const device = resolveDevice(options.device);
  const labels = options.labels === undefined ? undefined : copyLabels(options.labels, count);
  const native = await crossing(() =>
    addon().createDataset(bytes, shape, toHeight, toWidth, device, labels),
  );
  return new Dataset(native, [channels, toHeight, toWidth], labels);
}
