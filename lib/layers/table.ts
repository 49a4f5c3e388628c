// The table of layers: a new one costs its file, a row here, and a row in native/core/nn/layers.cc.
import {
  eluKind,
  geluKind,
  leakyReluKind,
  mishKind,
  reluKind,
  seluKind,
  sigmoidKind,
  siluKind,
  softplusKind,
  tanhKind,
} from "./activation.js";
import { selfAttention2dKind } from "./attention.js";
import { batchNorm1dKind, batchNorm2dKind } from "./batch-norm.js";
import { blurKind } from "./blur.js";
import { headsKind, residualKind } from "./branches.js";
import { conditionalBatchNorm2dKind } from "./conditional-batch-norm.js";
import { constantKind } from "./constant.js";
import { conv2dKind, convTranspose2dKind } from "./convolution.js";
import { dropout2dKind, dropoutKind } from "./dropout.js";
import { equalizedKind } from "./equalized.js";
import type { LayerKind } from "./kind.js";
import { embeddingKind, projectionKind } from "./labels.js";
import { linearKind } from "./linear.js";
import { maxoutKind } from "./maxout.js";
import { minibatchDiscriminationKind } from "./minibatch-discrimination.js";
import { minibatchStdDevKind } from "./minibatch-std-dev.js";
import { modulatedConv2dKind } from "./modulated-conv.js";
import { gaussianNoiseKind, noiseInjectionKind } from "./noise.js";
import {
  groupNormKind,
  instanceNorm2dKind,
  layerNormKind,
  pixelNormKind,
} from "./normalization.js";
import { reflectionPad2dKind, replicationPad2dKind, zeroPad2dKind } from "./padding.js";
import { pixelShuffleKind, pixelUnshuffleKind } from "./pixel-shuffle.js";
import {
  adaptiveAvgPool2dKind,
  avgPool2dKind,
  globalSumPool2dKind,
  maxPool2dKind,
} from "./pooling.js";
import { preluKind } from "./prelu.js";
import { reconstructionErrorKind } from "./reconstruction-error.js";
import { upsampleKind } from "./resampling.js";
import { sequentialKind } from "./sequential.js";
import { flattenKind, unflattenKind } from "./shape.js";
import { spectralNormKind } from "./spectral-norm.js";
import { styledKind } from "./styled.js";

export const layerKinds: ReadonlyMap<string, LayerKind> = new Map([
  ["adaptiveAvgPool2d", adaptiveAvgPool2dKind],
  ["avgPool2d", avgPool2dKind],
  ["batchNorm1d", batchNorm1dKind],
  ["batchNorm2d", batchNorm2dKind],
  ["blur", blurKind],
  ["conditionalBatchNorm2d", conditionalBatchNorm2dKind],
  ["constant", constantKind],
  ["conv2d", conv2dKind],
  ["convTranspose2d", convTranspose2dKind],
  ["dropout", dropoutKind],
  ["dropout2d", dropout2dKind],
  ["elu", eluKind],
  ["embedding", embeddingKind],
  ["equalized", equalizedKind],
  ["flatten", flattenKind],
  ["gaussianNoise", gaussianNoiseKind],
  ["gelu", geluKind],
  ["globalSumPool2d", globalSumPool2dKind],
  ["groupNorm", groupNormKind],
  ["heads", headsKind],
  ["instanceNorm2d", instanceNorm2dKind],
  ["layerNorm", layerNormKind],
  ["leakyRelu", leakyReluKind],
  ["linear", linearKind],
  ["maxPool2d", maxPool2dKind],
  ["maxout", maxoutKind],
  ["minibatchDiscrimination", minibatchDiscriminationKind],
  ["minibatchStdDev", minibatchStdDevKind],
  ["mish", mishKind],
  ["modulatedConv2d", modulatedConv2dKind],
  ["noiseInjection", noiseInjectionKind],
  ["pixelNorm", pixelNormKind],
  ["pixelShuffle", pixelShuffleKind],
  ["pixelUnshuffle", pixelUnshuffleKind],
  ["prelu", preluKind],
  ["projection", projectionKind],
  ["reconstructionError", reconstructionErrorKind],
  ["reflectionPad2d", reflectionPad2dKind],
  ["relu", reluKind],
  ["replicationPad2d", replicationPad2dKind],
  ["residual", residualKind],
  ["selfAttention2d", selfAttention2dKind],
  ["selu", seluKind],
  ["sequential", sequentialKind],
  ["sigmoid", sigmoidKind],
  ["silu", siluKind],
  ["softplus", softplusKind],
  ["spectralNorm", spectralNormKind],
  ["styled", styledKind],
  ["tanh", tanhKind],
  ["unflatten", unflattenKind],
  ["upsample", upsampleKind],
  ["zeroPad2d", zeroPad2dKind],
]);
