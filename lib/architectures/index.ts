// Ready-made networks, under the names people know them by.
export { mlp } from "./mlp.js";
export { upsampling } from "./upsampling.js";
