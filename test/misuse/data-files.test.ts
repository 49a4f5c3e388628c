// Datasets of CIFAR-10's, .npy and IDX files, as a stranger opens them.
import { execFileSync } from "node:child_process";
import { mkdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bad, refuses } from "../helpers/misuse.js";
import { afterAll } from "vitest";
import { datasets } from "../../lib/index.js";
import { makeFolder } from "../helpers/folder.js";
import { idx } from "../helpers/idx.js";
import { npyFile } from "../helpers/npy.js";

const folder = await makeFolder();
afterAll(() => folder.remove());
const at = (name: string) => join(folder.path, name);
/** How a path appears in a sentence. */
const shown = (name: string) => JSON.stringify(at(name));

await mkdir(at("empty"));
await writeFile(at("text"), "cats and dogs");
await writeFile(at("bytes.npy"), npyFile("2, 2, 2", 8));
await writeFile(at("floats.npy"), npyFile("1, 2, 2", 16, "'<f4'"));
await writeFile(at("either.npy"), npyFile("1, 3, 5, 3", 45));
await writeFile(at("vast.npy"), npyFile("4398046511104, 1, 1", 0));
await truncate(at("vast.npy"), 2 ** 42 + npyFile("4398046511104, 1, 1", 0).length);
await writeFile(at("images.idx"), idx([4, 2, 2]));
await writeFile(at("labels.idx"), idx([3]));
await mkdir(at("cifar"));
await writeFile(at("cifar/one.bin"), Buffer.alloc(3073));
await writeFile(at("cifar/batches.meta.txt"), "");
await truncate(at("cifar/batches.meta.txt"), 2 ** 40);
execFileSync("mkfifo", [at("pipe")]);

const cifar = (options: unknown, path: unknown = at("cifar/one.bin")) =>
  datasets.cifar10(bad(path), bad(options));
const noCifar = (name: string, why: string) =>
  `Expected a file of CIFAR-10's binary version for path but received ${shown(name)}${why}`;

refuses("datasets.cifar10", [
  [
    "names of classes without end",
    () => cifar({}),
    "ERR_DATA",
    `Expected the names of CIFAR-10's classes for path but received ${shown("cifar/batches.meta.txt")} (it has 1099511627776 bytes, more than 4096)`,
  ],
  [
    "a path that is empty",
    () => cifar({}, ""),
    "TypeError",
    'Expected a non-empty string for path but received ""',
  ],
  [
    "a path with NUL",
    () => cifar({}, "cifar\0"),
    "TypeError",
    'Expected a path without NUL for path but received "cifar\\u0000"',
  ],
  [
    "a size in place of options",
    () => cifar(32),
    "TypeError",
    "Expected an object for options but received 32",
  ],
  [
    "train as in torchvision",
    () => cifar({ train: true }),
    "TypeError",
    'Expected only the options split, size, device for options but received "train"',
  ],
  [
    "a split that is none",
    () => cifar({ split: "validation" }),
    "TypeError",
    'Expected one of train, test for split but received "validation"',
  ],
  [
    "a size as text",
    () => cifar({ size: "32" }),
    "TypeError",
    'Expected a whole number from 1 to 4096, or [height, width], for size but received "32"',
  ],
  [
    "a device that is none",
    () => cifar({ device: "gpu" }),
    "TypeError",
    'Expected "cpu", "cuda" or "cuda:i" for device but received "gpu"',
  ],
  [
    "what is not there",
    () => cifar({}, at("nowhere")),
    "ERR_DATA",
    noCifar("nowhere", " (no such file or folder)"),
  ],
  [
    "a folder without it",
    () => cifar({}, at("empty")),
    "ERR_DATA",
    noCifar("empty/data_batch_1.bin", " (no such file or folder)"),
  ],
  ["a pipe", () => cifar({}, at("pipe")), "ERR_DATA", noCifar("pipe", " (it is no regular file)")],
  [
    "another file",
    () => cifar({}, at("text")),
    "ERR_DATA",
    noCifar("text", ": it has 13 bytes, which are no records of 3073"),
  ],
]);

const numpy = (options: unknown, path: unknown = at("bytes.npy")) =>
  datasets.npy(bad(path), bad(options));
const noNpy = (name: string, why: string) =>
  `Expected a .npy file of images or rows of numbers for path but received ${shown(name)}${why}`;

refuses("datasets.npy", [
  [
    "an array in place of a path",
    () => numpy({}, [1, 2]),
    "TypeError",
    "Expected a non-empty string for path but received [1, 2]",
  ],
  [
    "a path with NUL",
    () => numpy({}, "x\0.npy"),
    "TypeError",
    'Expected a path without NUL for path but received "x\\u0000.npy"',
  ],
  [
    "options that are null",
    () => numpy(null),
    "TypeError",
    "Expected an object for options but received null",
  ],
  [
    "an unknown option",
    () => numpy({ root: "x" }),
    "TypeError",
    'Expected only the options labels, range, layout, size, device for options but received "root"',
  ],
  [
    "labels that are no array",
    () => numpy({ labels: { 0: 1 } }),
    "TypeError",
    "Expected a .npy file, or an array, Uint8Array, Uint16Array or Int32Array of classes for labels but received { 0: 1 }",
  ],
  [
    "labels that are an empty path",
    () => numpy({ labels: "" }),
    "TypeError",
    'Expected a non-empty string for labels but received ""',
  ],
  [
    "labels of fewer images",
    () => numpy({ labels: new Uint8Array(1) }),
    "RangeError",
    'Expected 2 labels, one for each image, for labels but received "1 labels"',
  ],
  [
    "labels with NUL",
    () => numpy({ labels: "y\0.npy" }),
    "TypeError",
    'Expected a path without NUL for labels but received "y\\u0000.npy"',
  ],
  [
    "a range of strings",
    () => numpy({ range: ["a", "b"] }),
    "TypeError",
    'Expected [black, white], such as [0, 1] or [-1, 1], for range but received ["a", "b"]',
  ],
  [
    "a layout that is none",
    () => numpy({ layout: "CHW" }),
    "TypeError",
    'Expected one of NHWC, NCHW for layout but received "CHW"',
  ],
  [
    "a size of a fraction",
    () => numpy({ size: 0.5 }),
    "RangeError",
    "Expected a whole number from 1 to 4096 for size but received 0.5",
  ],
  [
    "a device that is none",
    () => numpy({ device: 0 }),
    "TypeError",
    'Expected "cpu", "cuda" or "cuda:i" for device but received 0',
  ],
  [
    "floats without a range",
    () => numpy({}, at("floats.npy")),
    "TypeError",
    "Expected [black, white], such as [0, 1] or [-1, 1] (the values are float32), for range but received undefined",
  ],
  [
    "a layout that would have to be guessed",
    () => numpy({}, at("either.npy")),
    "TypeError",
    "Expected NHWC or NCHW (of [1, 3, 5, 3] both would do) for layout but received undefined",
  ],
  [
    "more than memory holds, without a byte on the disk",
    () => numpy({}, at("vast.npy")),
    "ERR_MEMORY",
    "Expected enough host memory for 4398046511104 images of 1 bytes but it ran out",
  ],
  [
    "what is not there",
    () => numpy({}, at("nowhere")),
    "ERR_DATA",
    noNpy("nowhere", " (no such file or folder)"),
  ],
  ["a folder", () => numpy({}, at("empty")), "ERR_DATA", noNpy("empty", " (it is a folder)")],
  ["a pipe", () => numpy({}, at("pipe")), "ERR_DATA", noNpy("pipe", " (it is no regular file)")],
  [
    "another file",
    () => numpy({}, at("text")),
    "ERR_DATA",
    noNpy("text", ": it does not start with NumPy's magic number"),
  ],
  [
    "labels of another file",
    () => numpy({ labels: at("bytes.npy") }),
    "ERR_DATA",
    `Expected a .npy file of labels for labels but received ${shown("bytes.npy")}: its shape is [2, 2, 2], not [2], one for each image`,
  ],
]);

const grey = (options: unknown, path: unknown = at("images.idx")) =>
  datasets.idx(bad(path), bad(options));
const noIdx = (name: string, why: string) =>
  `Expected an IDX file for path but received ${shown(name)}${why}`;

refuses("datasets.idx", [
  [
    "bytes in place of a path",
    () => grey({}, new Uint8Array(4)),
    "TypeError",
    "Expected a non-empty string for path but received Uint8Array(4 bytes)",
  ],
  [
    "a path with NUL",
    () => grey({}, "x\0"),
    "TypeError",
    'Expected a path without NUL for path but received "x\\u0000"',
  ],
  [
    "the labels in place of options",
    () => grey("labels.idx"),
    "TypeError",
    'Expected an object for options but received "labels.idx"',
  ],
  [
    "an unknown option",
    () => grey({ split: "test" }),
    "TypeError",
    'Expected only the options labels, size, device for options but received "split"',
  ],
  [
    "labels by true",
    () => grey({ labels: true }),
    "TypeError",
    "Expected a non-empty string for labels but received true",
  ],
  [
    "labels with NUL",
    () => grey({ labels: "y\0" }),
    "TypeError",
    'Expected a path without NUL for labels but received "y\\u0000"',
  ],
  [
    "a size of NaN",
    () => grey({ size: NaN }),
    "RangeError",
    "Expected a whole number from 1 to 4096 for size but received NaN",
  ],
  [
    "a device that is none",
    () => grey({ device: "cuda:x" }),
    "TypeError",
    'Expected "cpu", "cuda" or "cuda:i" for device but received "cuda:x"',
  ],
  [
    "what is not there",
    () => grey({}, at("nowhere")),
    "ERR_DATA",
    noIdx("nowhere", " (no such file or folder)"),
  ],
  ["a pipe", () => grey({}, at("pipe")), "ERR_DATA", noIdx("pipe", " (it is no regular file)")],
  [
    "labels of other images",
    () => grey({ labels: at("labels.idx") }),
    "ERR_DATA",
    `Expected 4 labels, one for each image, for labels but received 3 in ${shown("labels.idx")}`,
  ],
]);
