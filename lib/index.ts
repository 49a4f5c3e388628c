// Sparring: trains GANs from Node.js on libtorch. The public face, and nothing else.
export type { DiscriminatorArchitecture, GeneratorArchitecture, Latent } from "./architecture.js";
export * as architectures from "./architectures/index.js";
export { Dataset } from "./data/dataset.js";
export * as datasets from "./datasets.js";
export { type Device, type Devices, devices, setThreads, threads } from "./device.js";
export { type ErrorCode, SparringError } from "./errors.js";
export { type GridOptions, Images } from "./images.js";
export * as layers from "./layers/index.js";
export type { Layer, Shape } from "./layers/kind.js";
export { Discriminator, Generator, type NetworkOptions } from "./networks.js";
export type { Objective } from "./objectives.js";
export * as objectives from "./objectives.js";
export type { AdamOptions, Optimizer } from "./optimizers.js";
export * as optimizers from "./optimizers.js";
export { type RunOptions, type Tick, Trainer, type TrainerOptions } from "./trainer.js";
