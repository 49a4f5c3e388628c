// The shapes that every layer takes, and those that it refuses.
import { describe, expect, it } from "vitest";
import { layers as l } from "../../lib/index.js";
import { conditional, find, judge, make, refusal, types } from "../helpers/layers.js";
import { type Misfit, needsImage, styledMisfits } from "../helpers/misfits-styled.js";

const flat = l.flatten();
const image = l.unflatten([8, 2, 2]);
const needsFeatures = "an input of [features]";
const unflat = "; put unflatten([...]) before it";
const flatten = "; put flatten() before it";

const misfits: readonly Misfit[] = [
  ...styledMisfits,
  ...[
    l.adaptiveAvgPool2d(1),
    l.blur(),
    l.dropout2d(),
    l.globalSumPool2d(),
    l.maxPool2d(2),
    l.noiseInjection(),
    l.pixelShuffle(2),
    l.pixelUnshuffle(2),
    l.reflectionPad2d(1),
    l.replicationPad2d(1),
    l.zeroPad2d(1),
  ].map(
    (layer): Misfit => [
      layer.type,
      make(layer),
      `${needsImage} for 0 (${layer.type}) but received an input of [32]`,
    ],
  ),
  [
    "blur",
    make(image, l.blur({ padding: [1, 0, 1, 1] })),
    "height and width of at least 4 x 4 with its padding (4 x 3) for 1 (blur) but received an input of [8, 2, 2]",
  ],
  [
    "equalized",
    make(image, l.equalized(l.conv2d(2, 5))),
    "height and width of at least 5 x 5 after padding 0 x 0 for 1 (conv2d) but received an input of [8, 2, 2]",
  ],
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
    "minibatchDiscrimination",
    make(image, l.minibatchDiscrimination(4)),
    `${needsFeatures} for 1 (minibatchDiscrimination) but received an input of [8, 2, 2]${flatten}`,
  ],
  [
    "minibatchDiscrimination",
    make({ ...l.minibatchDiscrimination(4), inFeatures: 5 }),
    "an input of [5] for 0 (minibatchDiscrimination) but received an input of [32]",
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
    "reconstructionError",
    make(image, l.reconstructionError([l.conv2d(5, 1)], { name: "energy" })),
    "layers that end in the shape of their input for energy (reconstructionError) but received [5, 2, 2] of [8, 2, 2]",
  ],
  [
    "reconstructionError",
    judge(l.reconstructionError([flat, l.linear(48)])),
    "layers that end in the shape of their input for 0 (reconstructionError) but received [48] of [3, 4, 4]",
  ],
  [
    "reconstructionError",
    make(image, l.reconstructionError([l.relu(), l.linear(2)])),
    `${needsFeatures} for 1.autoencoder.1 (linear) but received an input of [8, 2, 2]${flatten}`,
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

  it("is not a row or a column of pixels for instanceNorm2d, which need more than one", () => {
    for (const shape of [
      [4, 1, 8],
      [4, 8, 1],
    ])
      expect(make(l.unflatten(shape), l.instanceNorm2d())().output).toEqual(shape);
  });

  it.each(anyShape)("does not exist for %s", (type) => {
    const { layer } = find(type);
    for (const shape of [[32], [4, 8], [8, 2, 2], [2, 2, 2, 4]])
      expect(make(l.unflatten(shape), layer)().output).toEqual(type === "flatten" ? [32] : shape);
  });
});
