// Networks as data: what users write, and what is known of it once every size is inferred.
export {
  countParameters,
  couplingLayer,
  headsOf,
  scoresOf,
  trainsOnOne,
} from "./architecture/facts.js";
export { resolveDiscriminator, resolveGenerator, resolveLatent } from "./architecture/resolve.js";
export type {
  DiscriminatorArchitecture,
  GeneratorArchitecture,
  Init,
  Latent,
  ResolvedArchitecture,
} from "./architecture/types.js";
