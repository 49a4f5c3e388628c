// Theorem 1: C(G) = max_D V(D, G) = −log 4 + 2·JSD(p_data ‖ p_g). Its least value is −log 4, where
// p_g = p_data.
import { type Chart, colours } from "../charts.js";
import type { Dataset } from "../data/dataset.js";
import { nonSaturating } from "../objectives/non-saturating.js";
import { Trainer } from "../trainer.js";
import { criterion, gaussian, jensenShannon, softplus, spread } from "./density.js";
import { type Experiment, type Figures, rounded, type Settings } from "./kind.js";
import {
  advance,
  affineGenerator,
  another,
  dataOf,
  frozen,
  line,
  lineDiscriminator,
  logitsAt,
  positions,
  normals,
  samplesOf,
  setAffine,
  settling,
} from "./line.js";
import { panel, pointsOf, row } from "./panel.js";

/** C(G) along a path of generators. */
export interface Path {
  /** What changes from generator to generator; the other arrays have a number for each. */
  readonly parameter: readonly number[];
  /** The value that a trained D reaches on samples it has not seen, in nats: C(G) as measured. */
  readonly criterion: readonly number[];
  /**
   * The standard error of `criterion`, by the samples alone: how well D was trained is not in it.
   */
  readonly standardError: readonly number[];
  /** −log 4 + 2·JSD, in nats, by quadrature. */
  readonly theory: readonly number[];
  /** JSD(p_data ‖ p_g), in nats, 0 to log 2, by quadrature. */
  readonly jensenShannon: readonly number[];
}

/** The criterion C(G), measured and by theory, as numbers. */
export interface Theorem1 extends Figures<"theorem1"> {
  /** Real samples, and fakes, of each update: 256. */
  readonly batchSize: number;
  /** Samples of each kind that a value is the mean over. */
  readonly samples: number;
  /** C(G) as measured at p_g = p_data, in nats. */
  readonly criterionAtEquality: number;
  /** −log 4, −1.386…: what C(G) is there by the theorem. */
  readonly minusLog4: number;
  /** The generator's mean goes towards the data's: p_data = N(0, 1), p_g = N(parameter, 1). */
  readonly path: Path;
  /** The generator's deviation goes past the data's: p_data = N(0, 1), p_g = N(0, parameter²). */
  readonly deviationPath: Path;
}

const data = gaussian(0, 1);

type Gaussian = readonly [mean: number, deviation: number];

/** Generators with one parameter. */
interface Family {
  readonly title: string;
  /** What the parameter is called. */
  readonly name: string;
  readonly parameters: readonly number[];
  readonly gaussianOf: (parameter: number) => Gaussian;
}

const byMean: Family = {
  title: "p_g = N(m, 1)",
  name: "mean m of p_g",
  parameters: [3, 2.5, 2, 1.5, 1, 0.5, 0.25, 0],
  gaussianOf: (mean) => [mean, 1],
};
const byDeviation: Family = {
  title: "p_g = N(0, s²)",
  name: "deviation s of p_g",
  parameters: [0.4, 0.5, 0.6, 0.8, 1, 1.25, 1.5, 2],
  gaussianOf: (deviation) => [0, deviation],
};

/** Samples of the data: those that D learns from, and those that it is tried on. */
interface Reals {
  readonly seen: Dataset;
  readonly unseen: Float32Array;
}

const batchSize = 256;
const sampleCount = 200_000;

async function run(settings: Settings): Promise<Theorem1> {
  const { seed, steps } = settings;
  using seen = await dataOf(data, another(seed, 1));
  const reals = { seen, unseen: await samplesOf(data, sampleCount, another(seed, 2)) };
  const path = await along(byMean, reals, settings);
  const deviationPath = await along(byDeviation, reals, settings);
  return {
    experiment: "theorem1",
    seed,
    steps,
    batchSize,
    samples: sampleCount,
    criterionAtEquality: path.criterion.at(-1) as number,
    minusLog4: -Math.log(4),
    path,
    deviationPath,
  };
}

async function along(family: Family, reals: Reals, settings: Settings): Promise<Path> {
  const { parameters } = family;
  const gaussians = parameters.map(family.gaussianOf);
  const measured: { value: number; error: number }[] = [];
  for (const one of gaussians) measured.push(await measure(one, reals, settings));
  const made = gaussians.map((one) => gaussian(...one));
  return {
    parameter: parameters,
    criterion: measured.map(({ value }) => rounded(value)),
    standardError: measured.map(({ error }) => rounded(error)),
    theory: made.map((density) => rounded(criterion(data, density, line))),
    jensenShannon: made.map((density) => rounded(jensenShannon(data, density, line))),
  };
}

/** Trains a new D against a generator that stays. Returns V on samples that are new to D. */
async function measure(made: Gaussian, reals: Reals, { seed, steps, signal }: Settings) {
  using generator = affineGenerator(seed);
  using discriminator = lineDiscriminator();
  const optimizer = { generator: frozen, discriminator: settling(steps) };
  const objective = nonSaturating();
  using trainer = new Trainer({ generator, discriminator, objective, optimizer });
  await setAffine(generator, ...made);
  await advance(trainer, reals.seen, { steps, batchSize, signal });
  const fakes = await positions(generator, await normals(sampleCount, another(seed, 3)));
  const real = meanAndError(
    (await logitsAt(discriminator, reals.unseen)).map((logit) => -softplus(-logit)),
  );
  const fake = meanAndError(
    (await logitsAt(discriminator, fakes)).map((logit) => -softplus(logit)),
  );
  return { value: real.mean + fake.mean, error: Math.hypot(real.error, fake.error) };
}

/** The mean, and its standard error. */
function meanAndError(values: Float32Array) {
  let [sum, squares] = [0, 0];
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / values.length;
  return { mean, error: Math.sqrt((squares / values.length - mean * mean) / values.length) };
}

function draw({ path, deviationPath, minusLog4, steps }: Theorem1): Chart {
  return row(
    {
      text: "Theorem 1: C(G) = −log 4 + 2·JSD(p_data ‖ p_g)",
      // Two lines: of one the picture would be wider than its panels.
      subtitle: [
        `p_data = N(0, 1). Each point: a new D, trained for ${steps.toLocaleString("en")} steps,`,
        `on ${sampleCount.toLocaleString("en")} samples it has not seen.`,
      ],
    },
    [compare(path, byMean, minusLog4), compare(deviationPath, byDeviation, minusLog4)],
  );
}

function compare(path: Path, { title, name, gaussianOf }: Family, least: number): Chart {
  const ends = [Math.min(...path.parameter), Math.max(...path.parameter)] as const;
  const fine = spread(ends, 81);
  const theory = fine.map((one) => criterion(data, gaussian(...gaussianOf(one)), line));
  return panel({
    title,
    x: { title: name },
    y: { title: "C(G)", domain: [-1.42, 0] },
    curves: [
      {
        name: "−log 4",
        colour: colours.grey,
        dash: [2, 3],
        points: pointsOf(ends, [least, least]),
      },
      { name: "−log 4 + 2·JSD", colour: colours.blue, points: pointsOf(fine, theory) },
    ],
    marks: [
      {
        name: "measured",
        colour: colours.orange,
        points: pointsOf(path.parameter, path.criterion),
      },
    ],
    width: 320,
  });
}

function tell({ criterionAtEquality, minusLog4, path, deviationPath }: Theorem1): string[] {
  const both = [path, deviationPath];
  const away = both.flatMap(({ criterion, theory }) =>
    criterion.map((value, i) => Math.abs(value - (theory[i] as number))),
  );
  return [
    "Theorem 1: C(G) is −log 4 + 2·JSD, and least where p_g is p_data",
    `  measured there: ${criterionAtEquality.toFixed(5)}; −log 4 is ${minusLog4.toFixed(5)}`,
    `  along ${away.length} generators the measured C(G) is within ${Math.max(...away).toFixed(4)} of the theory`,
  ];
}

export const theorem1: Experiment<Theorem1> = { steps: 2000, run, draw, tell };
