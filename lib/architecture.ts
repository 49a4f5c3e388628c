// Networks as data: what users write, and what is known of it once every size is inferred.
export {
  batchNormLayer,
  comparingLayer,
  countParameters,
  couplingLayer,
  headsOf,
  isStyled,
  layerOfTwo,
  layersOfType,
  patchesOf,
  scoresOf,
  trainsOnOne,
} from "./architecture/facts.js";
export {
  type Init,
  initInPython,
  initText,
  initTypes,
  type KaimingInit,
  type NormalInit,
  type OrthogonalInit,
  type ResolvedInit,
  type UniformInit,
  type XavierInit,
} from "./architecture/init.js";
export {
  resolveClassifier,
  resolveDiscriminator,
  resolveGenerator,
  resolveLatent,
} from "./architecture/resolve.js";
export type {
  DiscriminatorArchitecture,
  GeneratorArchitecture,
  Latent,
  ResolvedArchitecture,
} from "./architecture/types.js";
