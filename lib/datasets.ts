/**
 * Every source of data there is: each makes a Dataset, on the device that it is trained on.
 * @module
 */
export type { ClassLabels } from "./data/class-labels.js";
export { type FromArrayOptions, fromArray } from "./data/array.js";
export { type Cifar10Options, cifar10 } from "./data/cifar10.js";
export {
  type BrokenFile,
  type FromBytesOptions,
  fromBytes,
} from "./data/dataset.js";
export { type FolderOptions, folder, type PackProgress } from "./data/folder.js";
export { type FromValuesOptions, fromValues } from "./data/values.js";
export { type IdxOptions, idx } from "./data/idx-images.js";
export type { ImageSize } from "./data/size.js";
export { type MnistOptions, mnist } from "./data/mnist.js";
export { type StackedMnistOptions, stackedMnist } from "./data/stacked-mnist.js";
export {
  type Stream,
  type StreamEpoch,
  type StreamImages,
  type StreamItem,
  type StreamOptions,
  type StreamSource,
  stream,
} from "./data/stream.js";
export type { Layout } from "./data/layout.js";
export { type NpyOptions, npy } from "./data/npy.js";
export type { PixelRange as Range } from "./pixel-range.js";
