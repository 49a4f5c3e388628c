// Feature networks, and results of two that do not go together.
import { bad, emptied, refuses } from "../helpers/misuse.js";
import { afterAll, expect } from "vitest";
import { datasets, Generator, Images, layers as l, metrics } from "../../lib/index.js";

const { classifier, Features, fid, inceptionScore, kid, modeCoverage, statistics } = metrics;

const network = await classifier();
const each = await classifier({ eachChannel: true });
const gone = await classifier();
gone.dispose();
const images = (count: number, ...image: number[]) =>
  new Images(new Float32Array(image.reduce((a, b) => a * b, count)), [count, ...image]);
const grey = await datasets.fromBytes(new Uint8Array(4 * 64), { shape: [4, 1, 8, 8] });
const colour = await datasets.fromBytes(new Uint8Array(4 * 192), { shape: [4, 3, 8, 8] });
const drawing = (channels: number) =>
  new Generator({
    latent: { noise: 2 },
    layers: [l.linear(16 * channels), l.tanh(), l.unflatten([channels, 4, 4])],
  });
const greyGenerator = drawing(1);
const colourGenerator = drawing(3);
afterAll(() => {
  for (const one of [network, each, grey, colour, greyGenerator, colourGenerator]) one.dispose();
});

refuses("metrics.classifier", [
  [
    "a flag in place of options",
    () => classifier(bad(true)),
    "TypeError",
    "Expected an object for options but received true",
  ],
  [
    "an option that there is not",
    () => classifier(bad({ size: 32 })),
    "TypeError",
    'Expected only the options eachChannel, device for options but received "size"',
  ],
  [
    "channels by their number",
    () => classifier({ eachChannel: bad(3) }),
    "TypeError",
    "Expected true or false for eachChannel but received 3",
  ],
  [
    "a device that is none",
    () => classifier({ device: bad("gpu") }),
    "TypeError",
    'Expected "cpu", "cuda" or "cuda:i" for device but received "gpu"',
  ],
]);

const takesGrey = "Expected images of [1, height, width], as mnist-classifier-1 takes, for source";
const takesThree =
  "Expected images of [3, height, width], as mnist-classifier-1 of each channel takes, for source";

refuses(
  "FeatureNetwork.features",
  [
    [
      "the folder of a run",
      () => network.features(bad("runs/dcgan")),
      "TypeError",
      'Expected Images, a Dataset or a Generator for source but received "runs/dcgan"',
    ],
    [
      "pixels without a shape",
      () => network.features(bad(new Float32Array(784))),
      "TypeError",
      "Expected Images, a Dataset or a Generator for source but received Float32Array(3136 bytes)",
    ],
    [
      "images whose numbers were given away",
      () => network.features(emptied(images(2, 1, 8, 8))),
      "TypeError",
      "Expected an array whose memory was not transferred away for data of source but received Float32Array(0 bytes)",
    ],
    [
      "images in colour, which nobody makes grey",
      () => network.features(images(2, 3, 8, 8)),
      "RangeError",
      `${takesGrey} but received [3, 8, 8]`,
    ],
    [
      "a dataset in colour",
      () => network.features(colour),
      "RangeError",
      `${takesGrey} but received [3, 8, 8]`,
    ],
    [
      "a generator in colour",
      () => network.features(colourGenerator),
      "RangeError",
      `${takesGrey} but received [3, 4, 4]`,
    ],
    [
      "grey images for three digits",
      () => each.features(grey),
      "RangeError",
      `${takesThree} but received [1, 8, 8]`,
    ],
    [
      "two channels",
      () => each.features(images(2, 2, 8, 8)),
      "RangeError",
      `${takesThree} but received [2, 8, 8]`,
    ],
    [
      "vectors",
      () => network.features(images(2, 784)),
      "RangeError",
      `${takesGrey} but received [784]`,
    ],
    [
      "more images than there are",
      () => network.features(grey, { count: 5 }),
      "RangeError",
      "Expected a whole number from 1 to 4 for count but received 5",
    ],
    [
      "some of the images in an array",
      () => network.features(images(4, 1, 8, 8), { count: 3 }),
      "RangeError",
      "Expected 4, as there are images, for count but received 3",
    ],
    [
      "no samples",
      () => network.features(greyGenerator, { count: 0 }),
      "RangeError",
      "Expected a whole number of at least 1 for count but received 0",
    ],
    [
      "half a seed",
      () => network.features(grey, { seed: 0.5 }),
      "RangeError",
      "Expected a whole number of at least 0 for seed but received 0.5",
    ],
    [
      "labels of a dataset",
      () => network.features(grey, { labels: 3 }),
      "TypeError",
      "Expected a generator for source of labels but received an instance of Dataset",
    ],
    [
      "labels of a generator without classes",
      () => network.features(greyGenerator, { count: 2, labels: 3 }),
      "TypeError",
      "Expected nothing (the latent has no classes) for labels but received 3",
    ],
    [
      "codes of a dataset",
      () => network.features(grey, { codes: [0.5] }),
      "TypeError",
      "Expected a generator for source of codes but received an instance of Dataset",
    ],
    [
      "codes of a generator without codes",
      () => network.features(greyGenerator, { count: 2, codes: [0.5] }),
      "TypeError",
      "Expected nothing (the latent has no codes) for codes but received [0.5]",
    ],
    [
      "a truncation of a dataset",
      () => network.features(grey, { truncation: 0.5 }),
      "TypeError",
      "Expected a generator for source of a truncation but received an instance of Dataset",
    ],
    [
      "a truncation of 0",
      () => network.features(greyGenerator, { count: 2, truncation: 0 }),
      "RangeError",
      "Expected a finite number above 0 for truncation but received 0",
    ],
    [
      "a truncation of the styles of a dataset",
      () => network.features(grey, { truncationPsi: 0.5 }),
      "TypeError",
      "Expected a generator for source of a truncationPsi but received an instance of Dataset",
    ],
    [
      "a truncation of styles that there are not",
      () => network.features(greyGenerator, { count: 2, truncationPsi: 0.5 }),
      "TypeError",
      "Expected nothing (the generator has no styled layers) for truncationPsi but received 0.5",
    ],
    [
      "an option of sample()",
      () => network.features(greyGenerator, bad({ noise: new Float32Array(2) })),
      "TypeError",
      'Expected only the options count, seed, labels, codes, truncation, truncationPsi, signal for options but received "noise"',
    ],
    [
      "a controller in place of its signal",
      () => network.features(grey, { signal: bad(new AbortController()) }),
      "TypeError",
      "Expected an AbortSignal for signal but received an instance of AbortController",
    ],
    [
      "a network that was disposed",
      () => gone.features(grey),
      "ERR_DISPOSED",
      "This feature network was disposed",
    ],
  ],
  async () => expect((await network.features(grey)).shape).toEqual([4, 64]),
);

const of = (name: string, answers = 1, width = 2) =>
  new Features(new Float32Array(10 * width), [10, width], {
    network: name,
    answers,
    logits: new Float32Array(100 * answers),
  });
const known = await statistics(of("digits"));
const other = 'for generated but received "features of inception"';

refuses("metrics of two networks", [
  [
    "fid of statistics of another",
    () => fid(known, of("inception")),
    "RangeError",
    `Expected features of digits, as real has, ${other}`,
  ],
  [
    "kid",
    () => kid(of("digits"), of("inception")),
    "RangeError",
    `Expected features of digits, as real has, ${other}`,
  ],
  [
    "precision and recall of another width",
    () => metrics.precisionRecall(of("digits"), of("digits", 1, 4)),
    "RangeError",
    'Expected features of width 2, as real has, for generated but received "a width of 4"',
  ],
  [
    "density and coverage",
    () => metrics.densityCoverage(of("digits"), of("inception")),
    "RangeError",
    `Expected features of digits, as real has, ${other}`,
  ],
  [
    "class balance",
    () => metrics.classBalance(of("digits"), of("inception")),
    "RangeError",
    'Expected features of digits, with 10 classes, for generated but received "features of inception, with 10"',
  ],
  [
    "modes",
    () => modeCoverage(of("digits", 3), of("inception", 3)),
    "RangeError",
    `Expected features of digits, as real has, ${other}`,
  ],
  [
    "a score of three answers, which it would take for one",
    () => inceptionScore(of("digits", 3)),
    "RangeError",
    'Expected features with one answer for each sample for generated but received "features of digits with 3"',
  ],
  [
    "a balance of three answers",
    () => metrics.classBalance(of("digits", 3), of("digits", 3)),
    "RangeError",
    'Expected features with one answer for each sample for real but received "features of digits with 3"',
  ],
  [
    "modes of one answer",
    () => modeCoverage(of("digits", 3), of("digits")),
    "RangeError",
    'Expected features of classifier({ eachChannel: true }) for generated but received "features of digits with 1 × 10 classes"',
  ],
  [
    "no answers",
    () => of("digits", 0),
    "RangeError",
    "Expected a whole number of at least 1 for answers but received 0",
  ],
  [
    "logits of fewer answers",
    () => new Features(new Float32Array(2), [2, 1], { logits: new Float32Array(8), answers: 3 }),
    "RangeError",
    "Expected at least 2 logits for each of 3 answers to 2 samples for logits but received Float32Array(32 bytes)",
  ],
]);
