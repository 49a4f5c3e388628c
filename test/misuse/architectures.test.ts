// Ready-made architectures, as a stranger asks for them.
import { bad, refuses } from "../helpers/misuse.js";
import { architectures } from "../../lib/index.js";

const image = [1, 32, 32];
const latent = { noise: 4 };

refuses("architectures", [
  [
    "options that are null",
    () => architectures.mlp(bad(null)),
    "TypeError",
    "Expected an object for options but received null",
  ],
  [
    "a shape in place of options",
    () => architectures.dcgan(bad([1, 64, 64])),
    "TypeError",
    "Expected an object for options but received [1, 64, 64]",
  ],
  [
    "no image",
    () => architectures.mlp(bad({ latent })),
    "TypeError",
    "Expected an array of whole numbers for image but received undefined",
  ],
  [
    "a side in place of an image",
    () => architectures.mlp(bad({ latent, image: 28 })),
    "TypeError",
    "Expected an array of whole numbers for image but received 28",
  ],
  [
    "an image without channels",
    () => architectures.upsampling({ latent, image: [32, 32] }),
    "TypeError",
    "Expected an array of 3 whole numbers for image but received [32, 32]",
  ],
  [
    "an image with its channels last",
    () => architectures.dcgan({ latent, image: [32, 32, 3] }),
    "RangeError",
    "Expected [channels, height, width] with height and width equal, one of 32, 64, 128, for image but received [32, 32, 3]",
  ],
  [
    "a side that is not there",
    () => architectures.dcgan({ image: [1, 28, 28] }),
    "RangeError",
    "Expected [channels, height, width] with height and width equal, one of 32, 64, 128, for image but received [1, 28, 28]",
  ],
  [
    "two sides that are both there",
    () => architectures.dcgan({ image: [1, 32, 64] }),
    "RangeError",
    "Expected [channels, height, width] with height and width equal, one of 32, 64, 128, for image but received [1, 32, 64]",
  ],
  [
    "noise in place of a latent",
    () => architectures.mlp(bad({ latent: 100, image })),
    "TypeError",
    "Expected an object { noise, classes, codes } for latent but received 100",
  ],
  [
    "a latent that is null",
    () => architectures.mlp(bad({ latent: null, image })),
    "TypeError",
    "Expected an object { noise, classes, codes } for latent but received null",
  ],
  [
    "a latent without noise",
    () => architectures.mlp(bad({ latent: {}, image })),
    "TypeError",
    "Expected a whole number of at least 1 for latent.noise but received undefined",
  ],
  [
    "a generator without a latent",
    () => architectures.upsampling(bad({ image })),
    "TypeError",
    "Expected an object { noise, classes, codes } for latent but received undefined",
  ],
  [
    "a latent for a discriminator",
    () => architectures.convolutional(bad({ latent, image })),
    "TypeError",
    'Expected only the options image, scores, classes, codes for options but received "latent"',
  ],
  [
    "classes of a generator in the wrong place",
    () => architectures.mlp(bad({ latent, image, classes: 10 })),
    "TypeError",
    'Expected only the options latent, image for options but received "classes"',
  ],
  [
    "channels as text",
    () => architectures.dcgan(bad({ image, channels: "64" })),
    "TypeError",
    'Expected a whole number of at least 1 for channels but received "64"',
  ],
  [
    "channels of a fraction",
    () => architectures.sngan({ image, channels: 0.5 }),
    "RangeError",
    "Expected a whole number of at least 1 for channels but received 0.5",
  ],
  [
    "channels of no use to the attention",
    () => architectures.sagan({ image, channels: 12 }),
    "RangeError",
    "Expected a multiple of 8 for channels but received 12",
  ],
  [
    "scores by number",
    () => architectures.mlp(bad({ image, scores: 1 })),
    "TypeError",
    "Expected one of probability, logit for scores but received 1",
  ],
  [
    "a latent for scores of patches",
    () => architectures.patch(bad({ latent, image: [1, 32, 32] })),
    "TypeError",
    'Expected only the options image, channels, halvings, norm for options but received "latent"',
  ],
  [
    "nothing for scores of patches",
    () => architectures.patch(bad(undefined)),
    "TypeError",
    "Expected an object for options but received undefined",
  ],
  [
    "an image of which no patch is left",
    () => architectures.patch({ image: [1, 23, 32] }),
    "RangeError",
    "Expected [channels, height, width] with sides of at least 24 for image but received [1, 23, 32]",
  ],
  [
    "no halvings",
    () => architectures.patch({ image: [1, 32, 32], halvings: 0 }),
    "RangeError",
    "Expected a whole number from 1 to 8 for halvings but received 0",
  ],
  [
    "a norm of layers",
    () => architectures.patch(bad({ image: [1, 32, 32], norm: "layer" })),
    "TypeError",
    'Expected one of batch, instance, none for norm but received "layer"',
  ],
  [
    "a side of no use to the blocks",
    () => architectures.sngan({ image: [1, 28, 28] }),
    "RangeError",
    "Expected [channels, height, width] with height and width multiples of 8 for image but received [1, 28, 28]",
  ],
  [
    "channels that cannot be halved",
    () => architectures.stylegan2({ image: [1, 32, 32], channels: 6 }),
    "RangeError",
    "Expected a multiple of 4 (for a side of 32) for channels but received 6",
  ],
  [
    "a mapping of nothing",
    () => architectures.stylegan2({ latent, image: [1, 32, 32], mappingLayers: 0 }),
    "RangeError",
    "Expected a whole number of at least 1 for mappingLayers but received 0",
  ],
  [
    "colours that add up by a word",
    () => architectures.stylegan2(bad({ latent, image: [1, 32, 32], skips: "orig" })),
    "TypeError",
    'Expected true or false for skips but received "orig"',
  ],
  [
    "mixing more than always",
    () => architectures.stylegan2({ latent, image: [1, 32, 32], mixing: 1.1 }),
    "RangeError",
    "Expected a number in [0, 1] for mixing but received 1.1",
  ],
  [
    "a mapping of a discriminator",
    () => architectures.stylegan2(bad({ image: [1, 32, 32], mappingLayers: 2 })),
    "TypeError",
    'Expected only the options latent, image, channels for options but received "mappingLayers"',
  ],
  [
    "an image that no network makes",
    () => architectures.r3gan({ latent, image: [1, 33, 33] }),
    "RangeError",
    "Expected [channels, height, width] with height and width equal, one of 8, 16, 32, 64, 128, 256, for image but received [1, 33, 33]",
  ],
]);
