// Datasets of folders of images, as a stranger opens them.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bad, refuses } from "../helpers/misuse.js";
import { afterAll } from "vitest";
import { datasets } from "../../lib/index.js";
import { makeFolder } from "../helpers/folder.js";
import { writeTree } from "../helpers/image-folder.js";

const folder = await makeFolder();
afterAll(() => folder.remove());
const at = (name: string) => join(folder.path, name);
/** How a path appears in a sentence. */
const shown = (name: string) => JSON.stringify(at(name));

await writeTree(at("flat"), { "1.png": 1 });
await writeTree(at("classes"), { "a/1.png": 1, "b/1.png": 2 });
await mkdir(at("empty"));
await writeFile(at("text"), "cats and dogs");

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
    "Expected an object { size, ... } for options but received undefined",
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
    "Expected a whole number from 1 to 4096, or [height, width], for size but received undefined",
  ],
  [
    "a size of one side in an array",
    () => pack({ size: [8] }),
    "TypeError",
    "Expected a whole number from 1 to 4096, or [height, width], for size but received [8]",
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
