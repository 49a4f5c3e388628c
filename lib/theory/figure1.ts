// Figure 1: D leads p_g to p_data until it can tell nothing any more. One pair of networks,
// followed through four moments.
import type { Discriminator, Generator } from "../networks.js";
import { nonSaturating } from "../objectives/non-saturating.js";
import { adam, sgd } from "../optimizers/index.js";
import { cosine } from "../schedules.js";
import { Trainer } from "../trainer.js";
import type { TrainerOptions } from "../trainer/options.js";
import {
  bestDiscriminator,
  type Density,
  gaussian,
  integrate,
  jensenShannon,
  mixture,
  sigmoid,
  spread,
} from "./density.js";
import { draw, frames } from "./figure1-picture.js";
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
  madeBy,
  setAffine,
} from "./line.js";

/** The parts of the figure, as the 2014 paper letters them. */
export type Part = "a" | "b" | "c" | "d";

/** The two players at one moment. */
export interface Moment {
  /** The part of the figure that it belongs to. */
  readonly part: Part;
  /** Updates of D until then. */
  readonly discriminatorUpdates: number;
  /** Updates of G until then. */
  readonly generatorUpdates: number;
  /** The mean of p_g, which is N(mean, deviation²). */
  readonly mean: number;
  /** The deviation of p_g. */
  readonly deviation: number;
  /** D at the figure's `x`, 0 to 1. */
  readonly discriminator: readonly number[];
  /** The mean of |D − D*| over (p_data + p_g) / 2. */
  readonly fromBest: number;
  /** The mean of |D − ½| over (p_data + p_g) / 2. */
  readonly fromHalf: number;
  /** JSD(p_data ‖ p_g), in nats, by quadrature. */
  readonly jensenShannon: number;
}

/** What Figure 1 shows, as numbers. */
export interface Figure1 extends Figures<"figure1"> {
  /** Real samples, and fakes, of each update: 512. */
  readonly batchSize: number;
  /** k, where both players learn. */
  readonly discriminatorSteps: number;
  /** p_data is N(mean, deviation²). */
  readonly data: { readonly mean: number; readonly deviation: number };
  /** Where D was looked at. */
  readonly x: readonly number[];
  /** The four moments of the figure: (a), (b), (c) and (d). */
  readonly moments: readonly Moment[];
  /** The moments of the animation, from (a) to (d). */
  readonly frames: readonly Moment[];
}

const data = { mean: -0.6, deviation: 0.6 };
const density = gaussian(data.mean, data.deviation);
const start = { mean: 0.9, deviation: 0.85 };
const batchSize = 512;
const discriminatorSteps = 5;
const x = spread([-3, 3], 121);

async function run(settings: Settings): Promise<Figure1> {
  const { seed, steps, signal } = settings;
  using generator = affineGenerator(seed);
  using discriminator = lineDiscriminator();
  await setAffine(generator, start.mean, start.deviation);
  using reals = await dataOf(density, another(seed, 1));
  const pair = { generator, discriminator, objective: nonSaturating() };
  using alone = new Trainer({ ...pair, optimizer: waiting(steps) });
  using both = new Trainer({
    ...pair,
    optimizer: playing(steps),
    order: "discriminatorFirst",
    discriminatorSteps,
  });
  const seen: Moment[] = [];
  const play = async (part: Part, trainer: Trainer, until: number, looks: number) => {
    for (const step of towards(trainer.step, until, looks)) {
      await advance(trainer, reals, { steps: step - trainer.step, batchSize, signal });
      const updates = {
        discriminatorUpdates: alone.step + discriminatorSteps * both.step,
        generatorUpdates: both.step,
      };
      seen.push({ part, ...updates, ...(await look(generator, discriminator)) });
    }
  };
  await play("a", alone, share(steps, 1 / 50), 1);
  await play("b", alone, steps, 14);
  await play("c", both, share(steps, 1 / 25), 14);
  await play("d", both, steps, 28);
  const last = (part: Part) => seen.findLast((one) => one.part === part) as Moment;
  const moments = [last("a"), last("b"), last("c"), last("d")];
  const played = { experiment: "figure1", seed, steps, batchSize, discriminatorSteps } as const;
  return { ...played, data, x: roundedAll(x), moments, frames: seen };
}

type Optimizers = TrainerOptions["optimizer"];

/** (a) and (b): D learns while G waits. */
const waiting = (steps: number): Optimizers => ({
  generator: frozen,
  discriminator: adam({ lr: 3e-3, schedule: cosine({ steps }) }),
});

/** (c) and (d): both learn, G so slowly that D stays near D*. */
const playing = (steps: number): Optimizers => ({
  generator: sgd({ lr: 6e-4, schedule: cosine({ steps }) }),
  discriminator: adam({ lr: 3e-3, schedule: cosine({ steps: discriminatorSteps * steps }) }),
});

const share = (steps: number, part: number) => Math.max(1, Math.round(part * steps));

/** Where to look on the way: the more happens in a step, the more often. */
function towards(from: number, until: number, looks: number): number[] {
  const all = Array.from({ length: looks }, (_, i) =>
    Math.round(from + (until - from) * ((i + 1) / looks) ** 2),
  );
  return [...new Set(all)].filter((step) => step > from);
}

async function look(generator: Generator, discriminator: Discriminator) {
  const { mean, deviation, density: made } = await madeBy(generator);
  const scores = await logitsAt(discriminator, x);
  return {
    mean: rounded(mean),
    deviation: rounded(deviation),
    discriminator: roundedAll(scores.map(sigmoid)),
    ...distances(await logitsAtNodes(discriminator), made),
  };
}

function distances(logits: Float32Array, made: Density) {
  const middle = mixture([density, made]);
  const mean = (error: (x: number, d: number) => number) =>
    rounded(
      integrate(
        (x, node) => middle.at(x) * Math.abs(error(x, sigmoid(logits[node] as number))),
        line,
      ),
    );
  return {
    fromBest: mean((x, d) => d - bestDiscriminator(density, made, x)),
    fromHalf: mean((_, d) => d - 1 / 2),
    jensenShannon: rounded(jensenShannon(density, made, line)),
  };
}

function tell({ moments }: Figure1): string[] {
  return [
    "Figure 1: D leads p_g to p_data, until it is ½ everywhere",
    ...moments.map(
      ({ part, mean, deviation, fromBest, fromHalf, jensenShannon }) =>
        `  (${part}) p_g = N(${mean.toFixed(3).replace("-", "−")}, ${deviation.toFixed(3)}²)  JSD ${jensenShannon.toFixed(5)}  mean |D − D*| ${fromBest.toFixed(4)}  mean |D − ½| ${fromHalf.toFixed(4)}`,
    ),
  ];
}

export const figure1: Experiment<Figure1> = { steps: 600, run, draw, frames, tell };
