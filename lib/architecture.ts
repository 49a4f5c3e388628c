// Networks as data: what users write, and what is known of it once every size is inferred.
export {
  batchNormLayer,
  comparingLayer,
  countParameters,
  couplingLayer,
  headsOf,
  scoresOf,
  trainsOnOne,
} from "./architecture/facts.js";
export {
  resolveClassifier,
  resolveDiscriminator,
  resolveGenerator,
  resolveLatent,
} from "./architecture/resolve.js";
export type {
  DiscriminatorArchitecture,
  GeneratorArchitecture,
  Init,
  Latent,
  ResolvedArchitecture,
  UniformInit,
} from "./architecture/types.js";
