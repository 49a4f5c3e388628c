// Every dataset there is.
export { type FromBytesOptions, fromBytes } from "./data/dataset.js";
export { type MnistOptions, mnist } from "./data/mnist.js";
