// Datasets of numbers that are no pixels, as a stranger makes them.
import { bad, detached, holed, refuses } from "../helpers/misuse.js";
import { datasets } from "../../lib/index.js";

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
    "TypeError",
    "Expected an array whose memory was not transferred away for values but received Float32Array(0 bytes)",
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
    'Expected only the options shape, layout, labels, device for options but received "range"',
  ],
  [
    "a size, to which nothing is resized",
    () => keep({ ...rows, size: 8 }),
    "TypeError",
    'Expected only the options shape, layout, labels, device for options but received "size"',
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
    "Expected [count, features] of 6 values for shape but received [2, 2]",
  ],
  [
    "another shape of pixels side by side",
    () => keep({ shape: [1, 2, 1, 2], layout: "NHWC" }),
    "RangeError",
    "Expected [count, height, width, channels] of 6 values for shape but received [1, 2, 1, 2]",
  ],
  [
    "one image of pixels side by side",
    () => keep({ shape: [2, 1, 3], layout: "NHWC" }),
    "TypeError",
    "Expected [count, features] or [count, height, width, channels], whole numbers, for shape but received [2, 1, 3]",
  ],
  [
    "a layout of rows",
    () => keep({ ...rows, layout: "NCHW" }),
    "TypeError",
    'Expected no layout (vectors have no channels) for layout but received "NCHW"',
  ],
  [
    "a layout that is none",
    () => keep({ shape: [1, 1, 2, 3], layout: "NHCW" }),
    "TypeError",
    'Expected one of NHWC, NCHW for layout but received "NHCW"',
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
