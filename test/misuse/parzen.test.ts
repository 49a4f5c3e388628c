// The Parzen window, as a stranger calls it.
import { bad, emptied, refuses } from "../helpers/misuse.js";
import { Images, metrics } from "../../lib/index.js";

const images = (count: number, value = 0.5, side = 2) =>
  new Images(new Float32Array(count * side ** 2).fill(value), [count, 1, side, side]);

const samples = images(20);
const test = images(20);
const validation = images(20);
const parzen = (options: unknown, of: unknown = samples) => metrics.parzen(bad(of), bad(options));

refuses("metrics.parzen", [
  [
    "samples that are still being drawn",
    () => parzen({ test, validation }, Promise.resolve(samples)),
    "TypeError",
    "Expected Images for samples but received an instance of Promise",
  ],
  [
    "no samples",
    () => parzen({ test, validation }, null),
    "TypeError",
    "Expected Images for samples but received null",
  ],
  [
    "samples whose numbers were given away",
    () => parzen({ test, validation }, emptied(images(20))),
    "TypeError",
    "Expected an array whose memory was not transferred away for data of samples but received Float32Array(0 bytes)",
  ],
  [
    "images to test on whose numbers were given away",
    () => parzen({ test: emptied(images(20)), validation }),
    "TypeError",
    "Expected an array whose memory was not transferred away for data of test but received Float32Array(0 bytes)",
  ],
  [
    "no options",
    () => parzen(undefined),
    "TypeError",
    "Expected an object for options but received undefined",
  ],
  [
    "an option that there is not",
    () => parzen({ test, validation, sigma: 0.2 }),
    "TypeError",
    'Expected the option sigmas for options but received "sigma"',
  ],
  [
    "nothing to test on",
    () => parzen({ validation }),
    "TypeError",
    "Expected Images for test but received undefined",
  ],
  [
    "nothing to choose sigma by",
    () => parzen({ test }),
    "TypeError",
    "Expected Images to choose sigma by, or one sigma, for validation but received undefined",
  ],
  [
    "too few images to choose sigma by",
    () => parzen({ test, validation: images(9) }),
    "RangeError",
    "Expected at least 10 images for validation but received 9",
  ],
  [
    "one image, whose mean has no error",
    () => parzen({ test: images(1), validation }),
    "RangeError",
    "Expected at least 2 images for test but received 1",
  ],
  [
    "images of another size",
    () => parzen({ test: images(20, 0.5, 3), validation }),
    "RangeError",
    "Expected images of the samples' shape, [1, 2, 2], for test but received [1, 3, 3]",
  ],
  [
    "images of another size to choose sigma by",
    () => parzen({ test, validation: images(20, 0.5, 3) }),
    "RangeError",
    "Expected images of the samples' shape, [1, 2, 2], for validation but received [1, 3, 3]",
  ],
  [
    "images in bytes",
    () => parzen({ test: images(20, 255), validation }),
    "RangeError",
    "Expected values from 0 to 1 for test but received 255",
  ],
  [
    "samples in bytes",
    () => parzen({ test, validation }, images(20, 255)),
    "RangeError",
    "Expected values from -1 to 1 for samples but received 255",
  ],
  [
    "samples of [-1, 1] as [0, 1]",
    () => parzen({ test, validation, range: [0, 1] }, images(20, -0.5)),
    "RangeError",
    "Expected values from 0 to 1 for samples but received -0.5",
  ],
  [
    "samples that are no numbers",
    () => parzen({ test, validation }, images(20, Number.NaN)),
    "RangeError",
    "Expected values from -1 to 1 for samples but received NaN",
  ],
  [
    "features without end",
    () => parzen({ test, validation, range: null }, images(20, Number.POSITIVE_INFINITY)),
    "RangeError",
    "Expected finite values for samples but received Infinity",
  ],
  [
    "a range of nothing",
    () => parzen({ test, validation, range: [1, 1] }),
    "TypeError",
    "Expected [black, white] with black below white for range but received [1, 1]",
  ],
  [
    "one width where widths are expected",
    () => parzen({ test, validation, sigmas: 0.2 }),
    "TypeError",
    "Expected an array of widths for sigmas but received 0.2",
  ],
  [
    "no width",
    () => parzen({ test, validation, sigmas: [] }),
    "TypeError",
    "Expected an array of widths for sigmas but received []",
  ],
  [
    "a width of 0",
    () => parzen({ test, validation, sigmas: [0.1, 0] }),
    "RangeError",
    "Expected a finite number above 0 for sigmas[1] but received 0",
  ],
  [
    "a negative width",
    () => parzen({ test, validation, sigmas: [-0.1] }),
    "RangeError",
    "Expected a finite number above 0 for sigmas[0] but received -0.1",
  ],
  [
    "a width whose square is nothing",
    () => parzen({ test, sigmas: [1e-200] }),
    "RangeError",
    "Expected at least 1e-100 for sigmas[0] but received 1e-200",
  ],
  [
    "a width in letters",
    () => parzen({ test, validation, sigmas: ["0.1"] }),
    "TypeError",
    'Expected a finite number above 0 for sigmas[0] but received "0.1"',
  ],
]);
