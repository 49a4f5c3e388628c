// Algorithm 1: k steps of ascent on D, one of descent on G; and a D that learns too much from too
// little.
import { fromArray } from "../data/array.js";
import type { Dataset } from "../data/dataset.js";
import { meanOf } from "../mean-and-spread.js";
import { minimax } from "../objectives/minimax.js";
import { adam, sgd } from "../optimizers/index.js";
import { Trainer } from "../trainer.js";
import { draw } from "./algorithm1-picture.js";
import {
  bestDiscriminator,
  criterion,
  gaussian,
  integrate,
  nodes,
  sigmoid,
  softplus,
  spread,
  valueAt,
} from "./density.js";
import { type Experiment, type Figures, rounded, roundedAll, type Settings } from "./kind.js";
import {
  advance,
  affineGenerator,
  another,
  dataOf,
  frozen,
  image,
  line,
  lineDiscriminator,
  logitsAt,
  logitsAtNodes,
  madeBy,
  moments,
  normals,
  positions,
  samplesOf,
  setAffine,
  settling,
  white,
} from "./line.js";

/** A game with so many updates of D for each of G. */
export interface Game {
  /** k. */
  readonly discriminatorSteps: number;
  /** V(D, G) at the figures' `step`, in nats, by quadrature. */
  readonly value: readonly number[];
  /** C(G) = max V(D, G) over D, in nats: what the value would be if D were the best. */
  readonly criterion: readonly number[];
  /** The mean of p_g, which is N(mean, deviation²), at the figures' `step`. */
  readonly mean: readonly number[];
  /** The deviation of p_g at the figures' `step`. */
  readonly deviation: readonly number[];
}

/** D trained to the end on a few samples, against a generator that stays. */
export interface Overtrained {
  /** Where the few samples are. */
  readonly samples: readonly number[];
  /** Updates of D after which to look. */
  readonly step: readonly number[];
  /** V with a mean over those few in place of the data, in nats: what D ascends. */
  readonly valueOnSamples: readonly number[];
  /** V(D, G) itself, by quadrature. */
  readonly value: readonly number[];
  /** C(G): no D has a greater value. */
  readonly criterion: number;
  /**
   * Derivative of log(1 − D(G(z))) by the mean of p_g: which way D pushes the generator, how hard.
   */
  readonly push: readonly number[];
  /** What `push` would be with D*. */
  readonly pushOfBest: number;
  /** Where D was looked at. */
  readonly x: readonly number[];
  /** D at `x` early, where `value` is greatest. */
  readonly early: readonly number[];
  /** D at `x` in the end. */
  readonly late: readonly number[];
  /** D* at `x`. */
  readonly best: readonly number[];
}

/** Algorithm 1 by k, and with too much of a discriminator, as numbers. */
export interface Algorithm1 extends Figures<"algorithm1"> {
  /** Real samples, and fakes, of each update: 256. */
  readonly batchSize: number;
  /** p_data is N(mean, deviation²). */
  readonly data: { readonly mean: number; readonly deviation: number };
  /** p_g at the start. */
  readonly generator: { readonly mean: number; readonly deviation: number };
  /** −log 4: the value of the game where p_g is p_data. */
  readonly minusLog4: number;
  /** Updates of G. */
  readonly step: readonly number[];
  /** k = 1, 2 and 5. */
  readonly games: readonly Game[];
  /** What too much of D does. */
  readonly overtrained: Overtrained;
}

const data = { mean: 0.5, deviation: 0.6 };
const start = { mean: -1, deviation: 0.9 };
const density = gaussian(data.mean, data.deviation);
const batchSize = 256;
const ks = [1, 2, 5];
const looks = 60;

async function run(settings: Settings): Promise<Algorithm1> {
  const { seed, steps } = settings;
  using reals = await dataOf(density, another(seed, 1));
  const games: Game[] = [];
  for (const k of ks) games.push(await play(k, reals, settings));
  return {
    experiment: "algorithm1",
    seed,
    steps,
    batchSize,
    data,
    generator: start,
    minusLog4: -Math.log(4),
    step: gameMoments(steps),
    games,
    overtrained: await overtrain(settings),
  };
}

/** When to look at a game: evenly, from the first step on. */
function gameMoments(steps: number): number[] {
  return [...new Set(spread([0, steps], looks + 1).map(Math.round))].slice(1);
}

async function play(k: number, reals: Dataset, settings: Settings): Promise<Game> {
  const { seed, steps, signal } = settings;
  using generator = affineGenerator(seed);
  using discriminator = lineDiscriminator();
  await setAffine(generator, start.mean, start.deviation);
  using trainer = new Trainer({
    generator,
    discriminator,
    objective: minimax(),
    order: "discriminatorFirst",
    discriminatorSteps: k,
    optimizer: { generator: sgd({ lr: 1e-3 }), discriminator: adam({ lr: 1e-3 }) },
  });
  const seen: { value: number; criterion: number; mean: number; deviation: number }[] = [];
  for (const moment of gameMoments(steps)) {
    await advance(trainer, reals, { steps: moment - trainer.step, batchSize, signal });
    const { mean, deviation, density: made } = await madeBy(generator);
    const value = valueAt(await logitsAtNodes(discriminator), density, made, line);
    seen.push({ value, criterion: criterion(density, made, line), mean, deviation });
  }
  return {
    discriminatorSteps: k,
    value: seen.map(({ value }) => rounded(value)),
    criterion: seen.map(({ criterion }) => rounded(criterion)),
    mean: seen.map(({ mean }) => rounded(mean)),
    deviation: seen.map(({ deviation }) => rounded(deviation)),
  };
}

const few = 16;
const made = gaussian(start.mean, start.deviation);

async function overtrain({ seed, steps, signal }: Settings): Promise<Overtrained> {
  using generator = affineGenerator(seed);
  using discriminator = lineDiscriminator();
  await setAffine(generator, start.mean, start.deviation);
  const samples = await samplesOf(density, few, another(seed, 2));
  using reals = await repeated(samples);
  const optimizer = { generator: frozen, discriminator: settling(steps) };
  using trainer = new Trainer({ generator, discriminator, objective: minimax(), optimizer });
  const fakes = await positions(generator, await normals(20_000, another(seed, 3)));
  const x = spread([-3, 3], 301);
  const step = moments(steps);
  const seen: { onSamples: number; value: number; push: number; curve: number[] }[] = [];
  for (const moment of step) {
    await advance(trainer, reals, { steps: moment - trainer.step, batchSize, signal });
    const logits = await logitsAtNodes(discriminator);
    const real = meanOf((await logitsAt(discriminator, samples)).map((one) => -softplus(-one)));
    const fake = meanOf((await logitsAt(discriminator, fakes)).map((one) => -softplus(one)));
    seen.push({
      onSamples: rounded(real + fake),
      value: rounded(valueAt(logits, density, made, line)),
      push: rounded(pushOf(logits)),
      curve: roundedAll((await logitsAt(discriminator, x)).map(sigmoid)),
    });
  }
  const values = seen.map(({ value }) => value);
  return {
    samples: roundedAll(samples),
    step,
    value: values,
    valueOnSamples: seen.map(({ onSamples }) => onSamples),
    criterion: rounded(criterion(density, made, line)),
    push: seen.map(({ push }) => push),
    pushOfBest: rounded(pushOf(nodes(line).map(bestLogit))),
    x: roundedAll(x),
    early: (seen[values.indexOf(Math.max(...values))] as (typeof seen)[number]).curve,
    late: (seen.at(-1) as (typeof seen)[number]).curve,
    best: roundedAll(x.map((at) => bestDiscriminator(density, made, at))),
  };
}

/** The samples as a dataset of one batch: every step sees all of them. */
function repeated(samples: Float32Array): Promise<Dataset> {
  const values = Float32Array.from({ length: batchSize }, (_, i) => samples[i % few] as number);
  return fromArray(values, { shape: [batchSize, ...image], range: [-white, white] });
}

/** The logit of D*, without the quotient: it has no digits left where either density is small. */
function bestLogit(x: number): number {
  return logOf(data, x) - logOf(start, x);
}

function logOf({ mean, deviation }: { mean: number; deviation: number }, x: number): number {
  return -Math.log(deviation) - ((x - mean) / deviation) ** 2 / 2;
}

/** d/dm E[log(1 − D(m + s·z))] = −E[D(x) · ℓ′(x)] over p_g, with ℓ the logit of D. */
function pushOf(logits: ArrayLike<number>): number {
  const step = (line[1] - line[0]) / (logits.length - 1);
  return integrate((x, node) => {
    const [before, after] = [logits[node - 1], logits[node + 1]];
    if (before === undefined || after === undefined) return 0;
    return -made.at(x) * sigmoid(logits[node] as number) * ((after - before) / (2 * step));
  }, line);
}

function tell({ games, minusLog4, step, overtrained }: Algorithm1): string[] {
  const last = (values: readonly number[]) => values.at(-1) as number;
  const { valueOnSamples, value, criterion, push, pushOfBest } = overtrained;
  return [
    `Algorithm 1: V(D, G) goes to −log 4 = ${minusLog4.toFixed(4)}, the steadier the more D learns in between`,
    ...games.map((game) => {
      const behind = game.value.map((one, i) => (game.criterion[i] as number) - one);
      return `  k = ${game.discriminatorSteps}: V ${last(game.value).toFixed(4)} and C(G) ${last(game.criterion).toFixed(4)} after ${last(step)} steps; V is behind C(G) by ${meanOf(behind).toFixed(4)} in the mean; p_g = N(${last(game.mean).toFixed(3)}, ${last(game.deviation).toFixed(3)}²)`;
    }),
    `  D trained to the end on ${overtrained.samples.length} samples: V there ${last(valueOnSamples).toFixed(3)}, on all that may come ${last(value).toFixed(3)}; the best is ${criterion.toFixed(3)}`,
    `  its push on the mean of p_g: ${last(push).toFixed(4)}, that of D* ${pushOfBest.toFixed(4)}`,
  ];
}

export const algorithm1: Experiment<Algorithm1> = { steps: 2000, run, draw, tell };
