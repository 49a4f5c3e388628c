/**
 * Ready-made networks, under the names people know them by. With a `latent` each makes a
 * generator's architecture, without one a discriminator's.
 *
 * @module
 */
export { convolutional } from "./convolutional.js";
export { dcgan } from "./dcgan.js";
export { type Goodfellow2014Options, goodfellow2014 } from "./goodfellow2014.js";
export { mlp } from "./mlp.js";
export type { PairOptions, Scores, UnconditionalDiscriminator } from "./options.js";
export { type PatchNorm, patch } from "./patch.js";
export { type R3ganOptions, r3gan } from "./r3gan.js";
export { sagan } from "./sagan.js";
export { sngan } from "./sngan.js";
export {
  type Stylegan2GeneratorOptions,
  type Stylegan2Options,
  stylegan2,
} from "./stylegan2.js";
export { upsampling } from "./upsampling.js";
