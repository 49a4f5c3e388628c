// MNIST, as a stranger asks for it.
import { bad, refuses } from "../helpers/misuse.js";
import { datasets } from "../../lib/index.js";

refuses("datasets.mnist", [
  [
    "a size in place of options",
    () => datasets.mnist(bad(32)),
    "TypeError",
    "Expected an object for options but received 32",
  ],
  [
    "a size as text",
    () => datasets.mnist({ size: bad("32") }),
    "TypeError",
    'Expected a whole number from 1 to 4096, or [height, width], for size but received "32"',
  ],
  [
    "the name of a split of other libraries",
    () => datasets.mnist({ split: bad("validation") }),
    "TypeError",
    'Expected one of train, test for split but received "validation"',
  ],
  [
    "train as in torchvision",
    () => datasets.mnist(bad({ train: true })),
    "TypeError",
    'Expected only the options size, split, root, device for options but received "train"',
  ],
  [
    "a root that is empty",
    () => datasets.mnist({ root: "" }),
    "TypeError",
    'Expected a non-empty string for root but received ""',
  ],
  [
    "a root with NUL",
    () => datasets.mnist({ root: "data\0" }),
    "TypeError",
    'Expected a path without NUL for root but received "data\\u0000"',
  ],
  [
    "a root that is not there",
    () => datasets.mnist({ root: "/nowhere" }),
    "ERR_DATA",
    'Expected train-images-idx3-ubyte (or .gz) for MNIST but received the folder "/nowhere" without it',
  ],
  [
    "a root that is a file",
    () => datasets.mnist({ root: "/etc/passwd" }),
    "ERR_DATA",
    'Expected train-images-idx3-ubyte (or .gz) for MNIST but received the folder "/etc/passwd" without it',
  ],
]);
