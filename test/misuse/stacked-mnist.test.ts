// Stacked MNIST, as a stranger asks for it.
import { bad, refuses } from "../helpers/misuse.js";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll } from "vitest";
import { datasets } from "../../lib/index.js";
import { makeFolder } from "../helpers/folder.js";
import { idx, imagesFile, labelsFile } from "../helpers/idx.js";

const folder = await makeFolder();
afterAll(() => folder.remove());
const letters = join(folder.path, "letters");
await mkdir(letters);
await writeFile(join(letters, imagesFile), idx([20, 2, 2]));
await writeFile(join(letters, labelsFile), idx([20], 26));

refuses("datasets.stackedMnist", [
  [
    "a number of images in place of options",
    () => datasets.stackedMnist(bad(1000)),
    "TypeError",
    "Expected an object for options but received 1000",
  ],
  [
    "an option of other datasets",
    () => datasets.stackedMnist(bad({ channels: 3 })),
    "TypeError",
    'Expected only the options size, split, root, device, count, seed for options but received "channels"',
  ],
  [
    "no images",
    () => datasets.stackedMnist({ count: 0 }),
    "RangeError",
    "Expected a whole number from 1 to 100000000 for count but received 0",
  ],
  [
    "images in words",
    () => datasets.stackedMnist({ count: bad("all") }),
    "TypeError",
    'Expected a whole number from 1 to 100000000 for count but received "all"',
  ],
  [
    "a seed below 0",
    () => datasets.stackedMnist({ seed: -1 }),
    "RangeError",
    "Expected a whole number of at least 0 for seed but received -1",
  ],
  [
    "a split of other libraries",
    () => datasets.stackedMnist({ split: bad("validation") }),
    "TypeError",
    'Expected one of train, test for split but received "validation"',
  ],
  [
    "a root that is not there",
    () => datasets.stackedMnist({ root: "/nowhere" }),
    "ERR_DATA",
    'Expected train-images-idx3-ubyte (or .gz) for MNIST but received the folder "/nowhere" without it',
  ],
  [
    "letters, of which there are more than ten",
    () => datasets.stackedMnist({ root: letters }),
    "ERR_DATA",
    `Expected labels from 0 to 9 for stacked MNIST but received 10 in "${letters}"`,
  ],
]);
