/** How good samples are, in numbers that say what they were measured with. @module */
export { type ClassifierOptions, classifier } from "./classifier.js";
export { type FeatureOptions, Features, type Measured } from "./features.js";
export { type Fid, fid, Statistics, statistics } from "./fid.js";
export { type Parzen, type ParzenOptions, parzen } from "./parzen.js";
export { type Kid, type KidOptions, kid } from "./kid.js";
export { type ModeCoverage, modeCoverage } from "./modes.js";
export type { Decimals } from "./native.js";
export {
  type DensityCoverage,
  densityCoverage,
  type NeighbourOptions,
  type PrecisionRecall,
  precisionRecall,
} from "./neighbours.js";
export { FeatureNetwork, type FeaturesOptions, type ImageSource } from "./network.js";
export {
  type ClassBalance,
  classBalance,
  type InceptionScore,
  type InceptionScoreOptions,
  inceptionScore,
} from "./scores.js";
export { type TorchScriptOptions, torchScript } from "./torch-script.js";
