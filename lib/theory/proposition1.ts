// Proposition 1: for a fixed generator the best discriminator is p_data / (p_data + p_g).
import { type Chart, colours } from "../charts.js";
import { nonSaturating } from "../objectives/non-saturating.js";
import { Trainer } from "../trainer.js";
import {
  bestDiscriminator,
  type Density,
  gaussian,
  integrate,
  mixture,
  nodes,
  sigmoid,
  spread,
} from "./density.js";
import { dashed, dotted, panel, pointsOf, row } from "./panel.js";
import { type Experiment, type Figures, rounded, roundedAll, type Settings } from "./kind.js";
import {
  advance,
  affineGenerator,
  another,
  dataOf,
  frozen,
  line,
  lineDiscriminator,
  logitsAt,
  logitsAtNodes,
  moments,
  setAffine,
  settling,
} from "./line.js";

/**
 * How far a discriminator is from the best one while it is trained, and where both are in the end.
 */
export interface Distance {
  /** p_data in words: `N(1, 0.7²)`. */
  readonly data: string;
  /** p_g in words. */
  readonly generator: string;
  /** Steps after which D was looked at. */
  readonly step: readonly number[];
  /** The largest |D − D*| on the support. */
  readonly largest: readonly number[];
  /** The mean of |D − D*| over (p_data + p_g) / 2. */
  readonly mean: readonly number[];
  /** The support: where (p_data + p_g) / 2 is at least a hundredth of its greatest value. */
  readonly support: readonly [from: number, to: number];
  /** Where both were looked at. */
  readonly x: readonly number[];
  /** D at `x` in the end, 0 to 1. */
  readonly discriminator: readonly number[];
  /** D* = p_data / (p_data + p_g) at `x`. */
  readonly best: readonly number[];
  /** p_data at `x`. */
  readonly dataDensity: readonly number[];
  /** p_g at `x`. */
  readonly generatorDensity: readonly number[];
}

/** How close a trained D comes to the best one, as numbers. */
export interface Proposition1 extends Figures<"proposition1"> {
  /** Real samples, and fakes, of each update: 512. */
  readonly batchSize: number;
  /** How a Gaussian is told from a Gaussian. */
  readonly gaussians: Distance;
  /** How a mixture of two Gaussians is told from a Gaussian. */
  readonly mixture: Distance;
}

interface Case {
  readonly data: string;
  readonly density: Density;
  readonly mean: number;
  readonly deviation: number;
}

const cases: { readonly [name in "gaussians" | "mixture"]: Case } = {
  gaussians: { data: "N(1, 0.7²)", density: gaussian(1, 0.7), mean: -0.5, deviation: 1 },
  mixture: {
    data: "½ N(−1.5, 0.5²) + ½ N(1.5, 0.5²)",
    density: mixture([gaussian(-1.5, 0.5), gaussian(1.5, 0.5)]),
    mean: 0,
    deviation: 1.2,
  },
};

const batchSize = 512;
/** The share of the greatest density that the support begins with. */
const leastDensity = 0.01;

async function run(settings: Settings): Promise<Proposition1> {
  const { seed, steps } = settings;
  return {
    experiment: "proposition1",
    seed,
    steps,
    batchSize,
    gaussians: await approach(cases.gaussians, settings),
    mixture: await approach(cases.mixture, settings),
  };
}

/** Trains D against a generator that stays, and looks at it in between. */
async function approach(one: Case, { seed, steps, signal }: Settings): Promise<Distance> {
  using generator = affineGenerator(seed);
  using discriminator = lineDiscriminator();
  const optimizer = { generator: frozen, discriminator: settling(steps) };
  const objective = nonSaturating();
  using trainer = new Trainer({ generator, discriminator, objective, optimizer });
  await setAffine(generator, one.mean, one.deviation);
  using data = await dataOf(one.density, another(seed, 1));
  const made = gaussian(one.mean, one.deviation);
  const step = moments(steps);
  const errors: ReturnType<typeof errorOf>[] = [];
  for (const [i, moment] of step.entries()) {
    await advance(trainer, data, { steps: moment - (step[i - 1] ?? 0), batchSize, signal });
    errors.push(errorOf(await logitsAtNodes(discriminator), one.density, made));
  }
  const support = supportOf(one.density, made);
  const x = spread(support, 161);
  return {
    data: one.data,
    generator: `N(${String(one.mean).replace("-", "−")}, ${one.deviation}²)`,
    step,
    largest: errors.map(({ largest }) => largest),
    mean: errors.map(({ mean }) => mean),
    support,
    x: roundedAll(x),
    discriminator: roundedAll((await logitsAt(discriminator, x)).map(sigmoid)),
    best: roundedAll(x.map((at) => bestDiscriminator(one.density, made, at))),
    dataDensity: roundedAll(x.map(one.density.at)),
    generatorDensity: roundedAll(x.map(made.at)),
  };
}

function errorOf(logits: Float32Array, data: Density, made: Density) {
  const middle = mixture([data, made]);
  const [from, to] = supportOf(data, made);
  const error = (x: number, node: number) =>
    Math.abs(sigmoid(logits[node] as number) - bestDiscriminator(data, made, x));
  const onSupport = nodes(line).map((x, node) => (x >= from && x <= to ? error(x, node) : 0));
  return {
    largest: rounded(Math.max(...onSupport)),
    mean: rounded(integrate((x, node) => middle.at(x) * error(x, node), line)),
  };
}

/** Where there is something to learn from: what D says where no sample lies is anybody's guess. */
function supportOf(data: Density, made: Density): [number, number] {
  const middle = mixture([data, made]);
  const xs = nodes(line);
  const most = Math.max(...xs.map(middle.at));
  const inside = xs.filter((x) => middle.at(x) >= leastDensity * most);
  return [rounded(inside[0] as number), rounded(inside.at(-1) as number)];
}

const names = { gaussians: "two Gaussians", mixture: "a mixture, and a Gaussian" } as const;

function draw(figures: Proposition1): Chart {
  const { steps, gaussians, mixture } = figures;
  return row(
    {
      text: "Proposition 1: D trained to the end is p_data / (p_data + p_g)",
      subtitle: `The generator stays as it is while D learns, for ${steps.toLocaleString("en")} steps of ${figures.batchSize}.`,
    },
    [curves(gaussians, names.gaussians), curves(mixture, names.mixture), decline(figures)],
  );
}

/** What is learned lies on top of what it should be. */
function curves(one: Distance, title: string): Chart {
  const line = (name: string, colour: string, ys: readonly number[], dash?: readonly number[]) => ({
    name,
    colour,
    dash,
    points: pointsOf(one.x, ys),
  });
  return panel({
    title,
    x: { title: "x" },
    y: { title: "D, and densities", domain: [0, 1] },
    curves: [
      line("p_data", colours.black, one.dataDensity, dotted),
      line("p_g", colours.green, one.generatorDensity),
      { ...line("D*", colours.amber, one.best), width: 4 },
      line("D", colours.blue, one.discriminator, dashed),
    ],
  });
}

function decline({ gaussians, mixture }: Proposition1): Chart {
  const both = (one: Distance, name: string, colour: string) => [
    { name: `largest, ${name}`, colour, points: pointsOf(one.step, one.largest) },
    { name: `mean, ${name}`, colour, dash: dashed, points: pointsOf(one.step, one.mean) },
  ];
  return panel({
    title: "distance from D* on the support",
    x: { title: "steps of D", log: true },
    y: { title: "|D − D*|", log: true },
    curves: [
      ...both(gaussians, "Gaussians", colours.blue),
      ...both(mixture, "mixture", colours.orange),
    ],
    legendColumns: 1,
  });
}

function tell({ gaussians, mixture }: Proposition1): string[] {
  const line = (name: string, { step, largest, mean }: Distance) =>
    `  ${name}: largest |D − D*| from ${first(largest)} to ${last(largest)}, mean from ${first(mean)} to ${last(mean)} after ${step.at(-1)} steps`;
  return [
    "Proposition 1: D approaches p_data / (p_data + p_g)",
    line("Gaussians", gaussians),
    line("mixture  ", mixture),
  ];
}

const first = (values: readonly number[]) => (values[0] as number).toFixed(4);
const last = (values: readonly number[]) => (values.at(-1) as number).toFixed(4);

export const proposition1: Experiment<Proposition1> = { steps: 4000, run, draw, tell };
