// What a run would be, without running it.
import type { ResolvedArchitecture } from "../architecture.js";
import type { ResolvedLayer } from "../layers/layer.js";
import { product } from "../shape.js";
import type { RunConfig } from "./config.js";
import type { TrainingRun } from "./training.js";

/** A layer of a network, as a table shows it. */
export interface LayerRow {
  /** Its key in the state dict: `conv_blocks.2`. */
  readonly path: string;
  readonly type: string;
  /** Shape of its output for one sample. */
  readonly output: readonly number[];
  /** Numbers of its own that training changes. */
  readonly parameters: number;
}

/** What one network is made of. */
export interface NetworkTable {
  readonly parameters: number;
  readonly layers: readonly LayerRow[];
}

/** What a run would do and at least need. */
export interface DryRun {
  readonly config: Omit<RunConfig, "started">;
  readonly generator: NetworkTable;
  readonly discriminator: NetworkTable;
  /** Parameters of both networks. */
  readonly parameters: number;
  readonly lowerBounds: {
    /** Bytes of the outputs that a step holds until its backward pass. */
    readonly bytes: number;
    /** Time of a step, by this machine's speed at large products and copies. */
    readonly millisecondsPerStep: number;
    /** Time of all steps. */
    readonly seconds: number;
  };
}

/** Describes a run that was prepared; measures the machine for some tenths of a second. */
export async function describeRun(run: TrainingRun): Promise<DryRun> {
  const { started, ...config } = run.config;
  const generator = tableOf(run.generator.resolved);
  const discriminator = tableOf(run.discriminator.resolved);
  const { buffers, floor } = await run.explain();
  return {
    config,
    generator,
    discriminator,
    parameters: generator.parameters + discriminator.parameters,
    lowerBounds: {
      bytes: buffers,
      millisecondsPerStep: floor.milliseconds,
      seconds: (config.steps * floor.milliseconds) / 1000,
    },
  };
}

/** The layers of a network, with the parameters of each. */
export function tableOf({ layers, state }: ResolvedArchitecture): NetworkTable {
  const all = flat(layers);
  const counts = new Map<ResolvedLayer, number>();
  for (const [key, { shape, trained }] of state) {
    const owner = ownerOf(key, all);
    if (trained && owner) counts.set(owner, (counts.get(owner) ?? 0) + product(shape));
  }
  const rows = all.map((layer) => {
    const { path, type, output } = layer;
    return { path, type, output, parameters: counts.get(layer) ?? 0 };
  });
  return { parameters: rows.reduce((sum, row) => sum + row.parameters, 0), layers: rows };
}

/** All layers in one list, a layer that holds others before those. */
function flat(layers: readonly ResolvedLayer[]): ResolvedLayer[] {
  return layers.flatMap((layer) => [layer, ...flat(layer.layers)]);
}

/**
 * The innermost layer that a key of the state dict belongs to: a layer that wraps another has the
 * path of both.
 */
function ownerOf(key: string, layers: readonly ResolvedLayer[]): ResolvedLayer | undefined {
  return layers.reduce<ResolvedLayer | undefined>((best, layer) => {
    const inside = key.startsWith(`${layer.path}.`);
    return inside && layer.path.length >= (best?.path.length ?? 0) ? layer : best;
  }, undefined);
}
