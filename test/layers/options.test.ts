// What every layer refuses as an option, and that it is the same layer as data and completed.
import { describe, expect, it } from "vitest";
import { type Layer, layers as l, SparringError } from "../../lib/index.js";
import { layerKinds } from "../../lib/layers/table.js";
import { find, make, refusal, types } from "../helpers/layers.js";

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
  ["blur", "stride", 0, whole(1), "0"],
  ["blur", "padding", [1, 1], "an array of 4 whole numbers", "[1, 1]"],
  ["blur", "padding", -1, whole(0), "-1"],
  ["conditionalBatchNorm2d", "numFeatures", 0, whole(1), "0"],
  ["conditionalBatchNorm2d", "numEmbeddings", 1, whole(2), "1"],
  ["conditionalBatchNorm2d", "eps", 0, positive, "0"],
  ["conditionalBatchNorm2d", "momentum", 2, "a number in [0, 1]", "2"],
  ["constant", "shape", 8, "an array of whole numbers", "8"],
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
  ["equalized", "gain", 0, positive, "0"],
  ["equalized", "lrMultiplier", "0.01", positive, '"0.01"'],
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
  ["reconstructionError", "loss", "huber", "one of mse, l1", '"huber"'],
  ["maxout", "inFeatures", 8.5, whole(1), "8.5"],
  ["maxout", "outFeatures", -4, whole(1), "-4"],
  ["maxout", "pieces", 1, whole(2), "1"],
  ["maxout", "bias", "true", truth, '"true"'],
  ["minibatchDiscrimination", "inFeatures", "8", whole(1), '"8"'],
  ["minibatchDiscrimination", "outFeatures", 0, whole(1), "0"],
  ["minibatchDiscrimination", "kernelDims", 2.5, whole(1), "2.5"],
  ["minibatchStdDev", "groupSize", 0, whole(1), "0"],
  ["modulatedConv2d", "styleFeatures", 0, whole(1), "0"],
  ["modulatedConv2d", "inChannels", "8", whole(1), '"8"'],
  ["modulatedConv2d", "outChannels", 0, whole(1), "0"],
  ["modulatedConv2d", "kernelSize", [3, 3], whole(1), "[3, 3]"],
  ["modulatedConv2d", "kernelSize", 2, "an odd number", "2"],
  ["modulatedConv2d", "upsample", 2, truth, "2"],
  ["modulatedConv2d", "demodulate", 0, truth, "0"],
  ["modulatedConv2d", "gain", -1, positive, "-1"],
  ["modulatedConv2d", "bias", "no", truth, '"no"'],
  ["noiseInjection", "imageSize", [2], "an array of 2 whole numbers", "[2]"],
  ["pixelNorm", "eps", 0, positive, "0"],
  ["projection", "inFeatures", -8, whole(1), "-8"],
  ["projection", "numEmbeddings", "3", whole(2), '"3"'],
  ["selfAttention2d", "channels", "8", whole(1), '"8"'],
  ["selfAttention2d", "reduction", 0, whole(1), "0"],
  ["softplus", "beta", 0, positive, "0"],
  ["softplus", "threshold", -1, notNegative, "-1"],
  ["spectralNorm", "nPowerIterations", 0, whole(1), "0"],
  ["spectralNorm", "eps", 0, positive, "0"],
  ["styled", "styleFeatures", 0, whole(1), "0"],
  ["styled", "averageDecay", 1.5, "a number in [0, 1]", "1.5"],
  ["styled", "mixing", 2, "a number in [0, 1]", "2"],
  ["styled", "noiseFeatures", -1, whole(0), "-1"],
  ["styled", "distribution", "flat", "one of normal, uniform", '"flat"'],
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
    ["modulatedConv2d", () => l.modulatedConv2d(64, 3, true as never), "true"],
    ["linear", () => l.linear(4, null as never), "null"],
  ])("is refused in the order of PyTorch's arguments: %s", (type, call, received) => {
    expect(refusal(call)?.message).toBe(
      `Expected an object of options for the last argument of ${type}() but received ${received}; what comes in is left out, and options have names`,
    );
  });

  it.each<[option: string, call: () => unknown, sentence: string]>([
    [
      "kernelSize",
      () => l.conv2d(8, 3, { kernelSize: 5 } as never),
      "Expected no kernelSize, which the layer has already, for the last argument of conv2d() but received { kernelSize: 5 }",
    ],
    [
      "type",
      () => l.linear(4, { bias: false, type: "relu" } as never),
      'Expected no type, which the layer has already, for the last argument of linear() but received { bias: false, type: "relu" }',
    ],
  ])("is refused in the place of an argument: %s", (_, call, sentence) => {
    expect(call).toThrow(new TypeError(sentence));
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
