// Ready-made networks, under the names people know them by.
export { convolutional } from "./convolutional.js";
export { dcgan } from "./dcgan.js";
export { goodfellow2014 } from "./goodfellow2014.js";
export { mlp } from "./mlp.js";
export { r3gan } from "./r3gan.js";
export { sagan } from "./sagan.js";
export { sngan } from "./sngan.js";
export { upsampling } from "./upsampling.js";
