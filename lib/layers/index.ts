/**
 * Every layer there is, as data. Names, options and defaults are torch.nn's; sizes of inputs are
 * inferred. An option of the wrong kind or out of its range is refused when the network is made,
 * with the layer's place in it.
 *
 * @module
 */
export {
  elu,
  gelu,
  leakyRelu,
  mish,
  relu,
  selu,
  sigmoid,
  silu,
  softplus,
  tanh,
} from "./activation.js";
export { selfAttention2d } from "./attention.js";
export { type BatchNormOptions, batchNorm1d, batchNorm2d } from "./batch-norm.js";
export { type BlurOptions, blur } from "./blur.js";
export { type Heads, heads, residual } from "./branches.js";
export {
  type ConditionalBatchNormOptions,
  conditionalBatchNorm2d,
} from "./conditional-batch-norm.js";
export { constant } from "./constant.js";
export {
  type Conv2dOptions,
  type ConvTranspose2dOptions,
  conv2d,
  convTranspose2d,
} from "./convolution.js";
export { dropout, dropout2d } from "./dropout.js";
export { equalized } from "./equalized.js";
export { type EmbeddingOptions, embedding, projection } from "./labels.js";
export type { OptionValue } from "./layer.js";
export { linear } from "./linear.js";
export { maxout } from "./maxout.js";
export { minibatchDiscrimination } from "./minibatch-discrimination.js";
export { minibatchStdDev } from "./minibatch-std-dev.js";
export { type ModulatedConv2dOptions, modulatedConv2d } from "./modulated-conv.js";
export { gaussianNoise, noiseInjection } from "./noise.js";
export {
  groupNorm,
  instanceNorm2d,
  type LayerNormOptions,
  layerNorm,
  type NormOptions,
  pixelNorm,
} from "./normalization.js";
export { reflectionPad2d, replicationPad2d, type Sides, zeroPad2d } from "./padding.js";
export { pixelShuffle, pixelUnshuffle } from "./pixel-shuffle.js";
export {
  type AvgPool2dOptions,
  adaptiveAvgPool2d,
  avgPool2d,
  globalSumPool2d,
  type MaxPool2dOptions,
  maxPool2d,
} from "./pooling.js";
export { type PReluOptions, prelu } from "./prelu.js";
export { type ReconstructionErrorOptions, reconstructionError } from "./reconstruction-error.js";
export { type UpsampleOptions, upsample } from "./resampling.js";
export { sequential } from "./sequential.js";
export { flatten, unflatten } from "./shape.js";
export { spectralNorm } from "./spectral-norm.js";
export { type Styled, type StyledOptions, styled } from "./styled.js";
export type { Pair } from "./window.js";
