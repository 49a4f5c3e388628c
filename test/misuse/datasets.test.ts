// The datasets of files and of numbers, as a stranger calls them.
import { execFileSync } from "node:child_process";
import { mkdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bad, detached, holed, refuses } from "../helpers/misuse.js";
import { afterAll } from "vitest";
import { datasets } from "../../lib/index.js";
import { makeFolder } from "../helpers/folder.js";
import { idx } from "../helpers/idx.js";
import { writeTree } from "../helpers/image-folder.js";
import { npyFile } from "../helpers/npy.js";

const folder = await makeFolder();
afterAll(() => folder.remove());
const at = (name: string) => join(folder.path, name);
/** How a path appears in a sentence. */
const shown = (name: string) => JSON.stringify(at(name));

await writeTree(at("flat"), { "1.png": 1 });
await writeTree(at("classes"), { "a/1.png": 1, "b/1.png": 2 });
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

const shape = [1, 1, 1, 2];
const range = [0, 1];
const make = (options: unknown, values: unknown = new Float32Array(2)) =>
  datasets.fromArray(bad(values), bad(options));

refuses("datasets.fromArray", [
  [
    "bytes, which fromBytes takes",
    () => make({ shape, range }, new Uint8Array(2)),
    "TypeError",
    "Expected a Float32Array or Float64Array for values but received Uint8Array(2 bytes)",
  ],
  [
    "a list of numbers",
    () => make({ shape, range }, [0, 1]),
    "TypeError",
    "Expected a Float32Array or Float64Array for values but received [0, 1]",
  ],
  [
    "numbers behind a proxy",
    () => make({ shape, range }, new Proxy(new Float32Array(2), {})),
    "TypeError",
    "Expected a Float32Array or Float64Array for values but received an instance of Float32Array",
  ],
  [
    "numbers that others can change",
    () => make({ shape, range }, new Float64Array(new SharedArrayBuffer(16))),
    "TypeError",
    "Expected an array over memory of its own, not shared, for values but received Float64Array(16 bytes)",
  ],
  [
    "numbers whose memory was given away",
    () => make({ shape, range }, detached(new Float32Array(2))),
    "RangeError",
    "Expected the shape of 0 values for shape but received [1, 1, 1, 2]",
  ],
  [
    "no options",
    () => make(undefined),
    "TypeError",
    "Expected an object for options but received undefined",
  ],
  [
    "a misspelt option",
    () => make({ shape, ranges: range }),
    "TypeError",
    'Expected only the options shape, range, size, labels, device for options but received "ranges"',
  ],
  [
    "another shape",
    () => make({ shape, range }, new Float32Array(3)),
    "RangeError",
    "Expected the shape of 3 values for shape but received [1, 1, 1, 2]",
  ],
  [
    "no range",
    () => make({ shape }),
    "TypeError",
    "Expected [black, white], such as [0, 1] or [-1, 1], for range but received undefined",
  ],
  [
    "a range from white to black",
    () => make({ shape, range: [1, 0] }),
    "TypeError",
    "Expected [black, white], such as [0, 1] or [-1, 1], for range but received [1, 0]",
  ],
  [
    "a range with a hole",
    () => make({ shape, range: holed([0, 1], 0) }),
    "TypeError",
    "Expected [black, white], such as [0, 1] or [-1, 1], for range but received [undefined, 1]",
  ],
  [
    "a range without end",
    () => make({ shape, range: [0, Infinity] }),
    "TypeError",
    "Expected [black, white], such as [0, 1] or [-1, 1], for range but received [0, Infinity]",
  ],
  [
    "values outside",
    () => make({ shape, range: [-1, 1] }, Float32Array.of(0, 1.5)),
    "RangeError",
    "Expected values in [-1, 1] for values[1] but received 1.5",
  ],
  [
    "what is no number",
    () => make({ shape, range: [-1, 1] }, Float64Array.of(NaN, 0)),
    "RangeError",
    "Expected values in [-1, 1] for values[0] but received NaN",
  ],
  [
    "too many labels",
    () => make({ shape, range, labels: new Uint8Array(2) }),
    "RangeError",
    'Expected 1 labels, one for each image, for labels but received "2 labels"',
  ],
  [
    "labels in an array",
    () => make({ shape, range, labels: [0] }),
    "TypeError",
    "Expected a Uint8Array for labels but received [0]",
  ],
  [
    "a size of 0",
    () => make({ shape, range, size: 0 }),
    "RangeError",
    "Expected a whole number from 1 to 4096 for size but received 0",
  ],
  [
    "a device that is none",
    () => make({ shape, range, device: "gpu" }),
    "TypeError",
    'Expected "cpu", "cuda" or "cuda:i" for device but received "gpu"',
  ],
]);

const keep = (options: unknown, values: unknown = new Float32Array(6)) =>
  datasets.fromValues(bad(values), bad(options));
const rows = { shape: [3, 2] };
const fits = "[count, features] or [count, channels, height, width], whole numbers,";

refuses("datasets.fromValues", [
  [
    "bytes, which fromBytes takes",
    () => keep(rows, new Uint8Array(6)),
    "TypeError",
    "Expected a Float32Array or Float64Array for values but received Uint8Array(6 bytes)",
  ],
  [
    "rows in an array each",
    () =>
      keep(rows, [
        [0, 1],
        [1, 0],
        [1, 1],
      ]),
    "TypeError",
    "Expected a Float32Array or Float64Array for values but received [[0, 1], [1, 0], [1, 1]]",
  ],
  [
    "numbers that others can change",
    () => keep(rows, new Float32Array(new SharedArrayBuffer(24))),
    "TypeError",
    "Expected an array over memory of its own, not shared, for values but received Float32Array(24 bytes)",
  ],
  [
    "numbers whose memory was given away",
    () => keep(rows, detached(new Float32Array(6))),
    "RangeError",
    "Expected the shape of 0 values for shape but received [3, 2]",
  ],
  [
    "no options",
    () => keep(undefined),
    "TypeError",
    "Expected an object for options but received undefined",
  ],
  [
    "a range, which nothing is brought to",
    () => keep({ ...rows, range: [0, 1] }),
    "TypeError",
    'Expected only the options shape, labels, device for options but received "range"',
  ],
  [
    "a size, to which nothing is resized",
    () => keep({ ...rows, size: 8 }),
    "TypeError",
    'Expected only the options shape, labels, device for options but received "size"',
  ],
  ["no shape", () => keep({}), "TypeError", `Expected ${fits} for shape but received undefined`],
  [
    "a list without features",
    () => keep({ shape: [6] }),
    "TypeError",
    `Expected ${fits} for shape but received [6]`,
  ],
  [
    "images without channels",
    () => keep({ shape: [1, 2, 3] }),
    "TypeError",
    `Expected ${fits} for shape but received [1, 2, 3]`,
  ],
  [
    "a shape with a hole",
    () => keep({ shape: holed([3, 2], 1) }),
    "TypeError",
    "Expected a whole number of at least 1 for shape[1] but received undefined",
  ],
  [
    "no features",
    () => keep({ shape: [6, 0] }),
    "RangeError",
    "Expected a whole number of at least 1 for shape[1] but received 0",
  ],
  [
    "another shape",
    () => keep({ shape: [2, 2] }),
    "RangeError",
    "Expected the shape of 6 values for shape but received [2, 2]",
  ],
  [
    "what is no number",
    () => keep(rows, Float32Array.of(0, 1, 2, NaN, 4, 5)),
    "RangeError",
    "Expected a finite float32 for values[3] but received NaN",
  ],
  [
    "what is infinite",
    () => keep(rows, Float64Array.of(-Infinity, 1, 2, 3, 4, 5)),
    "RangeError",
    "Expected a finite float32 for values[0] but received -Infinity",
  ],
  [
    "what is beyond float32",
    () => keep(rows, Float64Array.of(0, 1, 2, 3, 4, 3.5e38)),
    "RangeError",
    "Expected a finite float32 for values[5] but received 3.5e+38",
  ],
  [
    "too few labels",
    () => keep({ ...rows, labels: new Uint8Array(2) }),
    "RangeError",
    'Expected 3 labels, one for each image, for labels but received "2 labels"',
  ],
  [
    "a device that is none",
    () => keep({ ...rows, device: "gpu" }),
    "TypeError",
    'Expected "cpu", "cuda" or "cuda:i" for device but received "gpu"',
  ],
]);

const pack = (options: unknown, path: unknown = at("classes")) =>
  datasets.folder(bad(path), bad(options));
const noImages = (name: string, why: string) =>
  `Expected a folder of images for path but received ${shown(name)}${why}`;

refuses("datasets.folder", [
  [
    "no path",
    () => pack({ size: 8 }, null),
    "TypeError",
    "Expected a non-empty string for path but received null",
  ],
  [
    "a path with NUL",
    () => pack({ size: 8 }, "images\0"),
    "TypeError",
    'Expected a path without NUL for path but received "images\\u0000"',
  ],
  [
    "no options",
    () => pack(undefined),
    "TypeError",
    "Expected an object for options but received undefined",
  ],
  [
    "a place on the disk without a file",
    () => datasets.folder(at("flat"), { size: 8, resident: false, cache: false }),
    "TypeError",
    "Expected a cache, where the images are to stay on the disk, for cache but received false",
  ],
  [
    "a resident of 1",
    () => datasets.folder(at("flat"), { size: 8, resident: bad(1) }),
    "TypeError",
    "Expected true or false for resident but received 1",
  ],
  [
    "flips, which are drawn anew in each epoch or not at all",
    () => pack({ size: 8, flip: true }),
    "TypeError",
    'Expected only the options size, channels, crop, onBroken, cache, resident, limit, device, signal, onProgress, onNote for options but received "flip"',
  ],
  [
    "no size",
    () => pack({}),
    "TypeError",
    "Expected a whole number from 1 to 4096 for size but received undefined",
  ],
  [
    "a size that is a pair",
    () => pack({ size: [8, 8] }),
    "TypeError",
    "Expected a whole number from 1 to 4096 for size but received [8, 8]",
  ],
  [
    "two channels",
    () => pack({ size: 8, channels: 2 }),
    "TypeError",
    "Expected 1 or 3 for channels but received 2",
  ],
  [
    "a crop that is none",
    () => pack({ size: 8, crop: "random" }),
    "TypeError",
    'Expected one of center, none for crop but received "random"',
  ],
  [
    "another way with broken files",
    () => pack({ size: 8, onBroken: "ignore" }),
    "TypeError",
    'Expected one of refuse, skip for onBroken but received "ignore"',
  ],
  [
    "a limit of 0",
    () => pack({ size: 8, limit: 0 }),
    "RangeError",
    "Expected a whole number of at least 1 for limit but received 0",
  ],
  [
    "a limit that leaves a class without images",
    () => pack({ size: 8, limit: 1, cache: false }),
    "RangeError",
    "Expected at least 2, one for each class, for limit but received 1",
  ],
  [
    "what only looks like a signal",
    () => pack({ size: 8, signal: { aborted: false } }),
    "TypeError",
    "Expected an AbortSignal for signal but received { aborted: false }",
  ],
  [
    "a callback that is none",
    () => pack({ size: 8, onProgress: 1 }),
    "TypeError",
    "Expected a function for onProgress but received 1",
  ],
  [
    "notes to nobody",
    () => pack({ size: 8, onNote: null }),
    "TypeError",
    "Expected a function for onNote but received null",
  ],
  [
    "a cache by true",
    () => pack({ size: 8, cache: true }),
    "TypeError",
    "Expected a non-empty string for cache but received true",
  ],
  [
    "a cache of another kind",
    () => pack({ size: 8, cache: "weights.safetensors" }),
    "TypeError",
    'Expected a path that ends in .packed for cache but received "weights.safetensors"',
  ],
  [
    "a cache with NUL",
    () => pack({ size: 8, cache: "x\0.packed" }),
    "TypeError",
    'Expected a path without NUL for cache but received "x\\u0000.packed"',
  ],
  [
    "a cache in a folder that is not there",
    () => pack({ size: 8, cache: "/nowhere/x.packed" }),
    "ERR_OUTPUT",
    'Expected a writable file for cache but received "/nowhere/x.packed" (no such file or folder)',
  ],
  [
    "a device that is null",
    () => pack({ size: 8, device: null }),
    "TypeError",
    'Expected "cpu", "cuda" or "cuda:i" for device but received null',
  ],
  [
    "a folder that is not there",
    () => pack({ size: 8 }, at("nowhere")),
    "ERR_DATA",
    noImages("nowhere", " (no such file or folder)"),
  ],
  [
    "a file",
    () => pack({ size: 8, cache: false }, at("text")),
    "ERR_DATA",
    noImages("text", " (a part of the path is not a folder)"),
  ],
  [
    "a folder of nothing",
    () => pack({ size: 8, cache: false }, at("empty")),
    "ERR_DATA",
    noImages("empty", ": it holds no images (.png, .jpg, .jpeg, .webp) and no folders of them"),
  ],
]);

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
    'Expected a whole number from 1 to 4096 for size but received "32"',
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
  `Expected a .npy file of images for path but received ${shown(name)}${why}`;

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
    "labels in place of their file",
    () => numpy({ labels: new Uint8Array(2) }),
    "TypeError",
    "Expected a non-empty string for labels but received Uint8Array(2 bytes)",
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
    `Expected a .npy file of labels for path but received ${shown("bytes.npy")}: its shape is [2, 2, 2], not [2], one for each image`,
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
    `Expected 4 labels, one for each image, for ${at("labels.idx")} but received 3`,
  ],
]);

const streamed = (options: unknown, source: unknown = []) =>
  datasets.stream(bad(source), bad(options));

refuses("datasets.stream", [
  [
    "no source",
    () => streamed({ image: [1, 8, 8] }, null),
    "TypeError",
    "Expected an iterable or async iterable of images, or a function that returns one, for source but received null",
  ],
  [
    "bytes, which fromBytes takes",
    () => streamed({ image: [1, 8, 8] }, new Uint8Array(64)),
    "TypeError",
    "Expected an iterable or async iterable of images, or a function that returns one, for source but received Uint8Array(64 bytes)",
  ],
  [
    "a path",
    () => streamed({ image: [1, 8, 8] }, "images"),
    "TypeError",
    'Expected an iterable or async iterable of images, or a function that returns one, for source but received "images"',
  ],
  [
    "an object of images",
    () => streamed({ image: [1, 8, 8] }, { images: [] }),
    "TypeError",
    "Expected an iterable or async iterable of images, or a function that returns one, for source but received { images: [] }",
  ],
  [
    "no options",
    () => streamed(undefined),
    "TypeError",
    "Expected an object for options but received undefined",
  ],
  [
    "an option of a dataset in memory",
    () => streamed({ image: [1, 8, 8], device: "cpu" }),
    "TypeError",
    'Expected only the options image, classes, range, length, shuffle, seed, prefetch for options but received "device"',
  ],
  [
    "no shape",
    () => streamed({}),
    "TypeError",
    "Expected an array of 3 whole numbers for image but received undefined",
  ],
  [
    "the shape of a batch",
    () => streamed({ image: [64, 1, 8, 8] }),
    "TypeError",
    "Expected an array of 3 whole numbers for image but received [64, 1, 8, 8]",
  ],
  [
    "an image without pixels",
    () => streamed({ image: [1, 0, 8] }),
    "RangeError",
    "Expected a whole number of at least 1 for image[1] but received 0",
  ],
  [
    "more classes than a byte has",
    () => streamed({ image: [1, 8, 8], classes: 257 }),
    "RangeError",
    "Expected a whole number from 1 to 256 for classes but received 257",
  ],
  [
    "a range from white to black",
    () => streamed({ image: [1, 8, 8], range: [1, 0] }),
    "TypeError",
    "Expected [black, white], such as [0, 1] or [-1, 1], for range but received [1, 0]",
  ],
  [
    "an empty epoch",
    () => streamed({ image: [1, 8, 8], length: 0 }),
    "RangeError",
    "Expected a whole number of at least 1 for length but received 0",
  ],
  [
    "a buffer of true",
    () => streamed({ image: [1, 8, 8], shuffle: true }),
    "TypeError",
    "Expected a whole number of at least 0 for shuffle but received true",
  ],
  [
    "a seed below 0",
    () => streamed({ image: [1, 8, 8], seed: -1 }),
    "RangeError",
    "Expected a whole number of at least 0 for seed but received -1",
  ],
  [
    "no prefetch",
    () => streamed({ image: [1, 8, 8], prefetch: 0 }),
    "RangeError",
    "Expected a whole number from 1 to 1024 for prefetch but received 0",
  ],
]);
