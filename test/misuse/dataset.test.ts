// Datasets of bytes, as a stranger makes them, and any dataset, as a stranger reads it.
import { bad, bare, detached, holed, refuses } from "../helpers/misuse.js";
import { expect, it } from "vitest";
import { Dataset, datasets } from "../../lib/index.js";
import { labelledImages } from "../helpers/training.js";

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
    "Expected [count, channels, height, width], whole numbers, for shape but received undefined",
  ],
  [
    "a misspelt shape",
    () => make(bare({ shap: shape })),
    "TypeError",
    'Expected the option shape for options but received "shap"',
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
    "TypeError",
    "Expected an array whose memory was not transferred away for bytes but received Uint8Array(0 bytes)",
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
    "Expected [count, channels, height, width], whole numbers, for shape but received [undefined, undefined, undefined, undefined, undefined, undefined, undefined, undefined, undefined, undefined, undefi...",
  ],
  [
    "a shape whose product is not exact",
    () => make({ shape: [2 ** 52, 2 ** 52, 1, 1] }),
    "RangeError",
    "Expected [count, channels, height, width] of 8 bytes for shape but received [4503599627370496, 4503599627370496, 1, 1]",
  ],
  [
    "a shape of the other sign",
    () => make({ shape: [-2, -1, 2, 2] }),
    "RangeError",
    "Expected a whole number of at least 1 for shape[0] but received -2",
  ],
  [
    "another shape of pixels side by side",
    () => make({ shape: [2, 2, 2, 3], layout: "NHWC" }),
    "RangeError",
    "Expected [count, height, width, channels] of 8 bytes for shape but received [2, 2, 2, 3]",
  ],
  [
    "one image of pixels side by side",
    () => make({ shape: [2, 4, 1], layout: "NHWC" }),
    "TypeError",
    "Expected [count, height, width, channels], whole numbers, for shape but received [2, 4, 1]",
  ],
  [
    "a layout that is none",
    () => make({ shape, layout: "HWC" }),
    "TypeError",
    'Expected one of NHWC, NCHW for layout but received "HWC"',
  ],
  [
    "a layout that is null",
    () => make({ shape, layout: null }),
    "TypeError",
    "Expected one of NHWC, NCHW for layout but received null",
  ],
  [
    "a size of three sides",
    () => make({ shape, size: [32, 32, 3] }),
    "TypeError",
    "Expected a whole number from 1 to 4096, or [height, width], for size but received [32, 32, 3]",
  ],
  [
    "a size of NaN",
    () => make({ shape, size: NaN }),
    "RangeError",
    "Expected a whole number from 1 to 4096 for size but received NaN",
  ],
  [
    "labels of other numbers",
    () => make({ shape, labels: Float32Array.of(0, 1) }),
    "TypeError",
    "Expected an array, Uint8Array, Uint16Array or Int32Array of classes for labels but received Float32Array(8 bytes)",
  ],
  [
    "a class that there cannot be",
    () => make({ shape, labels: Uint16Array.of(0, 256) }),
    "RangeError",
    "Expected a class from 0 to 255 for labels[1] but received 256",
  ],
  [
    "a class between two",
    () => make({ shape, labels: [0.5, 1] }),
    "RangeError",
    "Expected a class from 0 to 255 for labels[0] but received 0.5",
  ],
  [
    "labels with a hole",
    () => make({ shape, labels: holed([0, 1], 1) }),
    "RangeError",
    "Expected a class from 0 to 255 for labels[1] but received undefined",
  ],
  [
    "labels whose memory was given away",
    () => make({ shape, labels: detached(new Uint8Array(2)) }),
    "TypeError",
    "Expected an array whose memory was not transferred away for labels but received Uint8Array(0 bytes)",
  ],
  [
    "a device that is null",
    () => make({ shape, device: null }),
    "TypeError",
    'Expected "cpu", "cuda" or "cuda:i" for device but received null',
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
    [
      "pixels wider than float32",
      () => data.read(0, 1, { range: [-3e38, 3e38] }),
      "RangeError",
      "Expected [black, white] whose values and width a float32 can hold for range but received [-3e+38, 3e+38]",
    ],
  ],
  async () => expect([...(await data.read(0, 1)).data]).toEqual(first),
);

it("fromBytes copies the labels of a Buffer, too, whose slice() is a view", async () => {
  const labels = Buffer.from([0, 1]);
  using dataset = await datasets.fromBytes(bytes, { shape, labels });
  labels.fill(9);
  expect([...(dataset.labels ?? [])]).toEqual([0, 1]);
});
