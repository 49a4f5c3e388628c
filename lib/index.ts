// Sparring: trains GANs from Node.js on libtorch. The public face, and nothing else.
export type {
  DiscriminatorArchitecture,
  GeneratorArchitecture,
  Init,
  KaimingInit,
  Latent,
  NormalInit,
  OrthogonalInit,
  UniformInit,
  XavierInit,
} from "./architecture.js";
export * as architectures from "./architectures/index.js";
export * as auxiliaries from "./auxiliaries/index.js";
export type { Auxiliary } from "./auxiliaries/table.js";
export { Dataset, type SplitOptions } from "./data/dataset.js";
export * as datasets from "./datasets.js";
export { type Device, type Devices, devices, setThreads, threads } from "./device.js";
export { type MemoryStats, memoryStats } from "./device.js";
export * as distributed from "./distributed.js";
export { type ErrorCode, SparringError } from "./errors.js";
export type { Stoppable } from "./signal.js";
export { type GridOptions, Images } from "./images.js";
export type { LabelArray } from "./label-array.js";
export * as latents from "./latents.js";
export * as layers from "./layers/index.js";
export type { Layer } from "./layers/layer.js";
export * as metrics from "./metrics/index.js";
export {
  type Codes,
  Discriminator,
  Generator,
  type GeneratorLoadOptions,
  type Labels,
  type NetworkOptions,
  type Executed,
  type SampleOptions,
  type Truncated,
} from "./networks.js";
export * as objectives from "./objectives/index.js";
export type { Objective } from "./objectives/table.js";
export type { OnnxOptions } from "./onnx/opset.js";
export type { AdamOptions } from "./optimizers/index.js";
export * as optimizers from "./optimizers/index.js";
export type { Schedule } from "./optimizers/settings.js";
export type { Optimizer } from "./optimizers/table.js";
export type { Bytes, Floats } from "./arrays.js";
export * as penalties from "./penalties/index.js";
export type { Penalty } from "./penalties/table.js";
export type { Path } from "./check.js";
export type { PixelRange } from "./pixel-range.js";
export * as schedules from "./schedules.js";
export type { Shape } from "./shape.js";
export * as theory from "./theory/index.js";
export { Trainer } from "./trainer.js";
export type { AdaOptions, AdaTransform } from "./trainer/ada.js";
export type { ExplainedOperation, Explanation, Refusal, StepPlan } from "./trainer/explanation.js";
export type { Health, Warning } from "./trainer/health.js";
export type {
  DiffAugmentPolicy,
  EmaOptions,
  Fakes,
  LoadOptions,
  Order,
  Precision,
  ReducePrecision,
  TrainerOptions,
} from "./trainer/options.js";
export type { Frozen, FrozenOptions } from "./trainer/frozen.js";
export type { RunOptions } from "./trainer/run-options.js";
export type { OtherOptimizers } from "./trainer/set-optimizer.js";
export type { Tick } from "./trainer/tick.js";
