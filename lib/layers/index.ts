// Every layer there is. Names, options and defaults are torch.nn's; sizes of inputs are inferred.
export { leakyRelu, relu, sigmoid, tanh } from "./activation.js";
export { type Conv2dOptions, conv2d } from "./convolution.js";
export { linear } from "./linear.js";
export { type BatchNormOptions, batchNorm1d, batchNorm2d } from "./normalization.js";
export { upsample } from "./resampling.js";
export { sequential } from "./sequential.js";
export { flatten, unflatten } from "./shape.js";
