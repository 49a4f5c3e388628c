// Datasets of iterables, as a stranger makes them.
import { bad, refuses } from "../helpers/misuse.js";
import { datasets } from "../../lib/index.js";

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
    'Expected only the options image, layout, dtype, classes, range, length, shuffle, seed, prefetch for options but received "device"',
  ],
  [
    "no shape",
    () => streamed({}),
    "TypeError",
    "Expected [channels, height, width] or [features], whole numbers, for image but received undefined",
  ],
  [
    "the shape of a batch",
    () => streamed({ image: [64, 1, 8, 8] }),
    "TypeError",
    "Expected [channels, height, width] or [features], whole numbers, for image but received [64, 1, 8, 8]",
  ],
  [
    "an image without pixels",
    () => streamed({ image: [1, 0, 8] }),
    "RangeError",
    "Expected a whole number of at least 1 for image[1] but received 0",
  ],
  [
    "a shape of neither images nor vectors",
    () => streamed({ image: [8, 8] }),
    "TypeError",
    "Expected [channels, height, width] or [features], whole numbers, for image but received [8, 8]",
  ],
  [
    "vectors of nothing",
    () => streamed({ image: [0] }),
    "RangeError",
    "Expected a whole number of at least 1 for image[0] but received 0",
  ],
  [
    "a layout of vectors",
    () => streamed({ image: [2], layout: "NHWC" }),
    "TypeError",
    'Expected no layout (vectors have no channels) for layout but received "NHWC"',
  ],
  [
    "a layout that is none",
    () => streamed({ image: [1, 8, 8], layout: "nhwc" }),
    "TypeError",
    'Expected one of NHWC, NCHW for layout but received "nhwc"',
  ],
  [
    "another kind of number",
    () => streamed({ image: [2], dtype: "float64" }),
    "TypeError",
    'Expected one of uint8, float32 for dtype but received "float64"',
  ],
  [
    "vectors of levels",
    () => streamed({ image: [2], dtype: "uint8" }),
    "RangeError",
    'Expected "float32", as vectors have no levels, for dtype but received "uint8"',
  ],
  [
    "a range of vectors, which nothing is brought to",
    () => streamed({ image: [2], range: [0, 1] }),
    "TypeError",
    "Expected no range (values are kept as they are) for range but received [0, 1]",
  ],
  [
    "a range of values",
    () => streamed({ image: [1, 8, 8], dtype: "float32", range: [0, 1] }),
    "TypeError",
    "Expected no range (values are kept as they are) for range but received [0, 1]",
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
    "Expected [black, white] with black below white for range but received [1, 0]",
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
