// The table of layers: a new one costs its file, a row here, and a row in native/core/nn/layers.cc.
import {
  eluKind,
  geluKind,
  leakyReluKind,
  reluKind,
  sigmoidKind,
  siluKind,
  softplusKind,
  tanhKind,
} from "./activation.js";
import { selfAttention2dKind } from "./attention.js";
import { batchNorm1dKind, batchNorm2dKind } from "./batch-norm.js";
import { headsKind, residualKind } from "./branches.js";
import { conv2dKind, convTranspose2dKind } from "./convolution.js";
import { dropoutKind } from "./dropout.js";
import type { LayerKind } from "./kind.js";
import { embeddingKind, projectionKind } from "./labels.js";
import { linearKind } from "./linear.js";
import { maxoutKind } from "./maxout.js";
import { minibatchStdDevKind } from "./minibatch.js";
import {
  groupNormKind,
  instanceNorm2dKind,
  layerNormKind,
  pixelNormKind,
} from "./normalization.js";
import { avgPool2dKind, upsampleKind } from "./resampling.js";
import { sequentialKind } from "./sequential.js";
import { flattenKind, unflattenKind } from "./shape.js";
import { spectralNormKind } from "./spectral-norm.js";

export const layerKinds: ReadonlyMap<string, LayerKind> = new Map([
  ["avgPool2d", avgPool2dKind],
  ["batchNorm1d", batchNorm1dKind],
  ["batchNorm2d", batchNorm2dKind],
  ["conv2d", conv2dKind],
  ["convTranspose2d", convTranspose2dKind],
  ["dropout", dropoutKind],
  ["elu", eluKind],
  ["embedding", embeddingKind],
  ["flatten", flattenKind],
  ["gelu", geluKind],
  ["groupNorm", groupNormKind],
  ["heads", headsKind],
  ["instanceNorm2d", instanceNorm2dKind],
  ["layerNorm", layerNormKind],
  ["leakyRelu", leakyReluKind],
  ["linear", linearKind],
  ["maxout", maxoutKind],
  ["minibatchStdDev", minibatchStdDevKind],
  ["pixelNorm", pixelNormKind],
  ["projection", projectionKind],
  ["relu", reluKind],
  ["residual", residualKind],
  ["selfAttention2d", selfAttention2dKind],
  ["sequential", sequentialKind],
  ["sigmoid", sigmoidKind],
  ["silu", siluKind],
  ["softplus", softplusKind],
  ["spectralNorm", spectralNormKind],
  ["tanh", tanhKind],
  ["unflatten", unflattenKind],
  ["upsample", upsampleKind],
]);
