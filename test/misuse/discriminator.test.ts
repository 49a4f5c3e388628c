// Discriminators, as a stranger makes and asks them.
import { bad, emptied, refuses } from "../helpers/misuse.js";
import { expect } from "vitest";
import { Discriminator, Images, layers as l } from "../../lib/index.js";
import {
  conditionalDiscriminator,
  image,
  tinyDiscriminator,
  tinyGenerator,
} from "../helpers/training.js";

const generator = tinyGenerator();
const latent = { noise: 4 };
const layers = [l.linear(4)];

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
    "an image without channels",
    () => new Discriminator({ image: [28, 28], layers: [l.flatten(), l.linear(1)] }),
    "TypeError",
    "Expected [channels, height, width] or [features] for architecture.image but received [28, 28]",
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
    "two scores for each pixel",
    () => new Discriminator({ image, layers: [l.conv2d(2, 1)] }),
    "ERR_ARCHITECTURE",
    "Expected an output of [1] (a score) or [1, height, width] (a score for each patch) for the discriminator's last layer but received [2, 8, 8]",
  ],
  [
    "scores of patches in a row",
    () => new Discriminator({ image, layers: [l.conv2d(1, 5), l.flatten()] }),
    "ERR_ARCHITECTURE",
    "Expected an output of [1] (a score) or [1, height, width] (a score for each patch) for the discriminator's last layer but received [16]; leave flatten() out for a map of [1, 4, 4]",
  ],
  [
    "a head with a score for each patch",
    () => new Discriminator({ image, layers: [l.heads({ score: [l.conv2d(1, 5)] })] }),
    "ERR_ARCHITECTURE",
    "Expected 0.score to end in [1] (a score) for 0 (heads) but received [1, 4, 4]",
  ],
  [
    "noise behind the sigmoid of patches",
    () => new Discriminator({ image, layers: [l.conv2d(1, 5), l.sigmoid(), l.gaussianNoise()] }),
    "ERR_ARCHITECTURE",
    "Expected a place before the sigmoid for 2 (gaussianNoise) but received one behind it, where training makes more than 1 of a probability",
  ],
]);

const judge = tinyDiscriminator();
const patchJudge = new Discriminator({ image, layers: [l.conv2d(1, 5)] });
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
      "images whose numbers were given away",
      () => judge.score(emptied(new Images(new Float32Array(64), [1, ...image]))),
      "TypeError",
      "Expected an array whose memory was not transferred away for data of images but received Float32Array(0 bytes)",
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
      'Expected the option labels for options but received "label"',
    ],
    [
      "true in place of an execution",
      () => judge.score(blank, { execution: bad(true) }),
      "TypeError",
      "Expected one of eager, fused for execution but received true",
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
      "patches where it gives one score",
      () => judge.scorePatches(blank),
      "ERR_ARCHITECTURE",
      "Expected a discriminator that gives a score for each patch for scorePatches() but received one that gives one score",
    ],
    [
      "features in place of images of patches",
      () => patchJudge.scorePatches(new Images(new Float32Array(64), [1, 64])),
      "RangeError",
      "Expected images of shape [count, 1, 8, 8] for images but received [1, 64]",
    ],
    [
      "an unknown option of patches",
      () => patchJudge.scorePatches(blank, bad({ map: true })),
      "TypeError",
      'Expected only the options labels, execution, signal for options but received "map"',
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
