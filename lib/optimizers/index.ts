/** Every optimizer there is, as data. Names, options and defaults are torch.optim's. @module */
export { type AdamOf, type AdamOptions, adam } from "./adam.js";
export { type AdamWOptions, adamW } from "./adam-w.js";
export { type Rmsprop, type RmspropOptions, rmsprop } from "./rmsprop.js";
export type { OptimizerOptions, OptimizerSettings } from "./settings.js";
export { type MomentumRamp, type Sgd, type SgdOptions, sgd } from "./sgd.js";
