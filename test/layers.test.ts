// What every layer refuses, and that it is the same layer as data, completed, and from a file.
import { describe, expect, it } from "vitest";
import { resolveDiscriminator, resolveGenerator } from "../lib/architecture.js";
import { type Layer, layers as l, SparringError } from "../lib/index.js";
import { layerKinds } from "../lib/layers/table.js";
import { type Smallest, smallest } from "./helpers/layers.js";

const types = [...layerKinds.keys()];
const find = (type: string) => smallest[type] as Smallest;

/** Layers of a generator that starts from 32 numbers. */
const make =
  (...layers: Layer[]) =>
  () =>
    resolveGenerator({ latent: { noise: 32 }, layers });

/** Layers of a discriminator of [3, 4, 4], with classes or without. */
const judge = (...layers: Layer[]) => conditional(0, ...layers);
const conditional =
  (classes: number, ...layers: Layer[]) =>
  () =>
    resolveDiscriminator({ image: [3, 4, 4], classes, layers });

/** What is thrown, or undefined. */
function refusal(call: () => unknown): Error | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

const whole = (min: number) => `a whole number of at least ${min}`;
const truth = "true or false";
const positive = "a finite number above 0";
const notNegative = "a finite number of at least 0";

/** Layer, option, a bad value, what is expected, and the value as it is shown. */
const badOptions: readonly [
  type: string,
  option: string,
  bad: unknown,
  what: string,
  shown: string,
][] = [
  ["adaptiveAvgPool2d", "outputSize", 0, whole(1), "0"],
  ["adaptiveAvgPool2d", "outputSize", [1, 2, 3], "an array of 2 whole numbers", "[1, 2, 3]"],
  ["avgPool2d", "kernelSize", undefined, whole(1), "undefined"],
  ["avgPool2d", "kernelSize", [2, 2, 2], "an array of 2 whole numbers", "[2, 2, 2]"],
  ["avgPool2d", "stride", 0, whole(1), "0"],
  ["avgPool2d", "padding", -1, whole(0), "-1"],
  ["avgPool2d", "padding", 2, "a whole number from 0 to 1", "2"],
  ["avgPool2d", "countIncludePad", 1, truth, "1"],
  ["batchNorm1d", "numFeatures", "8", whole(1), '"8"'],
  ["batchNorm1d", "eps", 0, positive, "0"],
  ["batchNorm1d", "momentum", 1.5, "a number in [0, 1]", "1.5"],
  ["batchNorm1d", "affine", "no", truth, '"no"'],
  ["batchNorm1d", "trackRunningStats", 0, truth, "0"],
  ["batchNorm2d", "numFeatures", [8], whole(1), "[8]"],
  ["batchNorm2d", "eps", Number.NaN, positive, "NaN"],
  ["batchNorm2d", "momentum", "0.1", "a number in [0, 1]", '"0.1"'],
  ["batchNorm2d", "affine", [], truth, "[]"],
  ["batchNorm2d", "trackRunningStats", "yes", truth, '"yes"'],
  ["conditionalBatchNorm2d", "numFeatures", 0, whole(1), "0"],
  ["conditionalBatchNorm2d", "numEmbeddings", 1, whole(2), "1"],
  ["conditionalBatchNorm2d", "eps", 0, positive, "0"],
  ["conditionalBatchNorm2d", "momentum", 2, "a number in [0, 1]", "2"],
  ["conv2d", "inChannels", 0, whole(1), "0"],
  ["conv2d", "outChannels", 0, whole(1), "0"],
  ["conv2d", "kernelSize", "3", whole(1), '"3"'],
  ["conv2d", "kernelSize", [3], "an array of 2 whole numbers", "[3]"],
  ["conv2d", "stride", [1, 0], whole(1), "0"],
  ["conv2d", "padding", "same", whole(0), '"same"'],
  ["conv2d", "dilation", 0.5, whole(1), "0.5"],
  ["conv2d", "groups", 0, whole(1), "0"],
  ["conv2d", "bias", 1, truth, "1"],
  ["convTranspose2d", "inChannels", "8", whole(1), '"8"'],
  ["convTranspose2d", "outChannels", undefined, whole(1), "undefined"],
  ["convTranspose2d", "kernelSize", -3, whole(1), "-3"],
  ["convTranspose2d", "stride", true, whole(1), "true"],
  ["convTranspose2d", "padding", [-1, 0], whole(0), "-1"],
  ["convTranspose2d", "outputPadding", 1, "a whole number from 0 to 0", "1"],
  ["convTranspose2d", "dilation", [1, 1, 1], "an array of 2 whole numbers", "[1, 1, 1]"],
  ["convTranspose2d", "groups", "2", whole(1), '"2"'],
  ["convTranspose2d", "bias", "true", truth, '"true"'],
  ["dropout", "p", 1, "a number in [0, 1)", "1"],
  ["dropout2d", "p", -0.5, "a number in [0, 1)", "-0.5"],
  ["elu", "alpha", -1, notNegative, "-1"],
  ["embedding", "numEmbeddings", 1, whole(2), "1"],
  ["embedding", "embeddingDim", 0, whole(1), "0"],
  ["embedding", "combine", "add", "one of concatenate, multiply", '"add"'],
  ["gaussianNoise", "std", -0.1, notNegative, "-0.1"],
  ["gelu", "approximate", "erf", "one of none, tanh", '"erf"'],
  ["groupNorm", "numGroups", 0, whole(1), "0"],
  ["groupNorm", "numChannels", "8", whole(1), '"8"'],
  ["groupNorm", "eps", -1, positive, "-1"],
  ["groupNorm", "affine", 1, truth, "1"],
  ["instanceNorm2d", "numFeatures", 2.5, whole(1), "2.5"],
  ["instanceNorm2d", "eps", "1e-5", positive, '"1e-5"'],
  ["instanceNorm2d", "affine", 0, truth, "0"],
  ["layerNorm", "normalizedShape", 8, "an array of whole numbers", "8"],
  ["layerNorm", "normalizedShape", [], "an array of whole numbers", "[]"],
  ["layerNorm", "eps", Infinity, positive, "Infinity"],
  ["layerNorm", "elementwiseAffine", 1, truth, "1"],
  ["layerNorm", "bias", "no", truth, '"no"'],
  ["leakyRelu", "negativeSlope", -1, notNegative, "-1"],
  ["linear", "inFeatures", "8", whole(1), '"8"'],
  ["linear", "outFeatures", 0, whole(1), "0"],
  ["linear", "bias", 1, truth, "1"],
  ["maxout", "inFeatures", 8.5, whole(1), "8.5"],
  ["maxout", "outFeatures", -4, whole(1), "-4"],
  ["maxout", "pieces", 1, whole(2), "1"],
  ["maxout", "bias", "true", truth, '"true"'],
  ["minibatchStdDev", "groupSize", 0, whole(1), "0"],
  ["pixelNorm", "eps", 0, positive, "0"],
  ["projection", "inFeatures", -8, whole(1), "-8"],
  ["projection", "numEmbeddings", "3", whole(2), '"3"'],
  ["selfAttention2d", "channels", "8", whole(1), '"8"'],
  ["selfAttention2d", "reduction", 0, whole(1), "0"],
  ["softplus", "beta", 0, positive, "0"],
  ["softplus", "threshold", -1, notNegative, "-1"],
  ["spectralNorm", "nPowerIterations", 0, whole(1), "0"],
  ["spectralNorm", "eps", 0, positive, "0"],
  ["unflatten", "shape", 8, "an array of whole numbers", "8"],
  ["upsample", "scaleFactor", 1.5, whole(2), "1.5"],
  ["upsample", "mode", "bicubic", "one of nearest, bilinear", '"bicubic"'],
  ["upsample", "alignCorners", 1, truth, "1"],
  ["maxPool2d", "kernelSize", undefined, whole(1), "undefined"],
  ["maxPool2d", "stride", 0, whole(1), "0"],
  ["maxPool2d", "stride", 2 ** 31, "a whole number from 1 to 2147483647", "2147483648"],
  ["maxPool2d", "padding", 2, "a whole number from 0 to 1", "2"],
  ["pixelShuffle", "upscaleFactor", 0, whole(1), "0"],
  ["pixelUnshuffle", "downscaleFactor", 1.5, whole(1), "1.5"],
  ["prelu", "numParameters", 0, whole(1), "0"],
  ["prelu", "init", "0.25", "a number", '"0.25"'],
  ["reflectionPad2d", "padding", -1, whole(0), "-1"],
  ["replicationPad2d", "padding", [1, 2], "an array of 4 whole numbers", "[1, 2]"],
  ["zeroPad2d", "padding", undefined, whole(0), "undefined"],
];

describe("an option of a layer", () => {
  it.each(badOptions)("is refused: %s with %s %j", (type, option, bad, what, shown) => {
    const { layer, resolve } = find(type);
    const { path } = resolve(layer);
    const error = refusal(() => resolve({ ...layer, [option]: bad } as Layer));
    expect(error?.message).toBe(
      `Expected ${what} for ${option} of ${path} (${type}) but received ${shown}`,
    );
    expect(error).not.toBeInstanceOf(SparringError);
  });

  it.each<[string, Layer, string]>([
    [
      "a side of 0 to unflatten to",
      l.unflatten([4, 0]),
      "Expected a whole number of at least 1 for shape[1] of 0 (unflatten) but received 0",
    ],
    [
      "half a side to normalise over",
      l.layerNorm({ normalizedShape: [8.5] }),
      "Expected a whole number of at least 1 for normalizedShape[0] of 0 (layerNorm) but received 8.5",
    ],
  ])("is refused: %s", (_, layer, sentence) => {
    expect(refusal(make(layer))?.message).toBe(sentence);
  });

  it.each([
    ["maxPool2d", () => l.maxPool2d(3, 2 as never), "2"],
    ["prelu", () => l.prelu(8 as never), "8"],
    ["zeroPad2d", () => (l.zeroPad2d as (...sides: number[]) => Layer)(1, 0, 1, 0), "0"],
    ["conv2d", () => l.conv2d(64, 3, 2 as never), "2"],
    ["linear", () => l.linear(4, null as never), "null"],
  ])("is refused in the order of PyTorch's arguments: %s", (type, call, received) => {
    expect(refusal(call)?.message).toBe(
      `Expected an object of options for the last argument of ${type}() but received ${received}`,
    );
  });

  it("has a bad value above, whatever option it is", () => {
    const tried = new Set(badOptions.map(([type, option]) => `${type}.${option}`));
    const all = [...layerKinds].flatMap(([type, { options }]) =>
      options.filter((option) => option !== "layers").map((option) => `${type}.${option}`),
    );
    expect([...tried].sort()).toEqual(all.sort());
  });

  it.each(types)("is refused if %s does not know it", (type) => {
    const { layer, resolve } = find(type);
    const known = ["type", "name", ...(layerKinds.get(type)?.options ?? [])].join(", ");
    const error = refusal(() => resolve({ ...layer, size: 3 }));
    expect(error).toBeInstanceOf(TypeError);
    expect(error?.message).toBe(
      `Expected only the options ${known} for ${resolve(layer).path} (${type}) but received "size"`,
    );
  });
});

const flat = l.flatten();
const image = l.unflatten([8, 2, 2]);
const needsImage = "an input of [channels, height, width]";
const needsFeatures = "an input of [features]";
const unflat = "; put unflatten([...]) before it";
const flatten = "; put flatten() before it";

/** The type that refuses, the layers, and its sentence from "Expected" on. */
const misfits: readonly [type: string, () => unknown, sentence: string][] = [
  ...[
    l.adaptiveAvgPool2d(1),
    l.dropout2d(),
    l.globalSumPool2d(),
    l.maxPool2d(2),
    l.pixelShuffle(2),
    l.pixelUnshuffle(2),
    l.reflectionPad2d(1),
    l.replicationPad2d(1),
    l.zeroPad2d(1),
  ].map((layer): (typeof misfits)[number] => [
    layer.type,
    make(layer),
    `${needsImage} for 0 (${layer.type}) but received an input of [32]`,
  ]),
  [
    "maxPool2d",
    make(image, l.maxPool2d(3)),
    "height and width of at least 3 x 3 after padding 0 x 0 for 1 (maxPool2d) but received an input of [8, 2, 2]",
  ],
  [
    "pixelShuffle",
    make(image, l.pixelShuffle(3)),
    "channels that are a multiple of 9 (upscaleFactor²) for 1 (pixelShuffle) but received an input of [8, 2, 2]",
  ],
  [
    "pixelUnshuffle",
    make(image, l.pixelUnshuffle(4)),
    "height and width that are multiples of 4 (downscaleFactor) for 1 (pixelUnshuffle) but received an input of [8, 2, 2]",
  ],
  [
    "prelu",
    make(image, l.prelu({ numParameters: 2 })),
    "an input of 2 channels or features (numParameters) for 1 (prelu) but received an input of [8, 2, 2]",
  ],
  ["prelu", make(l.prelu({ init: 1e39 })), "a finite init for 0 (prelu) but received 1e+39"],
  [
    "reflectionPad2d",
    make(image, l.reflectionPad2d([1, 1, 0, 2])),
    "height above 2 and width above 1, which are mirrored, for 1 (reflectionPad2d) but received an input of [8, 2, 2]",
  ],
  [
    "avgPool2d",
    make(l.avgPool2d(2)),
    `${needsImage} for 0 (avgPool2d) but received an input of [32]`,
  ],
  [
    "avgPool2d",
    make(image, l.avgPool2d([2, 3])),
    "height and width of at least 2 x 3 after padding 0 x 0 for 1 (avgPool2d) but received an input of [8, 2, 2]",
  ],
  [
    "batchNorm1d",
    make(image, l.batchNorm1d()),
    "an input of [features] for 1 (batchNorm1d) but received an input of [8, 2, 2]",
  ],
  [
    "batchNorm1d",
    make({ ...l.batchNorm1d(), numFeatures: 30 }),
    "an input of [30] for 0 (batchNorm1d) but received an input of [32]",
  ],
  [
    "batchNorm2d",
    make(l.sequential("body", [l.linear(8), l.batchNorm2d()])),
    `${needsImage} for body.1 (batchNorm2d) but received an input of [8]`,
  ],
  [
    "batchNorm2d",
    make(image, { ...l.batchNorm2d(), numFeatures: 4 }),
    "an input of [4, height, width] for 1 (batchNorm2d) but received an input of [8, 2, 2]",
  ],
  [
    "conditionalBatchNorm2d",
    conditional(3, flat, l.conditionalBatchNorm2d(), l.linear(1)),
    `${needsImage} for 1 (conditionalBatchNorm2d) but received an input of [48]`,
  ],
  [
    "conditionalBatchNorm2d",
    conditional(3, { ...l.conditionalBatchNorm2d(), numFeatures: 4 }, flat, l.linear(1)),
    "an input of [4, height, width] for 0 (conditionalBatchNorm2d) but received an input of [3, 4, 4]",
  ],
  [
    "conv2d",
    make(l.conv2d(4, 3)),
    `${needsImage} for 0 (conv2d) but received an input of [32]${unflat}`,
  ],
  [
    "conv2d",
    make(image, l.conv2d(4, 2, { dilation: 2, padding: [1, 0] })),
    "height and width of at least 3 x 3 after padding 1 x 0 for 1 (conv2d) but received an input of [8, 2, 2]",
  ],
  [
    "conv2d",
    make(image, { ...l.conv2d(4, 1), inChannels: 3 }),
    "an input of [3, height, width] for 1 (conv2d) but received an input of [8, 2, 2]",
  ],
  [
    "conv2d",
    make(image, l.conv2d(6, 1, { groups: 3 })),
    "channels that are a multiple of groups 3 for 1 (conv2d) but received an input of [8, 2, 2]",
  ],
  [
    "conv2d",
    make(image, l.conv2d(6, 1, { groups: 4, name: "narrow" })),
    "outChannels that are a multiple of groups 4 for narrow (conv2d) but received 6",
  ],
  [
    "convTranspose2d",
    make(l.convTranspose2d(4, 3)),
    `${needsImage} for 0 (convTranspose2d) but received an input of [32]${unflat}`,
  ],
  [
    "convTranspose2d",
    make(image, l.convTranspose2d(4, 1, { padding: [0, 1] })),
    "an output of at least 1 x 1 (padding 0 x 1 leaves 2 x 0) for 1 (convTranspose2d) but received an input of [8, 2, 2]",
  ],
  [
    "embedding",
    conditional(3, l.embedding(4, { combine: "multiply" }), flat, l.projection()),
    "an input of [4, height, width] (to multiply) for 0 (embedding) but received an input of [3, 4, 4]",
  ],
  [
    "embedding",
    conditional(3, flat, l.embedding(3, { combine: "multiply" }), l.linear(1)),
    "an input of [3] (to multiply) for 1 (embedding) but received an input of [48]",
  ],
  [
    "embedding",
    conditional(3, flat, l.unflatten([6, 8]), l.embedding(3), flat, l.linear(1)),
    "an input of [features] or [channels, height, width] for 2 (embedding) but received an input of [6, 8]",
  ],
  [
    "groupNorm",
    make(l.sequential("body", [l.sequential("deep", [l.groupNorm(5)])])),
    "channels that are a multiple of numGroups 5 for body.deep.0 (groupNorm) but received an input of [32]",
  ],
  [
    "groupNorm",
    make(l.groupNorm(32)),
    "more than one number in each of 32 groups for 0 (groupNorm) but received an input of [32]",
  ],
  [
    "groupNorm",
    make(l.unflatten([4, 8]), { ...l.groupNorm(2), numChannels: 8 }),
    "an input of [8, 8] for 1 (groupNorm) but received an input of [4, 8]",
  ],
  [
    "heads",
    judge(flat, l.heads({ score: [l.linear(2)] })),
    "1.score to end in [1] (a score) for 1 (heads) but received [2]",
  ],
  [
    "heads",
    judge(l.heads({ score: [flat, l.linear(1)], classes: [l.conv2d(3, 1)] }, { name: "ends" })),
    "ends.classes to end in [classes] for ends (heads) but received [3, 4, 4]",
  ],
  [
    "heads",
    judge(l.heads({ score: [flat, l.linear(1)], codes: [l.linear(2)] })),
    `${needsFeatures} for 0.codes.0 (linear) but received an input of [3, 4, 4]${flatten}`,
  ],
  [
    "instanceNorm2d",
    make(l.instanceNorm2d()),
    `${needsImage} for 0 (instanceNorm2d) but received an input of [32]`,
  ],
  [
    "instanceNorm2d",
    make(l.unflatten([32, 1, 1]), l.instanceNorm2d()),
    "an input of more than one pixel for 1 (instanceNorm2d) but received an input of [32, 1, 1]",
  ],
  [
    "layerNorm",
    make(image, l.layerNorm({ normalizedShape: [8, 2] })),
    "an input that ends in [8, 2] for 1 (layerNorm) but received an input of [8, 2, 2]",
  ],
  [
    "layerNorm",
    make(l.layerNorm({ normalizedShape: [1, 32] })),
    "an input that ends in [1, 32] for 0 (layerNorm) but received an input of [32]",
  ],
  [
    "linear",
    judge(l.linear(1)),
    `${needsFeatures} for 0 (linear) but received an input of [3, 4, 4]${flatten}`,
  ],
  [
    "linear",
    make({ ...l.linear(2), inFeatures: 5 }),
    "an input of [5] for 0 (linear) but received an input of [32]",
  ],
  [
    "maxout",
    make(image, l.sequential("body", [l.maxout(2, 2)])),
    `${needsFeatures} for body.0 (maxout) but received an input of [8, 2, 2]${flatten}`,
  ],
  [
    "minibatchStdDev",
    make(l.minibatchStdDev()),
    `${needsImage} for 0 (minibatchStdDev) but received an input of [32]`,
  ],
  [
    "projection",
    conditional(3, l.projection()),
    `${needsFeatures} for 0 (projection) but received an input of [3, 4, 4]${flatten}`,
  ],
  [
    "residual",
    make(image, l.residual([l.conv2d(5, 1)])),
    "two branches that end in one shape for 1 (residual) but received main [5, 2, 2] and its input [8, 2, 2]; give it a skip that ends in [5, 2, 2]",
  ],
  [
    "residual",
    make(image, l.residual([l.conv2d(5, 1)], [l.conv2d(4, 1)], { name: "block" })),
    "two branches that end in one shape for block (residual) but received main [5, 2, 2] and skip [4, 2, 2]",
  ],
  [
    "residual",
    make(image, l.residual([l.relu()], [l.residual([l.relu(), l.conv2d(5, 3)])])),
    "height and width of at least 3 x 3 after padding 0 x 0 for 1.skip.0.main.1 (conv2d) but received an input of [8, 2, 2]",
  ],
  [
    "selfAttention2d",
    make(l.selfAttention2d()),
    `${needsImage} for 0 (selfAttention2d) but received an input of [32]`,
  ],
  [
    "selfAttention2d",
    make(image, l.conv2d(12, 1), l.selfAttention2d()),
    "channels that are a multiple of reduction 8 for 2 (selfAttention2d) but received an input of [12, 2, 2]",
  ],
  [
    "selfAttention2d",
    make(image, { ...l.selfAttention2d(), channels: 16 }),
    "an input of [16, height, width] for 1 (selfAttention2d) but received an input of [8, 2, 2]",
  ],
  [
    "sequential",
    make(l.sequential("a", [image, l.sequential("b", [l.relu(), l.linear(4)])])),
    `${needsFeatures} for a.b.1 (linear) but received an input of [8, 2, 2]${flatten}`,
  ],
  [
    "spectralNorm",
    make(image, l.spectralNorm(l.conv2d(2, 5))),
    "height and width of at least 5 x 5 after padding 0 x 0 for 1 (conv2d) but received an input of [8, 2, 2]",
  ],
  [
    "spectralNorm",
    make(image, l.residual([l.spectralNorm(l.linear(8, { name: "sn" }))])),
    `${needsFeatures} for 1.main.sn (linear) but received an input of [8, 2, 2]${flatten}`,
  ],
  [
    "unflatten",
    make(l.linear(7), l.unflatten([2, 2, 2])),
    "an input of [8] (to make [2, 2, 2]) for 1 (unflatten) but received an input of [7]",
  ],
  [
    "unflatten",
    make(image, l.unflatten([4, 8])),
    "an input of [32] (to make [4, 8]) for 1 (unflatten) but received an input of [8, 2, 2]",
  ],
  ["upsample", make(l.upsample(2)), `${needsImage} for 0 (upsample) but received an input of [32]`],
];

const anyShape = [
  "dropout",
  "elu",
  "flatten",
  "gaussianNoise",
  "gelu",
  "leakyRelu",
  "mish",
  "pixelNorm",
  "relu",
  "selu",
  "sigmoid",
  "silu",
  "softplus",
  "tanh",
];

describe("an input that does not fit", () => {
  it.each(misfits)("is refused by %s", (_, call, sentence) => {
    const error = refusal(call);
    expect(error).toMatchObject({ code: "ERR_ARCHITECTURE", message: `Expected ${sentence}` });
  });

  it("is tried above on every layer that does not take any shape", () => {
    const tried = new Set(misfits.map(([type]) => type));
    expect([...tried, ...anyShape].sort()).toEqual(types);
  });

  it.each(anyShape)("does not exist for %s", (type) => {
    const { layer } = find(type);
    for (const shape of [[32], [4, 8], [8, 2, 2], [2, 2, 2, 4]])
      expect(make(l.unflatten(shape), layer)().output).toEqual(type === "flatten" ? [32] : shape);
  });
});

describe("a layer in a place of its kind", () => {
  const ofOwn = "a place as the last of a discriminator's own layers";
  const head = () => l.heads({ score: [l.linear(1)] });

  it.each<[string, () => unknown, string]>([
    [
      "labels for a generator without",
      make(l.embedding(4)),
      'a latent with classes and labels "embedded" for 0 (embedding) but received one without',
    ],
    [
      "normalisation by labels for a generator without",
      make(image, l.residual([l.conditionalBatchNorm2d()])),
      'a latent with classes and labels "embedded" for 1.main.0 (conditionalBatchNorm2d) but received one without',
    ],
    [
      "a projection in a generator",
      make(l.projection()),
      'a latent with classes and labels "embedded" for 0 (projection) but received one without',
    ],
    [
      "labels for a discriminator without",
      judge(flat, l.projection()),
      "a discriminator with classes for 1 (projection) but received one without",
    ],
    [
      "labels inside another layer, for a generator without",
      make(l.residual([l.sequential("a", [l.embedding(4, { combine: "multiply" })])])),
      'a latent with classes and labels "embedded" for 0.main.a.0 (embedding) but received one without',
    ],
    [
      "labels of other classes",
      conditional(3, flat, { ...l.projection(), numEmbeddings: 4 }),
      "labels of 4 classes for 1 (projection) but received 3 classes",
    ],
    [
      "heads in a generator",
      make(head()),
      `${ofOwn} for 0 (heads) but received one in a generator`,
    ],
    [
      "heads before the end",
      judge(flat, head(), l.linear(1)),
      `${ofOwn} for 1 (heads) but received one before others`,
    ],
    [
      "heads inside another layer",
      judge(flat, l.sequential("a", [head()])),
      `${ofOwn} for a.0 (heads) but received one inside another layer`,
    ],
    [
      "corners between pixels that are repeated",
      make(image, l.upsample(2, { alignCorners: true })),
      'mode "bilinear" where alignCorners is true for 1 (upsample) but received "nearest"',
    ],
  ])("is refused: %s", (_, call, sentence) => {
    expect(refusal(call)).toMatchObject({
      code: "ERR_ARCHITECTURE",
      message: `Expected ${sentence}`,
    });
  });
});

describe("layers inside a layer", () => {
  const none = "a non-empty array of layers";
  const branches = (names: string, first: string) =>
    `sequentials named ${names}, of which only ${first} must be there,`;
  const main = l.sequential("main", [l.relu()]);
  const skip = l.sequential("skip", [l.relu()]);
  const raw = (type: string, layers?: unknown) => ({ type, layers }) as Layer;

  it.each<[string, () => unknown, string]>([
    [
      "no sequence",
      make(l.sequential("a", "relu" as never)),
      `${none} for layers of a but received "relu"`,
    ],
    ["an empty sequence", make(l.sequential("a", [])), `${none} for layers of a but received []`],
    [
      "no main branch",
      make(l.residual(undefined as never)),
      `${none} for layers of 0.main but received undefined`,
    ],
    [
      "a skip that is none",
      make(l.residual([l.relu()], null as never)),
      `${none} for layers of 0.skip but received null`,
    ],
    [
      "no branches",
      make(raw("residual")),
      `${branches("main, skip", "main")} for layers of 0 (residual) but received undefined`,
    ],
    [
      "a skip alone",
      make(raw("residual", [skip])),
      `${branches("main, skip", "main")} for layers of 0 (residual) but received [{ type: "sequential", name: "skip", layers: [...] }]`,
    ],
    [
      "branches the other way round",
      make(raw("residual", [skip, main])),
      `${branches("main, skip", "main")} for layers of 0 (residual) but received [{ type: "sequential", name: "skip", layers: [...] }, { type: "sequential", name: "main", layers: [...] }]`,
    ],
    [
      "a branch that is no sequential",
      make(raw("residual", [main, l.relu()])),
      `${branches("main, skip", "main")} for layers of 0 (residual) but received [{ type: "sequential", name: "main", layers: [...] }, { type: "relu" }]`,
    ],
    [
      "no heads",
      () => l.heads(undefined as never),
      "an object { score, classes, codes } for heads but received undefined",
    ],
    [
      "a head of another name",
      () => l.heads({ score: [], labels: [] } as never),
      'only the options score, classes, codes for heads but received "labels"',
    ],
    [
      "heads without a score",
      judge(flat, l.heads({} as never)),
      `${none} for layers of 1.score but received undefined`,
    ],
    [
      "heads without layers",
      judge(flat, raw("heads", [])),
      `${branches("score, classes, codes", "score")} for layers of 1 (heads) but received []`,
    ],
    [
      "spectral normalisation of nothing",
      make(l.spectralNorm(undefined as never)),
      "one linear, conv2d or convTranspose2d for layers of 0 (spectralNorm) but received [undefined]",
    ],
    [
      "spectral normalisation of no weight",
      make(l.spectralNorm(l.relu())),
      'one linear, conv2d or convTranspose2d for layers of 0 (spectralNorm) but received "relu"',
    ],
    [
      "spectral normalisation of two layers",
      make(raw("spectralNorm", [l.linear(1), l.linear(1)])),
      'one linear, conv2d or convTranspose2d for layers of 0 (spectralNorm) but received [{ type: "linear", outFeatures: 1 }, { type: "linear", outFeatures: 1 }]',
    ],
    [
      "a layer of no type",
      make(l.residual([{ kind: "relu" } as never])),
      'a layer { type, ... } for layer 0.main.0 but received { kind: "relu" }',
    ],
  ])("are refused: %s", (_, call, sentence) => {
    const error = refusal(call);
    expect(error).toBeInstanceOf(TypeError);
    expect(error?.message).toBe(`Expected ${sentence}`);
  });

  it("are at most 100 levels deep, so that neither a long file nor a circle ends the stack", () => {
    const nested = (depth: number): Layer =>
      depth === 1 ? l.relu() : l.sequential("a", [nested(depth - 1)]);
    expect(make(nested(101))().output).toEqual([32]);
    const circle = { ...l.sequential("a", []), layers: [] as Layer[] };
    circle.layers.push(circle);
    for (const layer of [nested(102), nested(5_000), circle])
      expect(refusal(make(layer))).toMatchObject({
        code: "ERR_ARCHITECTURE",
        message: "Expected at most 100 levels of layers for architecture.layers but received more",
      });
  });
});

describe("a layer as data", () => {
  it.each(types)("%s comes back from JSON", (type) => {
    const { layer, resolve } = find(type);
    expect(resolve(JSON.parse(JSON.stringify(layer)))).toEqual(resolve(layer));
  });

  it.each(types)("%s, completed, is the same layer", (type) => {
    const { layer, resolve } = find(type);
    const resolved = resolve(layer);
    expect(resolve({ ...layer, ...resolved.options })).toEqual(resolved);
    const own = (layerKinds.get(type)?.options ?? []).filter((option) => option !== "layers");
    expect(Object.keys(resolved.options).sort()).toEqual([...own].sort());
  });
});
