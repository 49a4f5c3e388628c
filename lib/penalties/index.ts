/**
 * Every penalty there is, as data: terms of the discriminator's loss that keep its gradient in
 * bounds, and one of the generator's, pathLength. @module
 */
export { dragan } from "./dragan.js";
export type { PenaltyOf, PenaltyOptions } from "./options.js";
export { type PathLength, type PathLengthOptions, pathLength } from "./path-length.js";
export { r1 } from "./r1.js";
export { r2 } from "./r2.js";
export { type WganDiv, type WganDivOptions, wganDiv } from "./wgan-div.js";
export { wganGp } from "./wgan-gp.js";
