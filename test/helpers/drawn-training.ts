// A training that nobody chose, as one of our executions does it.
import {
  type Dataset,
  Discriminator,
  datasets,
  Generator,
  Trainer,
  type TrainerOptions,
} from "../../lib/index.js";
import { product } from "../../lib/shape.js";
import { Draw } from "./draw.js";
import { drawFormula } from "./drawn-formula.js";
import { type DrawnPair, drawPair } from "./drawn-pairs.js";
import { drawRules, type Rules } from "./drawn-rules.js";
import { digest } from "./networks.js";
import { stateOf } from "./training.js";

export interface DrawnTraining {
  readonly seed: number;
  readonly pair: DrawnPair;
  readonly rules: Rules;
  /** Pixels, or numbers of rows, [images, ...image], 0 to 255, and a label for each. */
  readonly bytes: readonly number[];
  readonly labels: readonly number[];
}

export interface Outcome {
  /** SHA-256 of all weights, the moving average's included. */
  readonly initial: string;
  readonly final: string;
  /** [discriminator, generator], a step each. */
  readonly losses: readonly (readonly [number, number])[];
  /** Every float of the networks in the end. */
  readonly state: readonly number[];
  /** Why it went no further: a batch that BatchNorm cannot train on, say, or numbers without end. */
  readonly refusal: string | undefined;
}

/** Undefined where nothing came of the attempt. */
export function drawTraining(seed: number): DrawnTraining | undefined {
  const draw = new Draw(seed);
  const pair = drawPair(draw);
  if (pair === undefined) return undefined;
  const rules = withFormula(seed, drawRules(draw, pair));
  const count = rules.images * product(pair.image);
  const bytes = Array.from({ length: count }, () => draw.integer(0, 255));
  const most = Math.max(0, pair.classes - 1);
  const labels = Array.from({ length: rules.images }, () => draw.integer(0, most));
  return { seed, pair, rules, bytes, labels };
}

/** Where one can be, losses as text for one seed in six; every other seed is what it was without. */
function withFormula(seed: number, rules: Rules): Rules {
  if (seed % 6 !== 4 || rules.objective.type === "energyBased") return rules;
  return { ...rules, objective: drawFormula(new Draw(~seed), rules.objective) };
}

function dataOf({ pair, rules, bytes, labels }: DrawnTraining): Promise<Dataset> {
  const options = { shape: [rules.images, ...pair.image], labels: Uint8Array.from(labels) };
  if (pair.image.length === 3) return datasets.fromBytes(Uint8Array.from(bytes), options);
  // Each of them is a float32.
  const values = Float32Array.from(bytes, (byte) => byte / 128 - 1);
  return datasets.fromValues(values, options);
}

/** Moves every weight by at most that share of it. */
async function shake(network: Generator | Discriminator, share: number, draw: Draw) {
  const tensors = await network.native.state();
  const moved = tensors.map((tensor) => {
    if (tensor.dtype !== "float32") return tensor;
    const values = new Float32Array(new Uint8Array(tensor.data).buffer);
    values.forEach((value, i) => {
      values[i] = value * (1 + share * (2 * draw.next() - 1));
    });
    return { ...tensor, data: new Uint8Array(values.buffer) };
  });
  await network.native.load(moved);
}

type Changes = Required<Pick<TrainerOptions, "optimizer" | "execution">> & {
  readonly steps: number;
  /** By what share of each the first weights are off, and which of many such moves it is. */
  readonly shaken?: { readonly share: number; readonly attempt: number };
};

/** @throws where the trainer refuses the pair or its rules */
export async function trainDrawn(
  training: DrawnTraining,
  { steps, shaken, ...changes }: Changes,
): Promise<Outcome> {
  const { pair, rules } = training;
  const { objective, order, fakes, discriminatorSteps, generatorSteps, ema, frozen } = rules;
  using generator = new Generator(pair.generator, { seed: 0 });
  using discriminator = new Discriminator(pair.discriminator);
  if (shaken !== undefined) {
    const draw = new Draw(shaken.attempt);
    for (const one of [generator, discriminator]) await shake(one, shaken.share, draw);
  }
  const options = {
    objective,
    order,
    fakes,
    discriminatorSteps,
    generatorSteps,
    ema,
    frozen,
    ...changes,
  };
  using trainer = new Trainer({ generator, discriminator, ...options });
  using data = await dataOf(training);
  const networks = [generator, discriminator, ...(trainer.ema ? [trainer.ema] : [])];
  const initial = await digest(...networks);
  const losses: [number, number][] = [];
  let refusal: string | undefined;
  const { batch: batchSize, dropLast, horizontalFlip } = rules;
  try {
    const run = { steps, batchSize, dropLast, horizontalFlip, tickEvery: 1 };
    for await (const tick of trainer.run(data, run))
      losses.push([tick.discriminatorLoss, tick.generatorLoss]);
  } catch (error) {
    refusal = (error as Error).message;
    if (!refusal.startsWith("Expected ")) throw error;
  }
  const state: number[] = [];
  for (const network of networks)
    for (const values of (await stateOf(network)).values())
      for (const value of values) state.push(value);
  return { initial, losses, final: await digest(...networks), state, refusal };
}
