// Which modes of a mixture a generator finds, under every objective: eight Gaussians on a ring, and
// 25 on a grid.
import { fromArray } from "../data/array.js";
import type { Dataset } from "../data/dataset.js";
import * as l from "../layers/index.js";
import { Discriminator, Generator } from "../networks.js";
import * as objectives from "../objectives/index.js";
import type { Objective } from "../objectives/table.js";
import { adam } from "../optimizers/index.js";
import * as penalties from "../penalties/index.js";
import { cosine } from "../schedules.js";
import { Trainer } from "../trainer.js";
import { type Experiment, type Figures, rounded, type Settings } from "./kind.js";
import { advance, another, normals } from "./line.js";
import { draw } from "./modes-picture.js";

/** A mixture of Gaussians of equal weight in the plane. */
export interface Mixture {
  /** Where its Gaussians are. */
  readonly centres: readonly (readonly [x: number, y: number])[];
  /** The deviation of each Gaussian, in either direction. */
  readonly deviation: number;
}

/** What samples of a generator are worth. */
export interface Coverage {
  /**
   * Modes within three deviations of which at least a quarter of their equal share of all samples
   * lies: 0 to 8, or to 25.
   */
  readonly modes: number;
  /** Share of the samples within three deviations of a centre: 0.989 for the mixture itself. */
  readonly good: number;
  /** Some of the samples. */
  readonly samples: readonly (readonly [x: number, y: number])[];
}

/** What every objective makes of one mixture. */
export interface Covered extends Mixture {
  /** What samples of the mixture itself are worth. */
  readonly data: Coverage;
  /** What samples of a generator are worth, by the objective that it was trained with. */
  readonly objectives: { readonly [name in ObjectiveName]: Coverage };
}

/** Modes and good samples by objective, as numbers. */
export interface Modes extends Figures<"modes"> {
  /** Real samples, and fakes, of each update. */
  readonly batchSize: number;
  /** Samples that each generator is judged by. */
  readonly samples: number;
  /** Eight Gaussians on a circle around the origin. */
  readonly ring: Covered;
  /** 25 Gaussians, five by five. */
  readonly grid: Covered;
}

/**
 * What an objective's constructor is called in `objectives`; without those for discriminators that
 * are autoencoders, and without `formula`, which is any.
 */
export type ObjectiveName = Exclude<
  Objective["type"],
  "energyBased" | "boundaryEquilibrium" | "formula"
>;

/** Every such objective, with the penalties that its own paper trains it with. */
const rivals: Readonly<Record<ObjectiveName, Objective>> = {
  minimax: objectives.minimax(),
  nonSaturating: objectives.nonSaturating(),
  leastSquares: objectives.leastSquares(),
  hinge: objectives.hinge(),
  fDivergence: objectives.fDivergence(),
  boundarySeeking: objectives.boundarySeeking(),
  relativisticAverage: objectives.relativisticAverage(),
  softmax: objectives.softmax(),
  wasserstein: objectives.wasserstein({ penalties: [penalties.wganGp({ weight: 0.1 })] }),
  relativisticPaired: objectives.relativisticPaired({
    penalties: [penalties.r1({ weight: 0.02 }), penalties.r2({ weight: 0.02 })],
  }),
};

const ring: Mixture = {
  centres: Array.from({ length: 8 }, (_, i) => {
    const angle = (2 * Math.PI * i) / 8;
    return [0.8 * Math.cos(angle), 0.8 * Math.sin(angle)] as const;
  }),
  deviation: 0.04,
};
const grid: Mixture = {
  centres: Array.from(
    { length: 25 },
    (_, i) => [0.4 * (i % 5) - 0.8, 0.4 * Math.floor(i / 5) - 0.8] as const,
  ),
  deviation: 0.03,
};

const image = [1, 1, 2];
const batchSize = 128;
const width = 64;
const dataCount = 65_536;
const sampleCount = 2500;
const keptCount = 400;
/** Deviations from a centre that a good sample may be away. */
const near = 3;
/** The part of its share of the samples that a mode needs to count as found. */
const enough = 1 / 4;

async function run(settings: Settings): Promise<Modes> {
  const { seed, steps } = settings;
  return {
    experiment: "modes",
    seed,
    steps,
    batchSize,
    samples: sampleCount,
    ring: await cover(ring, settings),
    grid: await cover(grid, settings),
  };
}

async function cover(mixture: Mixture, settings: Settings): Promise<Covered> {
  const { seed } = settings;
  const reals = await samplesOf(mixture, dataCount, another(seed, 1));
  using dataset = await fromArray(reals, { shape: [dataCount, ...image], range: [-1, 1] });
  const found: Partial<Record<ObjectiveName, Coverage>> = {};
  for (const name of Object.keys(rivals) as ObjectiveName[]) {
    const samples = await learn(rivals[name], dataset, settings);
    found[name] = judge(samples, mixture);
  }
  return {
    ...mixture,
    data: judge(reals.subarray(0, 2 * sampleCount), mixture),
    objectives: found as Covered["objectives"],
  };
}

async function samplesOf({ centres, deviation }: Mixture, count: number, seed: number) {
  const noise = await normals(2 * count, seed);
  return noise.map((z, i) => {
    const centre = centres[(i >> 1) % centres.length] as readonly [number, number];
    return (centre[i % 2] as number) + deviation * z;
  });
}

async function learn(
  objective: Objective,
  data: Dataset,
  { seed, steps, signal }: Settings,
): Promise<Float32Array> {
  const rates = { betas: [0.5, 0.999], schedule: cosine({ steps }) } as const;
  const optimizer = {
    generator: adam({ lr: 2e-3, ...rates }),
    discriminator: adam({ lr: 2e-3, ...rates }),
  };
  using generator = new Generator(
    { latent: { noise: 2 }, layers: [...hidden(), l.linear(2), l.unflatten(image)] },
    { seed },
  );
  using discriminator = new Discriminator(
    { image, layers: [l.flatten(), ...hidden(), l.linear(1)] },
    { seed: another(seed, 2) },
  );
  using trainer = new Trainer({
    generator,
    discriminator,
    objective,
    optimizer,
    order: "discriminatorFirst",
  });
  await advance(trainer, data, { steps, batchSize, signal });
  return (await generator.sample(sampleCount, { seed: another(seed, 3) })).data;
}

const hidden = () => Array.from({ length: 3 }, () => [l.linear(width), l.relu()]).flat();

/** What samples, x and y in turn, are worth. */
function judge(samples: Float32Array, { centres, deviation }: Mixture): Coverage {
  const points = Array.from(
    { length: samples.length / 2 },
    (_, i) => [samples[2 * i], samples[2 * i + 1]] as [number, number],
  );
  const counts = centres.map(
    ([x, y]) => points.filter((at) => Math.hypot(at[0] - x, at[1] - y) <= near * deviation).length,
  );
  const share = points.length / centres.length;
  return {
    modes: counts.filter((count) => count >= enough * share).length,
    good: rounded(counts.reduce((sum, count) => sum + count, 0) / points.length),
    samples: points.slice(0, keptCount).map(([x, y]) => [short(x), short(y)] as const),
  };
}

/** A thousandth is less than a pixel. */
const short = (value: number) => Number(value.toFixed(3));

function tell({ ring, grid }: Modes): string[] {
  const line = (name: string, one: Coverage, other: Coverage) =>
    `  ${name.padEnd(20)} ${told(one, ring)}   ${told(other, grid)}`;
  const names = Object.keys(rivals) as ObjectiveName[];
  return [
    "Modes: found, and share of good samples, on a ring of 8 and a grid of 25",
    line("the data itself", ring.data, grid.data),
    ...names.map((name) => line(name, ring.objectives[name], grid.objectives[name])),
  ];
}

const told = ({ modes, good }: Coverage, { centres }: Mixture) =>
  `${String(modes).padStart(2)} of ${centres.length}, ${(100 * good).toFixed(1).padStart(5)} %`;

export const modes: Experiment<Modes> = { steps: 6000, run, draw, tell };
