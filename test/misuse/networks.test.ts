// Generators, discriminators and their weights, as a stranger calls them.
import { bad, bare, detached, holed, refuses } from "../helpers/misuse.js";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { Discriminator, Generator, Images, layers as l } from "../../lib/index.js";
import {
  conditionalDiscriminator,
  image,
  tinyDiscriminator,
  tinyGenerator,
} from "../helpers/training.js";

const generator = tinyGenerator();
const initText =
  '"torch", "dcgan" or an object of type uniform, normal, xavierUniform, xavierNormal, kaimingUniform, kaimingNormal, orthogonal';
const latent = { noise: 4 };
const layers = [l.linear(4)];

refuses("new Generator", [
  [
    "a network in place of an architecture",
    () => new Generator(bad(generator)),
    "TypeError",
    'Expected only the options latent, layers, init, range for architecture but received "device"',
  ],
  [
    "an architecture in an array",
    () => new Generator(bad([{ latent, layers }])),
    "TypeError",
    "Expected an object { latent, layers } for architecture but received [{ latent: { noise: 4 }, layers: [...] }]",
  ],
  [
    "an architecture as JSON text",
    () => new Generator(bad('{"latent":{}}')),
    "TypeError",
    'Expected an object { latent, layers } for architecture but received "{\\"latent\\":{}}"',
  ],
  [
    "a misspelt field",
    () => new Generator(bad({ latent, layer: layers })),
    "TypeError",
    'Expected only the options latent, layers, init, range for architecture but received "layer"',
  ],
  [
    "the image of a discriminator",
    () => new Generator(bad({ latent, layers, image })),
    "TypeError",
    'Expected only the options latent, layers, init, range for architecture but received "image"',
  ],
  [
    "an unknown init",
    () => new Generator(bad({ latent, layers, init: "xavier" })),
    "TypeError",
    `Expected ${initText} for architecture.init but received "xavier"`,
  ],
  [
    "an init of an unknown type",
    () => new Generator(bad({ latent, layers, init: { type: "dcgan" } })),
    "TypeError",
    `Expected ${initText} for architecture.init but received { type: "dcgan" }`,
  ],
  [
    "an init in an array",
    () => new Generator(bad({ latent, layers, init: [{ type: "orthogonal" }] })),
    "TypeError",
    `Expected ${initText} for architecture.init but received [{ type: "orthogonal" }]`,
  ],
  [
    "first weights of no range",
    () => new Generator(bad({ latent, layers, init: { type: "uniform" } })),
    "TypeError",
    "Expected a finite number above 0 for architecture.init.range but received undefined",
  ],
  [
    "first weights of range 0",
    () => new Generator({ latent, layers, init: { type: "uniform", range: 0 } }),
    "RangeError",
    "Expected a finite number above 0 for architecture.init.range but received 0",
  ],
  [
    "first weights with a misspelt range",
    () => new Generator(bad({ latent, layers, init: { type: "uniform", irange: 0.05 } })),
    "TypeError",
    'Expected only the options type, range for architecture.init but received "irange"',
  ],
  [
    "first weights of no deviation",
    () => new Generator(bad({ latent, layers, init: { type: "normal" } })),
    "TypeError",
    "Expected a finite number above 0 for architecture.init.std but received undefined",
  ],
  [
    "first weights of an infinite deviation",
    () => new Generator({ latent, layers, init: { type: "normal", std: Infinity } }),
    "RangeError",
    "Expected a finite number above 0 for architecture.init.std but received Infinity",
  ],
  [
    "orthogonal first weights of gain 0",
    () => new Generator({ latent, layers, init: { type: "orthogonal", gain: 0 } }),
    "RangeError",
    "Expected a finite number above 0 for architecture.init.gain but received 0",
  ],
  [
    "a gain of null",
    () => new Generator(bad({ latent, layers, init: { type: "xavierNormal", gain: null } })),
    "TypeError",
    "Expected a finite number above 0 for architecture.init.gain but received null",
  ],
  [
    "the gain of an init that computes its own",
    () => new Generator(bad({ latent, layers, init: { type: "kaimingNormal", gain: 2 } })),
    "TypeError",
    'Expected only the options type, a, mode, nonlinearity for architecture.init but received "gain"',
  ],
  [
    "a negative slope",
    () => new Generator({ latent, layers, init: { type: "kaimingUniform", a: -0.2 } }),
    "RangeError",
    "Expected a finite number of at least 0 for architecture.init.a but received -0.2",
  ],
  [
    "torch's name of a mode",
    () => new Generator(bad({ latent, layers, init: { type: "kaimingUniform", mode: "fan_in" } })),
    "TypeError",
    'Expected one of fanIn, fanOut for architecture.init.mode but received "fan_in"',
  ],
  [
    "an activation that torch has no gain of",
    () =>
      new Generator(bad({ latent, layers, init: { type: "kaimingNormal", nonlinearity: "gelu" } })),
    "TypeError",
    'Expected one of leakyRelu, relu, linear, selu, tanh for architecture.init.nonlinearity but received "gelu"',
  ],
  [
    "the slope of an activation that has none",
    () =>
      new Generator({
        latent,
        layers,
        init: { type: "kaimingNormal", a: 0.2, nonlinearity: "relu" },
      }),
    "TypeError",
    'Expected "leakyRelu" where a is above 0 for architecture.init.nonlinearity but received "relu"',
  ],
  [
    "pixels whose black is white",
    () => new Generator({ latent, layers, range: [1, 0] }),
    "TypeError",
    "Expected [black, white], such as [0, 1] or [-1, 1], for architecture.range but received [1, 0]",
  ],
  [
    "pixels of one number",
    () => new Generator(bad({ latent, layers, range: 255 })),
    "TypeError",
    "Expected [black, white], such as [0, 1] or [-1, 1], for architecture.range but received 255",
  ],
  [
    "noise of an unknown distribution",
    () => new Generator(bad({ latent: { noise: 4, distribution: "gaussian" }, layers })),
    "TypeError",
    'Expected one of normal, uniform for architecture.latent.distribution but received "gaussian"',
  ],
  [
    "a latent that is a number",
    () => new Generator(bad({ latent: 100, layers })),
    "TypeError",
    "Expected an object { noise, classes, codes } for architecture.latent but received 100",
  ],
  [
    "a misspelt latent",
    () => new Generator(bad({ latent: { noise: 4, class: 2 }, layers })),
    "TypeError",
    'Expected only the options noise, distribution, classes, codes, labels for architecture.latent but received "class"',
  ],
  [
    "noise as text",
    () => new Generator(bad({ latent: { noise: "100" }, layers })),
    "TypeError",
    'Expected a whole number of at least 1 for architecture.latent.noise but received "100"',
  ],
  [
    "noise as a BigInt",
    () => new Generator(bad({ latent: { noise: 100n }, layers })),
    "TypeError",
    "Expected a whole number of at least 1 for architecture.latent.noise but received 100n",
  ],
  [
    "noise without end",
    () => new Generator({ latent: { noise: Infinity }, layers }),
    "RangeError",
    "Expected a whole number from 1 to 9007199254740991 for architecture.latent.noise but received Infinity",
  ],
  [
    "noise of NaN",
    () => new Generator({ latent: { noise: NaN }, layers }),
    "RangeError",
    "Expected a whole number of at least 1 for architecture.latent.noise but received NaN",
  ],
  [
    "noise that is not exact",
    () => new Generator({ latent: { noise: 2 ** 53 }, layers }),
    "RangeError",
    "Expected a whole number from 1 to 9007199254740991 for architecture.latent.noise but received 9007199254740992",
  ],
  [
    "noise that no memory holds",
    () => new Generator({ latent: { noise: 2 ** 41 }, layers }),
    "ERR_ARCHITECTURE",
    "Expected at most 1099511627776 numbers for architecture.latent but received 2199023255552",
  ],
  [
    "half a class",
    () => new Generator({ latent: { noise: 1, classes: 2.5 }, layers }),
    "RangeError",
    "Expected a whole number of at least 0 for architecture.latent.classes but received 2.5",
  ],
  [
    "less than no codes",
    () => new Generator({ latent: { noise: 1, codes: -1 }, layers }),
    "RangeError",
    "Expected a whole number of at least 0 for architecture.latent.codes but received -1",
  ],
  [
    "unknown labels",
    () => new Generator(bad({ latent: { noise: 1, classes: 3, labels: "onehot" }, layers })),
    "TypeError",
    'Expected one of oneHot, embedded for architecture.latent.labels but received "onehot"',
  ],
  [
    "embedded labels without classes",
    () => new Generator({ latent: { noise: 1, labels: "embedded" }, layers }),
    "TypeError",
    'Expected at least 2 classes for labels "embedded" for architecture.latent.classes but received undefined',
  ],
  [
    "embedded labels that no layer reads",
    () => new Generator({ latent: { noise: 1, classes: 3, labels: "embedded" }, layers }),
    "ERR_ARCHITECTURE",
    'Expected an embedding or conditionalBatchNorm2d among its layers (labels are "embedded") for a generator with classes but received linear',
  ],
  [
    "options that are null",
    () => new Generator({ latent, layers }, bad(null)),
    "TypeError",
    "Expected an object for options but received null",
  ],
  [
    "options as a Map",
    () => new Generator({ latent, layers }, bad(new Map([["seed", 1]]))),
    "TypeError",
    "Expected an object for options but received an instance of Map",
  ],
  [
    "options without await",
    () => new Generator({ latent, layers }, bad(Promise.resolve({}))),
    "TypeError",
    "Expected an object for options but received an instance of Promise",
  ],
  [
    "a seed as text",
    () => new Generator({ latent, layers }, { seed: bad("7") }),
    "TypeError",
    'Expected a whole number of at least 0 for seed but received "7"',
  ],
  [
    "a seed of null",
    () => new Generator({ latent, layers }, { seed: bad(null) }),
    "TypeError",
    "Expected a whole number of at least 0 for seed but received null",
  ],
  [
    "a seed of NaN",
    () => new Generator({ latent, layers }, { seed: NaN }),
    "RangeError",
    "Expected a whole number of at least 0 for seed but received NaN",
  ],
  [
    "a seed as a BigInt",
    () => new Generator({ latent, layers }, { seed: bad(7n) }),
    "TypeError",
    "Expected a whole number of at least 0 for seed but received 7n",
  ],
  [
    "a device in capitals",
    () => new Generator({ latent, layers }, { device: bad("CPU") }),
    "TypeError",
    'Expected "cpu", "cuda" or "cuda:i" for device but received "CPU"',
  ],
  [
    "a device that is an index",
    () => new Generator({ latent, layers }, { device: bad(0) }),
    "TypeError",
    'Expected "cpu", "cuda" or "cuda:i" for device but received 0',
  ],
  [
    "a device of a fraction",
    () => new Generator({ latent, layers }, { device: bad("cuda:0.5") }),
    "TypeError",
    'Expected "cpu", "cuda" or "cuda:i" for device but received "cuda:0.5"',
  ],
  [
    "a device with a space",
    () => new Generator({ latent, layers }, { device: bad("cuda: 0") }),
    "TypeError",
    'Expected "cpu", "cuda" or "cuda:i" for device but received "cuda: 0"',
  ],
]);

refuses("new Discriminator", [
  [
    "an architecture of a generator",
    () => new Discriminator(bad({ latent, layers })),
    "TypeError",
    'Expected only the options image, layers, classes, init, range for architecture but received "latent"',
  ],
  [
    "no image",
    () => new Discriminator(bad({ layers })),
    "TypeError",
    "Expected an array of whole numbers for architecture.image but received undefined",
  ],
  [
    "an image as text",
    () => new Discriminator(bad({ image: "1x8x8", layers })),
    "TypeError",
    'Expected an array of whole numbers for architecture.image but received "1x8x8"',
  ],
  [
    "an image as a typed array",
    () => new Discriminator(bad({ image: Int32Array.of(1, 8, 8), layers })),
    "TypeError",
    "Expected an array of whole numbers for architecture.image but received Int32Array(12 bytes)",
  ],
  [
    "an image with a NaN",
    () => new Discriminator({ image: [1, NaN, 8], layers: [l.flatten(), l.linear(1)] }),
    "RangeError",
    "Expected a whole number of at least 1 for architecture.image[1] but received NaN",
  ],
  [
    "one class",
    () => new Discriminator({ image, classes: 1, layers: [l.flatten(), l.linear(1)] }),
    "TypeError",
    "Expected 0 or at least 2 classes for architecture.classes but received 1",
  ],
  [
    "classes that no layer reads",
    () => new Discriminator({ image, classes: 3, layers: [l.flatten(), l.linear(1)] }),
    "ERR_ARCHITECTURE",
    "Expected an embedding or projection among its layers for a discriminator with classes but received flatten, linear",
  ],
  [
    "dropout behind the sigmoid",
    () =>
      new Discriminator({
        image,
        layers: [l.flatten(), l.linear(1), l.sequential("end", [l.sigmoid(), l.dropout(0.1)])],
      }),
    "ERR_ARCHITECTURE",
    "Expected a place before the sigmoid for end.1 (dropout) but received one behind it, where training makes more than 1 of a probability",
  ],
  [
    "noise behind the sigmoid",
    () =>
      new Discriminator({
        image,
        layers: [l.flatten(), l.linear(1), l.sigmoid(), l.gaussianNoise()],
      }),
    "ERR_ARCHITECTURE",
    "Expected a place before the sigmoid for 3 (gaussianNoise) but received one behind it, where training makes more than 1 of a probability",
  ],
  [
    "a score for each pixel",
    () => new Discriminator({ image, layers: [l.conv2d(1, 1)] }),
    "ERR_ARCHITECTURE",
    "Expected an output of [1] (a score) for the discriminator's last layer but received [1, 8, 8]",
  ],
  [
    "a score of [1, 1, 1]",
    () => new Discriminator({ image, layers: [l.conv2d(1, 8)] }),
    "ERR_ARCHITECTURE",
    "Expected an output of [1] (a score) for the discriminator's last layer but received [1, 1, 1]; put flatten() after it",
  ],
]);

const conditional = tinyGenerator({ noise: 5, classes: 3, codes: 2 });
const embedded = tinyGenerator({ noise: 5, classes: 3, labels: "embedded" });
const samples = async () => [...(await generator.sample(2, { seed: 1 })).data];
const expected = samples();
const unchanged = async () => expect(await samples()).toEqual(await expected);

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
      'Expected only the options seed, noise, labels, codes, signal for options but received "sed"',
    ],
    [
      "a misspelt option without a prototype",
      () => generator.sample(1, bare({ sed: 7 })),
      "TypeError",
      'Expected only the options seed, noise, labels, codes, signal for options but received "sed"',
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
      'Expected a whole number or an array of them for labels but received "1"',
    ],
    [
      "labels as an array of fractions",
      () => conditional.sample(1, bad({ labels: Float32Array.of(1) })),
      "TypeError",
      "Expected a whole number or an array of them for labels but received Float32Array(4 bytes)",
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
      "Expected an array of 2 numbers for codes but received 0.5",
    ],
    [
      "codes as a typed array",
      () => conditional.sample(1, bad({ codes: Float32Array.of(0, 0) })),
      "TypeError",
      "Expected an array of 2 numbers for codes but received Float32Array(8 bytes)",
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
      "Expected an array of 2 numbers for codes but received [undefined, undefined, undefined, undefined, undefined, undefined, undefined, undefined, undefined, undefined, undefi...",
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
      "Expected an array of 2 numbers for codes[0] but received [0, 0, 0]",
    ],
    [
      "vectors of codes with a hole",
      () => conditional.sample(2, bad({ codes: holed([[], [0, 0]], 0) })),
      "TypeError",
      "Expected an array of 2 numbers for codes[0] but received undefined",
    ],
  ],
  unchanged,
);

refuses("Generator.sample with noise", [
  [
    "noise whose memory was given away",
    () => generator.sample(1, { noise: detached(new Float32Array(5)) }),
    "RangeError",
    'Expected 1 × 5 values for noise but received "0 values"',
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

refuses(
  "Generator.generate",
  [
    [
      "no latents",
      () => generator.generate(bad(undefined)),
      "TypeError",
      "Expected a Float32Array for latents but received undefined",
    ],
    [
      "latents as an array",
      () => generator.generate(bad([0, 0, 0, 0, 0])),
      "TypeError",
      "Expected a Float32Array for latents but received [0, 0, 0, 0, 0]",
    ],
    [
      "latents as doubles",
      () => generator.generate(bad(new Float64Array(5))),
      "TypeError",
      "Expected a Float32Array for latents but received Float64Array(40 bytes)",
    ],
    [
      "latents as a buffer",
      () => generator.generate(bad(new ArrayBuffer(20))),
      "TypeError",
      "Expected a Float32Array for latents but received an instance of ArrayBuffer",
    ],
    [
      "latents behind a proxy",
      () => generator.generate(new Proxy(new Float32Array(5), {})),
      "TypeError",
      "Expected a Float32Array for latents but received an instance of Float32Array",
    ],
    [
      "what only inherits from Float32Array",
      () => generator.generate(Object.create(Float32Array.prototype)),
      "TypeError",
      "Expected a Float32Array for latents but received an instance of Float32Array",
    ],
    [
      "no numbers",
      () => generator.generate(new Float32Array(0)),
      "RangeError",
      'Expected a multiple of 5 values for latents but received "0 values"',
    ],
    [
      "latents whose memory was given away",
      () => generator.generate(detached(new Float32Array(5))),
      "RangeError",
      'Expected a multiple of 5 values for latents but received "0 values"',
    ],
    [
      "latents that others can change",
      () => generator.generate(new Float32Array(new SharedArrayBuffer(20))),
      "TypeError",
      "Expected an array over memory of its own, not shared, for latents but received Float32Array(20 bytes)",
    ],
    [
      "a label where there are no classes",
      () => generator.generate(new Float32Array(5), bad({ labels: 0 })),
      "TypeError",
      "Expected nothing (the latent has no classes) for labels but received 0",
    ],
    [
      "labels beside one-hot latents",
      () => conditional.generate(new Float32Array(10), bad({ labels: 0 })),
      "TypeError",
      "Expected nothing (they are one-hot in the latents) for labels but received 0",
    ],
    [
      "embedded labels that are missing",
      () => embedded.generate(new Float32Array(5)),
      "TypeError",
      "Expected a label from 0 to 2 for each sample for labels but received undefined",
    ],
    [
      "what only looks like a signal",
      () => generator.generate(new Float32Array(5), { signal: bad({ aborted: false }) }),
      "TypeError",
      "Expected an AbortSignal for signal but received { aborted: false }",
    ],
    [
      "a seed",
      () => generator.generate(new Float32Array(5), bad({ seed: 0 })),
      "TypeError",
      'Expected only the options labels, signal for options but received "seed"',
    ],
  ],
  unchanged,
);

const judge = tinyDiscriminator();
const conditionalJudge = conditionalDiscriminator();
const blank = new Images(new Float32Array(64), [1, ...image]);
refuses(
  "Discriminator",
  [
    [
      "numbers in place of images",
      () => judge.score(bad(new Float32Array(64))),
      "TypeError",
      "Expected Images for images but received Float32Array(256 bytes)",
    ],
    [
      "a generator in place of images",
      () => judge.score(bad(generator)),
      "TypeError",
      "Expected Images for images but received an instance of Generator",
    ],
    [
      "images without await",
      () => judge.score(bad(Promise.resolve(blank))),
      "TypeError",
      "Expected Images for images but received an instance of Promise",
    ],
    [
      "what only inherits from Images",
      () => judge.score(Object.create(Images.prototype)),
      "TypeError",
      "Expected Images for images but received an instance of Images",
    ],
    [
      "images of features",
      () => judge.score(new Images(new Float32Array(64), [1, 64])),
      "RangeError",
      "Expected images of shape [count, 1, 8, 8] for images but received [1, 64]",
    ],
    [
      "labels that it does not take",
      () => judge.score(blank, bad({ labels: 1 })),
      "TypeError",
      "Expected nothing (it has no classes) for labels but received 1",
    ],
    [
      "an unknown option",
      () => judge.score(blank, bad({ label: 1 })),
      "TypeError",
      'Expected only the options labels, signal for options but received "label"',
    ],
    [
      "true in place of a signal",
      () => judge.score(blank, { signal: bad(true) }),
      "TypeError",
      "Expected an AbortSignal for signal but received true",
    ],
    [
      "classes that it does not tell",
      () => judge.classify(blank),
      "ERR_ARCHITECTURE",
      'Expected a discriminator with a head "classes" for classify() but received one without',
    ],
    [
      "labels that it needs",
      () => conditionalJudge.score(bad(blank)),
      "TypeError",
      "Expected a label from 0 to 2 for each image for labels but received undefined",
    ],
  ],
  async () => expect(await judge.score(blank)).toHaveLength(1),
);

refuses(
  "weights",
  [
    [
      "no path to write to",
      () => generator.saveWeights(bad(undefined)),
      "TypeError",
      "Expected a non-empty string for path but received undefined",
    ],
    [
      "an empty path to write to",
      () => generator.saveWeights(""),
      "TypeError",
      'Expected a non-empty string for path but received ""',
    ],
    [
      "a URL to write to",
      () => generator.saveWeights(bad(new URL("file:///tmp/g.safetensors"))),
      "TypeError",
      "Expected a non-empty string for path but received an instance of URL",
    ],
    [
      "a path with NUL to write to",
      () => generator.saveWeights("g\0.safetensors"),
      "TypeError",
      'Expected a path without NUL for path but received "g\\u0000.safetensors"',
    ],
    [
      "a folder to write to",
      () => generator.saveWeights("/tmp"),
      "ERR_OUTPUT",
      'Expected a writable file for path but received "/tmp" (it is a folder)',
    ],
    [
      "the root to write to",
      () => generator.saveWeights("/"),
      "ERR_OUTPUT",
      'Expected a writable file for path but received "/" (resource busy or locked)',
    ],
    [
      "a path below a file",
      () => generator.saveWeights("/etc/passwd/g"),
      "ERR_OUTPUT",
      'Expected a writable file for path but received "/etc/passwd/g" (a part of the path is not a folder)',
    ],
    [
      "a name that is too long",
      () => generator.saveWeights("g".repeat(300)),
      "ERR_OUTPUT",
      'Expected a writable file for path but received "gggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggg" (its name is too long)',
    ],
    [
      "no path to read",
      () => generator.loadWeights(bad(null)),
      "TypeError",
      "Expected a non-empty string for path but received null",
    ],
    [
      "bytes that are none of a file's",
      () => generator.loadWeights(Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0)),
      "ERR_WEIGHTS",
      'Expected a safetensors file for path but received "8 bytes": its header would be 9 bytes, more than the file holds',
    ],
    [
      "bytes of another kind",
      () => generator.loadWeights(bad(new ArrayBuffer(8))),
      "TypeError",
      "Expected a non-empty string for path but received an instance of ArrayBuffer",
    ],
    [
      "a path with NUL to read",
      () => generator.loadWeights("g\0"),
      "TypeError",
      'Expected a path without NUL for path but received "g\\u0000"',
    ],
    [
      "a folder to read",
      () => generator.loadWeights("/tmp"),
      "ERR_WEIGHTS",
      'Expected a safetensors file for path but received "/tmp" (it is a folder)',
    ],
    [
      "a device to read",
      () => generator.loadWeights("/dev/zero"),
      "ERR_WEIGHTS",
      'Expected a safetensors file for path but received "/dev/zero" (it is no regular file)',
    ],
  ],
  unchanged,
);

it("takes a Float32Array of another realm, as test runners make them", async () => {
  const foreign: Float32Array = runInNewContext("new Float32Array(5)");
  expect(foreign).not.toBeInstanceOf(Float32Array);
  expect((await generator.generate(foreign)).count).toBe(1);
});

it("does not care what becomes of the architecture that it was built from", async () => {
  const architecture = { latent: { noise: 5 }, layers: [l.linear(64), l.unflatten(image)] };
  const network = new Generator(architecture, { seed: 0 });
  architecture.layers[0] = l.linear(32);
  architecture.latent.noise = 7;
  const clone = network.clone();
  expect((await clone.sample(2, { seed: 0 })).data).toEqual(
    (await network.sample(2, { seed: 0 })).data,
  );
  expect(() => Object.assign(network.architecture.latent, { noise: 7 })).toThrow("read only");
});
