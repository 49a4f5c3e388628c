// The table of layers: a new one costs its file, a row here, and a row in native/core/nn/layers.cc.
import { activationKind, leakyReluKind } from "./activation.js";
import { conv2dKind } from "./convolution.js";
import type { LayerKind } from "./kind.js";
import { linearKind } from "./linear.js";
import { batchNorm1dKind, batchNorm2dKind } from "./normalization.js";
import { upsampleKind } from "./resampling.js";
import { flattenKind, unflattenKind } from "./shape.js";

export const layerKinds: ReadonlyMap<string, LayerKind> = new Map([
  ["batchNorm1d", batchNorm1dKind],
  ["batchNorm2d", batchNorm2dKind],
  ["conv2d", conv2dKind],
  ["flatten", flattenKind],
  ["leakyRelu", leakyReluKind],
  ["linear", linearKind],
  ["relu", activationKind],
  ["sigmoid", activationKind],
  ["tanh", activationKind],
  ["unflatten", unflattenKind],
  ["upsample", upsampleKind],
]);
