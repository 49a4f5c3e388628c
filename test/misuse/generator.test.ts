// Generators, as a stranger makes them.
import { bad, refuses } from "../helpers/misuse.js";
import { expect, it } from "vitest";
import { Generator, layers as l } from "../../lib/index.js";
import { image, tinyGenerator } from "../helpers/training.js";

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
    'Expected the option layers for architecture but received "layer"',
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
    'Expected the option range for architecture.init but received "irange"',
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
    "Expected [black, white] with black below white for architecture.range but received [1, 0]",
  ],
  [
    "pixels that float32 cannot hold",
    () => new Generator({ latent, layers, range: [0, 1e39] }),
    "RangeError",
    "Expected [black, white] whose values and width a float32 can hold for architecture.range but received [0, 1e+39]",
  ],
  [
    "pixels from one end of float32 to the other",
    () => new Generator({ latent, layers, range: [-3e38, 3e38] }),
    "RangeError",
    "Expected [black, white] whose values and width a float32 can hold for architecture.range but received [-3e+38, 3e+38]",
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
    'Expected the option classes for architecture.latent but received "class"',
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
