// Section 3 of the 2014 paper: where D wins, log(1 − D(G(z))) is flat and teaches G nothing, while
// log D(G(z)) is steep.
import { type Chart, colours } from "../charts.js";
import type { Dataset } from "../data/dataset.js";
import { meanOf } from "../mean-and-spread.js";
import { minimax } from "../objectives/minimax.js";
import { nonSaturating } from "../objectives/non-saturating.js";
import { adam, sgd } from "../optimizers/index.js";
import { Trainer } from "../trainer.js";
import { gaussian, sigmoid, spread } from "./density.js";
import { type Experiment, type Figures, rounded, type Settings } from "./kind.js";
import {
  advance,
  affineGenerator,
  another,
  dataOf,
  frozen,
  lineDiscriminator,
  logitsAt,
  madeBy,
  moments,
  normals,
  positions,
  setAffine,
  settling,
} from "./line.js";
import { dashed, dotted, panel, pointsOf, row } from "./panel.js";

/** What one of the two losses teaches G. */
export interface Teaching {
  /** Euclidean norm of the gradient of G's parameters, at the saturation's `step`. */
  readonly gradientNorm: readonly number[];
  /**
   * The mean of p_g where G learns with this loss while D does, at the saturation's `learningStep`.
   */
  readonly mean: readonly number[];
}

/** The generator's gradient under both losses while D wins, as numbers. */
export interface Saturation extends Figures<"saturation"> {
  /** Real samples, and fakes, of each update: 512. */
  readonly batchSize: number;
  /** p_data is N(mean, deviation²). */
  readonly data: { readonly mean: number; readonly deviation: number };
  /** p_g is N(mean, deviation²) before G learns. */
  readonly generator: { readonly mean: number; readonly deviation: number };
  /** Updates of D, against a generator that stays, after which to look. */
  readonly step: readonly number[];
  /** The mean of D(G(z)) then, 0 to 1. */
  readonly discriminatorOfFakes: readonly number[];
  /** What log(1 − D(G(z))) teaches. */
  readonly minimax: Teaching;
  /** What −log D(G(z)) teaches. */
  readonly nonSaturating: Teaching;
  /** The gradient's norm under the non-saturating loss over that under minimax, at `step`. */
  readonly ratio: readonly number[];
  /** Updates of either player after which to look, where G learns from a D that has won already. */
  readonly learningStep: readonly number[];
}

const data = { mean: -2, deviation: 0.4 };
const start = { mean: 2, deviation: 0.4 };
const density = gaussian(data.mean, data.deviation);
const batchSize = 512;
const zCount = 10_000;
const learningLooks = 60;
const objectives = { minimax, nonSaturating };
type Loss = keyof typeof objectives;

async function run(settings: Settings): Promise<Saturation> {
  const { seed, steps } = settings;
  using reals = await dataOf(density, another(seed, 1));
  // D's loss is the same in both, and so is D, to the bit: what differs is what it tells G.
  const one = await teach("minimax", reals, settings);
  const other = await teach("nonSaturating", reals, settings);
  const ratio = other.gradientNorm.map((norm, i) => norm / (one.gradientNorm[i] as number));
  return {
    experiment: "saturation",
    seed,
    steps,
    batchSize,
    data,
    generator: start,
    step: moments(steps),
    discriminatorOfFakes: one.scores,
    ratio: ratio.map(rounded),
    learningStep: learningMoments(steps),
    minimax: { gradientNorm: one.gradientNorm, mean: one.mean },
    nonSaturating: { gradientNorm: other.gradientNorm, mean: other.mean },
  };
}

async function teach(loss: Loss, reals: Dataset, settings: Settings) {
  const { seed, steps } = settings;
  using generator = affineGenerator(seed);
  using discriminator = lineDiscriminator();
  await setAffine(generator, start.mean, start.deviation);
  const pair = { generator, discriminator, objective: objectives[loss]() };
  using alone = new Trainer({
    ...pair,
    order: "discriminatorFirst",
    optimizer: { generator: frozen, discriminator: settling(steps) },
  });
  const z = await normals(zCount, another(seed, 2));
  const fakes = await positions(generator, z);
  const [gradientNorm, scores]: [number[], number[]] = [[], []];
  for (const moment of moments(steps)) {
    gradientNorm.push(rounded(await normAfter(alone, reals, moment, settings)));
    scores.push(rounded(meanOf((await logitsAt(discriminator, fakes)).map(sigmoid))));
  }
  using both = new Trainer({
    ...pair,
    order: "discriminatorFirst",
    discriminatorSteps: 5,
    optimizer: { generator: sgd({ lr: 1e-3 }), discriminator: adam({ lr: 2e-3 }) },
  });
  const mean = [start.mean];
  for (const moment of learningMoments(steps).slice(1)) {
    await normAfter(both, reals, moment, settings);
    mean.push(rounded((await madeBy(generator)).mean));
  }
  return { gradientNorm, scores, mean };
}

/** Trains on to that step. Returns the norm of G's gradient in it. */
async function normAfter(trainer: Trainer, reals: Dataset, step: number, { signal }: Settings) {
  const { health } = await advance(trainer, reals, {
    steps: step - trainer.step,
    batchSize,
    signal,
  });
  return health?.generatorGradientNorm as number;
}

/** When to look while G learns: from 0 to half as many steps. */
function learningMoments(steps: number): number[] {
  const last = Math.max(1, Math.round(steps / 2));
  const all = Array.from({ length: learningLooks + 1 }, (_, i) =>
    Math.round((last * i) / learningLooks),
  );
  return [...new Set(all)];
}

const looks = {
  minimax: { name: "log(1 − D(G(z)))", colour: colours.orange },
  nonSaturating: { name: "−log D(G(z))", colour: colours.blue },
};

function draw(figures: Saturation): Chart {
  return row(
    {
      text: "Saturation: a loss that is flat where D wins teaches G nothing",
      subtitle: `p_data = N(−2, 0.4²), p_g = N(2, 0.4²): D tells them apart after a few steps.`,
    },
    [losses(), norms(figures), learning(figures)],
  );
}

function losses(): Chart {
  const scores = spread([0.004, 0.996], 249);
  return panel({
    title: "what G minimises",
    x: { title: "D(G(z))", domain: [0, 1] },
    y: { title: "loss of G", domain: [-4, 4] },
    curves: [
      {
        ...looks.minimax,
        points: pointsOf(
          scores,
          scores.map((one) => Math.log(1 - one)),
        ),
      },
      {
        ...looks.nonSaturating,
        points: pointsOf(
          scores,
          scores.map((one) => -Math.log(one)),
        ),
      },
    ],
    legendColumns: 1,
  });
}

function norms({ step, minimax, nonSaturating, discriminatorOfFakes }: Saturation): Chart {
  return panel({
    title: "its gradient, while D learns and G waits",
    x: { title: "steps of D", log: true },
    y: { title: "norm of G's gradient", log: true, powers: true },
    curves: [
      { ...looks.minimax, points: pointsOf(step, minimax.gradientNorm) },
      { ...looks.nonSaturating, points: pointsOf(step, nonSaturating.gradientNorm) },
      {
        name: "mean D(G(z))",
        colour: colours.grey,
        dash: dashed,
        points: pointsOf(step, discriminatorOfFakes),
      },
    ],
    legendColumns: 1,
  });
}

function learning({ learningStep, minimax, nonSaturating, data }: Saturation): Chart {
  const ends = [0, learningStep.at(-1) as number];
  return panel({
    title: "where gradient descent leads",
    x: { title: "steps of G, from there" },
    y: { title: "mean of p_g", domain: [-2.6, 2.6] },
    curves: [
      {
        name: "mean of p_data",
        colour: colours.black,
        dash: dotted,
        points: pointsOf(ends, [data.mean, data.mean]),
      },
      { ...looks.minimax, points: pointsOf(learningStep, minimax.mean) },
      { ...looks.nonSaturating, points: pointsOf(learningStep, nonSaturating.mean) },
    ],
    legendColumns: 1,
  });
}

function tell({ step, ratio, discriminatorOfFakes, minimax, nonSaturating }: Saturation): string[] {
  const last = (values: readonly number[]) => values.at(-1) as number;
  const line = (name: string, { gradientNorm, mean }: Teaching) =>
    `  ${name}: gradient of G from ${gradientNorm[0]?.toPrecision(3)} to ${last(gradientNorm).toPrecision(3)}; then p_g goes from ${mean[0]} to ${last(mean).toFixed(3)}`;
  return [
    "Saturation: the gradient of log(1 − D(G(z))) vanishes while D wins, that of −log D(G(z)) does not",
    `  after ${last(step)} steps of D: mean D(G(z)) ${last(discriminatorOfFakes).toPrecision(3)}, one gradient over the other ${last(ratio).toPrecision(3)}`,
    line("minimax       ", minimax),
    line("non-saturating", nonSaturating),
  ];
}

export const saturation: Experiment<Saturation> = { steps: 1000, run, draw, tell };
