// Datasets, images, devices and threads, as a stranger calls them.
import { availableParallelism } from "node:os";
import { bad, bare, detached, holed, refuses } from "../helpers/misuse.js";
import { expect, it } from "vitest";
import { Dataset, datasets, Images, setThreads, threads } from "../../lib/index.js";
import { labelledImages } from "../helpers/training.js";

const processors = availableParallelism();

const bytes = new Uint8Array(8);
const shape = [2, 1, 2, 2];
const make = (options: unknown, given: unknown = bytes) =>
  datasets.fromBytes(bad(given), bad(options));

refuses("datasets.fromBytes", [
  [
    "a path",
    () => datasets.fromBytes(bad("digits.png"), { shape }),
    "TypeError",
    'Expected a Uint8Array for bytes but received "digits.png"',
  ],
  [
    "no options",
    () => make(undefined),
    "TypeError",
    "Expected an object for options but received undefined",
  ],
  [
    "options that are null",
    () => make(null),
    "TypeError",
    "Expected an object for options but received null",
  ],
  [
    "a shape in place of options",
    () => make(shape),
    "TypeError",
    "Expected an object for options but received [2, 1, 2, 2]",
  ],
  [
    "no shape",
    () => make({}),
    "TypeError",
    "Expected an array of 4 whole numbers for shape but received undefined",
  ],
  [
    "a misspelt shape",
    () => make(bare({ shap: shape })),
    "TypeError",
    'Expected only the options shape, size, labels, device for options but received "shap"',
  ],
  [
    "bytes that are clamped",
    () => make({ shape }, new Uint8ClampedArray(8)),
    "TypeError",
    "Expected a Uint8Array for bytes but received Uint8ClampedArray(8 bytes)",
  ],
  [
    "bytes that are signed",
    () => make({ shape }, new Int8Array(8)),
    "TypeError",
    "Expected a Uint8Array for bytes but received Int8Array(8 bytes)",
  ],
  [
    "bytes that are a buffer",
    () => make({ shape }, new ArrayBuffer(8)),
    "TypeError",
    "Expected a Uint8Array for bytes but received an instance of ArrayBuffer",
  ],
  [
    "bytes behind a proxy",
    () => make({ shape }, new Proxy(bytes, {})),
    "TypeError",
    "Expected a Uint8Array for bytes but received an instance of Uint8Array",
  ],
  [
    "bytes whose memory was given away",
    () => make({ shape }, detached(new Uint8Array(8))),
    "RangeError",
    "Expected the shape of 0 bytes for shape but received [2, 1, 2, 2]",
  ],
  [
    "a shape with a hole",
    () => make({ shape: holed([2, 1, 2, 2], 1) }),
    "TypeError",
    "Expected a whole number of at least 1 for shape[1] but received undefined",
  ],
  [
    "a shape of text",
    () => make({ shape: ["2", 1, 2, 2] }),
    "TypeError",
    'Expected a whole number of at least 1 for shape[0] but received "2"',
  ],
  [
    "a shape of BigInts",
    () => make({ shape: [2n, 1n, 2n, 2n] }),
    "TypeError",
    "Expected a whole number of at least 1 for shape[0] but received 2n",
  ],
  [
    "a shape without end",
    () => make({ shape: new Array(2 ** 32 - 1) }),
    "TypeError",
    "Expected an array of 4 whole numbers for shape but received [undefined, undefined, undefined, undefined, undefined, undefined, undefined, undefined, undefined, undefined, undefi...",
  ],
  [
    "a shape whose product is not exact",
    () => make({ shape: [2 ** 52, 2 ** 52, 1, 1] }),
    "RangeError",
    "Expected the shape of 8 bytes for shape but received [4503599627370496, 4503599627370496, 1, 1]",
  ],
  [
    "a shape of the other sign",
    () => make({ shape: [-2, -1, 2, 2] }),
    "RangeError",
    "Expected a whole number of at least 1 for shape[0] but received -2",
  ],
  [
    "a size that is a pair",
    () => make({ shape, size: [32, 32] }),
    "TypeError",
    "Expected a whole number from 1 to 4096 for size but received [32, 32]",
  ],
  [
    "a size of NaN",
    () => make({ shape, size: NaN }),
    "RangeError",
    "Expected a whole number from 1 to 4096 for size but received NaN",
  ],
  [
    "labels in an array",
    () => make({ shape, labels: [0, 1] }),
    "TypeError",
    "Expected a Uint8Array for labels but received [0, 1]",
  ],
  [
    "labels whose memory was given away",
    () => make({ shape, labels: detached(new Uint8Array(2)) }),
    "RangeError",
    'Expected 2 labels, one for each image, for labels but received "0 labels"',
  ],
  [
    "a device that is null",
    () => make({ shape, device: null }),
    "TypeError",
    'Expected "cpu", "cuda" or "cuda:i" for device but received null',
  ],
]);

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
    'Expected a whole number from 1 to 4096 for size but received "32"',
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

const data = await labelledImages(4);
const first = [...(await data.read(0, 1)).data];
refuses(
  "Dataset",
  [
    [
      "bytes to construct it from",
      () => new Dataset(bad(bytes), bad(undefined)),
      "TypeError",
      "Expected what the functions of datasets make for new Dataset() but received Uint8Array(8 bytes)",
    ],
    [
      "nothing to construct it from",
      () => Reflect.construct(Dataset, []),
      "TypeError",
      "Expected what the functions of datasets make for new Dataset() but received undefined",
    ],
    [
      "no start",
      () => data.read(bad(undefined), 1),
      "TypeError",
      "Expected a whole number from 0 to 3 for start but received undefined",
    ],
    [
      "a start below 0",
      () => data.read(-1, 1),
      "RangeError",
      "Expected a whole number from 0 to 3 for start but received -1",
    ],
    [
      "a start past the end",
      () => data.read(4, 1),
      "RangeError",
      "Expected a whole number from 0 to 3 for start but received 4",
    ],
    [
      "a start of NaN",
      () => data.read(NaN, 1),
      "RangeError",
      "Expected a whole number from 0 to 3 for start but received NaN",
    ],
    [
      "no count",
      () => data.read(0, bad(undefined)),
      "TypeError",
      "Expected a whole number from 1 to 4 for count but received undefined",
    ],
    [
      "a count of 0",
      () => data.read(0, 0),
      "RangeError",
      "Expected a whole number from 1 to 4 for count but received 0",
    ],
    [
      "a count past the end",
      () => data.read(2, 3),
      "RangeError",
      "Expected a whole number from 1 to 2 for count but received 3",
    ],
    [
      "a count as text",
      () => data.read(0, bad("1")),
      "TypeError",
      'Expected a whole number from 1 to 4 for count but received "1"',
    ],
  ],
  async () => expect([...(await data.read(0, 1)).data]).toEqual(first),
);

const images = new Images(new Float32Array(8), shape);
const flat = new Images(new Float32Array(8), [2, 4]);
refuses(
  "Images",
  [
    [
      "bytes",
      () => new Images(bad(new Uint8Array(8)), shape),
      "TypeError",
      "Expected a Float32Array for data but received Uint8Array(8 bytes)",
    ],
    [
      "numbers behind a proxy",
      () => new Images(new Proxy(new Float32Array(8), {}), shape),
      "TypeError",
      "Expected a Float32Array for data but received an instance of Float32Array",
    ],
    [
      "what only inherits from Float32Array",
      () => new Images(Object.create(Float32Array.prototype), shape),
      "TypeError",
      "Expected a Float32Array for data but received an instance of Float32Array",
    ],
    [
      "numbers that others can change",
      () => new Images(new Float32Array(new SharedArrayBuffer(32)), shape),
      "TypeError",
      "Expected an array over memory of its own, not shared, for data but received Float32Array(32 bytes)",
    ],
    [
      "numbers whose memory was given away",
      () => new Images(detached(new Float32Array(8)), shape),
      "RangeError",
      "Expected 0 values for shape but received [2, 1, 2, 2]",
    ],
    [
      "a value that cannot be shown",
      () => new Images(bad(unshowable()), shape),
      "TypeError",
      "Expected a Float32Array for data but received { proxy: (unreadable), revoked: (unreadable), x: { y: (unreadable) } }",
    ],
    [
      "no shape",
      () => new Images(new Float32Array(8), bad(undefined)),
      "TypeError",
      "Expected an array of whole numbers for shape but received undefined",
    ],
    [
      "a shape of nothing",
      () => new Images(new Float32Array(8), []),
      "TypeError",
      "Expected an array of whole numbers for shape but received []",
    ],
    [
      "a shape with a side of 0",
      () => new Images(new Float32Array(0), [0, 1, 2, 2]),
      "RangeError",
      "Expected a whole number of at least 1 for shape[0] but received 0",
    ],
    [
      "a shape with a hole",
      () => new Images(new Float32Array(8), holed([2, 1, 4], 1)),
      "TypeError",
      "Expected a whole number of at least 1 for shape[1] but received undefined",
    ],
    [
      "a slice from text",
      () => images.slice(bad("0")),
      "TypeError",
      'Expected a whole number from 0 to 1 for start but received "0"',
    ],
    [
      "a slice from below 0",
      () => images.slice(-1),
      "RangeError",
      "Expected a whole number from 0 to 1 for start but received -1",
    ],
    [
      "a slice to nowhere",
      () => images.slice(0, NaN),
      "RangeError",
      "Expected a whole number from 1 to 2 for end but received NaN",
    ],
    [
      "a slice past the end",
      () => images.slice(0, 3),
      "RangeError",
      "Expected a whole number from 1 to 2 for end but received 3",
    ],
    [
      "columns in place of options",
      () => images.toPng(bad(5)),
      "TypeError",
      "Expected an object for options but received 5",
    ],
    [
      "columns of a fraction",
      () => images.toPng({ columns: 2.5 }),
      "RangeError",
      "Expected a whole number from 1 to 10000 for columns but received 2.5",
    ],
    [
      "columns without end",
      () => images.toPng({ columns: Infinity }),
      "RangeError",
      "Expected a whole number from 1 to 10000 for columns but received Infinity",
    ],
    [
      "padding below 0",
      () => images.toPng({ padding: -1 }),
      "RangeError",
      "Expected a whole number from 0 to 1000 for padding but received -1",
    ],
    [
      "normalize as a number",
      () => images.toPng({ normalize: bad(1) }),
      "TypeError",
      "Expected true or false for normalize but received 1",
    ],
    [
      "features as a picture",
      () => flat.toPng(),
      "RangeError",
      "Expected images of shape [count, 1 or 3, height, width] for shape but received [2, 4]",
    ],
    [
      "more pixels than a picture has",
      () =>
        new Images(new Float32Array(20_000), [20_000, 1, 1, 1]).toPng({
          padding: 1000,
          columns: 100,
        }),
      "RangeError",
      "Expected a grid of at most 268402689 pixels for images but received [201200, 101100]",
    ],
    [
      "no path",
      () => images.save(bad(undefined)),
      "TypeError",
      "Expected a non-empty string for path but received undefined",
    ],
    [
      "a path without its ending",
      () => images.save("grid"),
      "TypeError",
      'Expected a path that ends in .png for path but received "grid"',
    ],
    [
      "a path that is only an ending",
      () => images.save(".png"),
      "TypeError",
      'Expected a path that ends in .png for path but received ".png"',
    ],
    [
      "a path with NUL",
      () => images.save("grid\0.png"),
      "TypeError",
      'Expected a path without NUL for path but received "grid\\u0000.png"',
    ],
    [
      "options that are null",
      () => images.save("grid.png", bad(null)),
      "TypeError",
      "Expected an object for options but received null",
    ],
    [
      "a misspelt option",
      () => images.save("grid.png", bad({ cols: 5 })),
      "TypeError",
      'Expected only the options columns, padding, normalize, range for options but received "cols"',
    ],
    [
      "a path below nothing",
      () => images.save("runs/grid.png"),
      "ERR_OUTPUT",
      'Expected a writable file for path but received "runs/grid.png" (no such file or folder)',
    ],
  ],
  async () => expect((await images.toPng()).length).toBeGreaterThan(0),
);

/** A getter, a proxy and a name that throw when an error wants to show them. */
function unshowable(): unknown {
  const hostile = () => {
    throw new Error("not for you");
  };
  const proxy = new Proxy({}, { get: hostile, ownKeys: hostile, getPrototypeOf: hostile });
  const { proxy: revoked, revoke } = Proxy.revocable({}, {});
  revoke();
  return { proxy, revoked, x: Object.defineProperty({}, "y", { get: hostile, enumerable: true }) };
}

const count = await threads();
refuses(
  "threads",
  [
    [
      "none",
      () => setThreads(0),
      "RangeError",
      `Expected a whole number from 1 to ${processors} for threads but received 0`,
    ],
    [
      "nothing",
      () => setThreads(bad(undefined)),
      "TypeError",
      `Expected a whole number from 1 to ${processors} for threads but received undefined`,
    ],
    [
      "half a thread",
      () => setThreads(0.5),
      "RangeError",
      `Expected a whole number from 1 to ${processors} for threads but received 0.5`,
    ],
    [
      "threads as text",
      () => setThreads(bad("2")),
      "TypeError",
      `Expected a whole number from 1 to ${processors} for threads but received "2"`,
    ],
    [
      "threads of NaN",
      () => setThreads(NaN),
      "RangeError",
      `Expected a whole number from 1 to ${processors} for threads but received NaN`,
    ],
    [
      "threads as a BigInt",
      () => setThreads(bad(2n)),
      "TypeError",
      `Expected a whole number from 1 to ${processors} for threads but received 2n`,
    ],
    [
      "threads without end",
      () => setThreads(Infinity),
      "RangeError",
      `Expected a whole number from 1 to ${processors} for threads but received Infinity`,
    ],
    [
      "more than any machine has",
      () => setThreads(1025),
      "RangeError",
      `Expected a whole number from 1 to ${processors} for threads but received 1025`,
    ],
  ],
  async () => expect(await threads()).toBe(count),
);

it("fromBytes copies the labels of a Buffer, too, whose slice() is a view", async () => {
  const labels = Buffer.from([0, 1]);
  using dataset = await datasets.fromBytes(bytes, { shape, labels });
  labels.fill(9);
  expect([...(dataset.labels ?? [])]).toEqual([0, 1]);
});

it("Images keep the shape that was checked", () => {
  const given = [2, 1, 2, 2];
  const kept = new Images(new Float32Array(8), given);
  given[0] = 100;
  expect(kept.count).toBe(2);
});
