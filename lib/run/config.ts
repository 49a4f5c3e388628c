// What a run does, with nothing left open: the config.json of its folder. It is enough to repeat the run.
import { addon } from "../addon.js";
import type { Device } from "../device.js";
import { adam, type Optimizer } from "../optimizers.js";
import { presets } from "../presets.js";
import { version } from "../version.js";
import { Epochs } from "./epochs.js";
import type { RunPlan } from "./plan.js";

export interface RunConfig {
  readonly preset: string;
  readonly data: string;
  /** Images in the dataset. */
  readonly images: number;
  readonly size: number;
  readonly channels: number;
  readonly steps: number;
  readonly batch: number;
  readonly objective: string;
  readonly optimizer: { readonly generator: Optimizer; readonly discriminator: Optimizer };
  readonly execution: "eager" | "fused";
  readonly device: Device;
  readonly threads: number;
  readonly seed: number;
  readonly sampleEvery: number;
  /** Every grid is made from this seed, so that they can be compared. */
  readonly sampleSeed: number;
  readonly logEvery: number;
  /** When it began, ISO 8601. */
  readonly started: string;
  readonly versions: {
    readonly sparring: string;
    readonly libtorch: string;
    readonly node: string;
  };
}

/** MNIST is grey. */
export const channels = 1;
const sampleSeed = 0;

/** The plan, with what the machine and the data turned out to be. */
export function resolveConfig(
  plan: RunPlan,
  found: { device: Device; threads: number; images: number },
): RunConfig {
  const { preset, data, size, length, batch, execution, seed, sampleEvery, logEvery } = plan;
  const steps = "steps" in length ? length.steps : stepsOf(length.epochs, found.images, batch);
  return {
    preset,
    data,
    images: found.images,
    size,
    channels,
    steps,
    batch,
    objective: presets[preset].objective.type,
    optimizer: resolveOptimizers(plan),
    execution,
    device: found.device,
    threads: found.threads,
    seed,
    sampleEvery,
    sampleSeed,
    logEvery,
    started: new Date().toISOString(),
    versions: {
      sparring: version(),
      libtorch: addon().libtorchVersion,
      node: process.versions.node,
    },
  };
}

function stepsOf(epochs: number, images: number, batch: number): number {
  return epochs * new Epochs(images, batch).batches;
}

function resolveOptimizers({ preset, lr }: RunPlan): RunConfig["optimizer"] {
  const { generator, discriminator } = presets[preset].optimizer;
  const withRate = ({ type, ...options }: Optimizer) => adam({ ...options, lr: lr ?? options.lr });
  return { generator: withRate(generator), discriminator: withRate(discriminator) };
}
