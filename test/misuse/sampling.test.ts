// What a stranger asks a generator to draw.
import { bad, bare, detached, drawsAsBefore, holed, refuses } from "../helpers/misuse.js";
import { Generator, layers as l } from "../../lib/index.js";
import { tinyGenerator } from "../helpers/training.js";

const generator = tinyGenerator();
const conditional = tinyGenerator({ noise: 5, classes: 3, codes: 2 });
const styled = new Generator({
  latent: { noise: 5 },
  layers: [l.styled({ mapping: [l.linear(4)], synthesis: [l.linear(2)] })],
});
/** A latent that is larger than what is made of it. */
const wide = new Generator({ latent: { noise: 1024 }, layers: [l.linear(1)] });
const unchanged = drawsAsBefore(generator);

refuses(
  "Generator.sample",
  [
    [
      "no count",
      () => generator.sample(bad(undefined)),
      "TypeError",
      "Expected a whole number of at least 1 for count but received undefined",
    ],
    [
      "options in place of a count",
      () => generator.sample(bad({ count: 5 })),
      "TypeError",
      "Expected a whole number of at least 1 for count but received { count: 5 }",
    ],
    [
      "a count as text",
      () => generator.sample(bad("5")),
      "TypeError",
      'Expected a whole number of at least 1 for count but received "5"',
    ],
    [
      "a count of -0",
      () => generator.sample(-0),
      "RangeError",
      "Expected a whole number of at least 1 for count but received -0",
    ],
    [
      "half a sample",
      () => generator.sample(0.5),
      "RangeError",
      "Expected a whole number of at least 1 for count but received 0.5",
    ],
    [
      "samples without end",
      () => generator.sample(Infinity),
      "RangeError",
      "Expected a whole number from 1 to 9007199254740991 for count but received Infinity",
    ],
    [
      "samples that no array holds",
      () => generator.sample(2 ** 40),
      "RangeError",
      "Expected at most 16777216 samples a call (4 GiB) for count but received 1099511627776",
    ],
    [
      "samples whose latents no array holds",
      () => wide.sample(2 ** 40),
      "RangeError",
      "Expected at most 1048576 samples a call (4 GiB) for count but received 1099511627776",
    ],
    [
      "labels for samples that no array holds",
      () => conditional.sample(2 ** 40, bad({ labels: 1 })),
      "RangeError",
      "Expected at most 16777216 samples a call (4 GiB) for count but received 1099511627776",
    ],
    [
      "options that are null",
      () => generator.sample(1, bad(null)),
      "TypeError",
      "Expected an object for options but received null",
    ],
    [
      "a seed in place of options",
      () => generator.sample(1, bad(7)),
      "TypeError",
      "Expected an object for options but received 7",
    ],
    [
      "a misspelt option",
      () => generator.sample(1, bad({ sed: 7 })),
      "TypeError",
      'Expected the option seed for options but received "sed"',
    ],
    [
      "a misspelt option without a prototype",
      () => generator.sample(1, bare({ sed: 7 })),
      "TypeError",
      'Expected the option seed for options but received "sed"',
    ],
    [
      "a controller in place of its signal",
      () => generator.sample(1, { signal: bad(new AbortController()) }),
      "TypeError",
      "Expected an AbortSignal for signal but received an instance of AbortController",
    ],
    [
      "a seed below 0",
      () => generator.sample(1, { seed: -1 }),
      "RangeError",
      "Expected a whole number of at least 0 for seed but received -1",
    ],
    [
      "an unknown execution",
      () => generator.sample(1, { execution: bad("compiled") }),
      "TypeError",
      'Expected one of eager, fused for execution but received "compiled"',
    ],
    [
      "a truncation of 0",
      () => generator.sample(1, { truncation: 0 }),
      "RangeError",
      "Expected a finite number above 0 for truncation but received 0",
    ],
    [
      "a truncation as text",
      () => generator.sample(1, { truncation: bad("0.5") }),
      "TypeError",
      'Expected a finite number above 0 for truncation but received "0.5"',
    ],
    [
      "a truncation of noise that is given",
      () =>
        generator.sample(1, { truncation: 0.5, noise: new Float32Array(generator.latent.noise) }),
      "TypeError",
      "Expected nothing (the noise is given) for truncation but received 0.5",
    ],
    [
      "a truncation of styles where there are none",
      () => generator.sample(1, { truncationPsi: 0.7 }),
      "TypeError",
      "Expected nothing (the generator has no styled layers) for truncationPsi but received 0.7",
    ],
    [
      "a truncation of styles as text",
      () => styled.sample(1, { truncationPsi: bad("0.7") }),
      "TypeError",
      'Expected a finite number for truncationPsi but received "0.7"',
    ],
    [
      "a truncation of styles without end",
      () => styled.sample(1, { truncationPsi: Number.NEGATIVE_INFINITY }),
      "RangeError",
      "Expected a finite number for truncationPsi but received -Infinity",
    ],
    [
      "labels where there are no classes",
      () => generator.sample(1, bad({ labels: 0 })),
      "TypeError",
      "Expected nothing (the latent has no classes) for labels but received 0",
    ],
    [
      "codes where there are none",
      () => generator.sample(1, bad({ codes: [0] })),
      "TypeError",
      "Expected nothing (the latent has no codes) for codes but received [0]",
    ],
    [
      "a label too large",
      () => conditional.sample(1, bad({ labels: 3 })),
      "RangeError",
      "Expected a whole number from 0 to 2 for labels but received 3",
    ],
    [
      "a label below 0",
      () => conditional.sample(1, bad({ labels: [-1] })),
      "RangeError",
      "Expected a whole number from 0 to 2 for labels[0] but received -1",
    ],
    [
      "a label as text",
      () => conditional.sample(1, bad({ labels: "1" })),
      "TypeError",
      'Expected a whole number, or an array, Uint8Array, Uint16Array or Int32Array of them, for labels but received "1"',
    ],
    [
      "labels as an array of fractions",
      () => conditional.sample(1, bad({ labels: Float32Array.of(1) })),
      "TypeError",
      "Expected a whole number, or an array, Uint8Array, Uint16Array or Int32Array of them, for labels but received Float32Array(4 bytes)",
    ],
    [
      "labels in another array of whole numbers",
      () => conditional.sample(1, bad({ labels: Uint32Array.of(1) })),
      "TypeError",
      "Expected a whole number, or an array, Uint8Array, Uint16Array or Int32Array of them, for labels but received Uint32Array(4 bytes)",
    ],
    [
      "noise that is no number",
      () => conditional.sample(1, { noise: Float32Array.of(0, 1, Number.NaN, 3, 4) }),
      "RangeError",
      "Expected a finite number for noise[2] but received NaN",
    ],
    [
      "too few labels",
      () => conditional.sample(2, bad({ labels: [1] })),
      "RangeError",
      'Expected 2 labels, one a sample, for labels but received "1 labels"',
    ],
    [
      "labels with a hole",
      () => conditional.sample(2, bad({ labels: holed([1, 0], 1) })),
      "TypeError",
      "Expected a whole number from 0 to 2 for labels[1] but received undefined",
    ],
    [
      "a code that is a number",
      () => conditional.sample(1, bad({ codes: 0.5 })),
      "TypeError",
      "Expected an array or Float32Array of 2 numbers for codes but received 0.5",
    ],
    [
      "codes as another typed array",
      () => conditional.sample(1, bad({ codes: Float64Array.of(0, 0) })),
      "TypeError",
      "Expected an array or Float32Array of 2 numbers for codes but received Float64Array(16 bytes)",
    ],
    [
      "codes of all samples side by side",
      () => conditional.sample(2, { codes: Float32Array.of(0, 0, 0, 0) }),
      "TypeError",
      "Expected an array or Float32Array of 2 numbers for codes but received Float32Array(16 bytes)",
    ],
    [
      "a code of NaN",
      () => conditional.sample(1, bad({ codes: [NaN, 0] })),
      "TypeError",
      "Expected a finite number for codes[0] but received NaN",
    ],
    [
      "a code as text",
      () => conditional.sample(1, bad({ codes: [0, "0"] })),
      "TypeError",
      'Expected a finite number for codes[1] but received "0"',
    ],
    [
      "codes without end",
      () => conditional.sample(1, bad({ codes: new Array(2 ** 32 - 1) })),
      "TypeError",
      "Expected an array or Float32Array of 2 numbers for codes but received [undefined, undefined, undefined, undefined, undefined, undefined, undefined, undefined, undefined, undefined, undefi...",
    ],
    [
      "too few vectors of codes",
      () => conditional.sample(2, bad({ codes: [[0, 0]] })),
      "RangeError",
      'Expected 2 vectors, one a sample, for codes but received "1 vectors"',
    ],
    [
      "a vector of codes that is too long",
      () => conditional.sample(1, bad({ codes: [[0, 0, 0]] })),
      "TypeError",
      "Expected an array or Float32Array of 2 numbers for codes[0] but received [0, 0, 0]",
    ],
    [
      "vectors of codes with a hole",
      () => conditional.sample(2, bad({ codes: holed([[], [0, 0]], 0) })),
      "TypeError",
      "Expected an array or Float32Array of 2 numbers for codes[0] but received undefined",
    ],
  ],
  unchanged,
);

refuses("Generator.sample with noise", [
  [
    "noise whose memory was given away",
    () => generator.sample(1, { noise: detached(new Float32Array(5)) }),
    "TypeError",
    "Expected an array whose memory was not transferred away for noise but received Float32Array(0 bytes)",
  ],
  [
    "noise that another thread may change",
    () => generator.sample(1, { noise: new Float32Array(new SharedArrayBuffer(20)) }),
    "TypeError",
    "Expected an array over memory of its own, not shared, for noise but received Float32Array(20 bytes)",
  ],
  [
    "noise in float64",
    () => generator.sample(1, { noise: bad(new Float64Array(5)) }),
    "TypeError",
    "Expected a Float32Array for noise but received Float64Array(40 bytes)",
  ],
]);
