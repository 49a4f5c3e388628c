// Datasets of pixels as numbers, as a stranger makes them.
import { bad, detached, holed, refuses } from "../helpers/misuse.js";
import { datasets } from "../../lib/index.js";

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
    "TypeError",
    "Expected an array whose memory was not transferred away for values but received Float32Array(0 bytes)",
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
    'Expected the option range for options but received "ranges"',
  ],
  [
    "another shape",
    () => make({ shape, range }, new Float32Array(3)),
    "RangeError",
    "Expected [count, channels, height, width] of 3 values for shape but received [1, 1, 1, 2]",
  ],
  [
    "another shape of pixels side by side",
    () => make({ shape, range, layout: "NHWC" }, new Float32Array(3)),
    "RangeError",
    "Expected [count, height, width, channels] of 3 values for shape but received [1, 1, 1, 2]",
  ],
  [
    "a layout that is none",
    () => make({ shape, range, layout: "channelsLast" }),
    "TypeError",
    'Expected one of NHWC, NCHW for layout but received "channelsLast"',
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
    "Expected [black, white] with black below white for range but received [1, 0]",
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
    "labels that are no classes",
    () => make({ shape, range, labels: ["0"] }),
    "RangeError",
    'Expected a class from 0 to 255 for labels[0] but received "0"',
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
