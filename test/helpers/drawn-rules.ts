// How a drawn pair is trained: any objective with any terms, optimizers, orders and batches.
import {
  type Auxiliary,
  auxiliaries,
  type Objective,
  type Optimizer,
  objectives,
  optimizers,
  type Penalty,
  penalties,
  type Schedule,
  schedules,
  type TrainerOptions,
} from "../../lib/index.js";
import {
  type ResolvedArchitecture,
  resolveDiscriminator,
  resolveGenerator,
} from "../../lib/architecture.js";
import type { Draw } from "./draw.js";
import type { DrawnPair } from "./drawn-pairs.js";

type Players = TrainerOptions["optimizer"];

export interface Rules
  extends Required<
    Pick<TrainerOptions, "objective" | "order" | "fakes" | "discriminatorSteps" | "generatorSteps">
  > {
  readonly ema: TrainerOptions["ema"];
  /** The keys of weights that stay as they are. */
  readonly frozen: Record<"generator" | "discriminator", string[]>;
  readonly optimizer: Players;
  /** Plain descent: shows gradients as they are, where others divide each by its own size. */
  readonly descent: Players;
  readonly images: number;
  readonly batch: number;
  readonly steps: number;
  readonly dropLast: boolean;
  readonly horizontalFlip: boolean;
}

function drawPenalties(draw: Draw): Penalty[] {
  const options = () => ({ weight: draw.of(0.1, 1, 10), every: draw.of(1, 1, 2, 3) });
  const makers: (() => Penalty)[] = [
    () => penalties.wganGp(options()),
    () => penalties.wganDiv({ ...options(), power: draw.of(2, 3, 6) }),
    () => penalties.r1(options()),
    () => penalties.r2(options()),
    () => penalties.dragan(options()),
  ];
  return makers.filter(() => draw.chance(0.15)).map((make) => make());
}

function drawAuxiliaries(draw: Draw, { auxiliary, classes, codes }: DrawnPair): Auxiliary[] {
  if (auxiliary === "acgan") {
    const told = draw.chance(0.5) && codes > 0;
    return [
      auxiliaries.acgan({ weight: draw.of(1, 0.3) }),
      ...(told ? [auxiliaries.infogan({ categorical: 0, continuous: 0.2 })] : []),
    ];
  }
  if (auxiliary === "none") return [];
  const categorical = classes > 0 ? draw.of(1, 0.5) : 0;
  return [auxiliaries.infogan({ categorical, continuous: codes > 0 ? draw.of(0.1, 2) : 0 })];
}

function drawObjective(draw: Draw, pair: DrawnPair): Objective {
  const more = { penalties: drawPenalties(draw), auxiliaries: drawAuxiliaries(draw, pair) };
  if (JSON.stringify(pair.discriminator).includes("reconstructionError"))
    return draw.chance(0.5)
      ? objectives.energyBased({ margin: draw.of(0.1, 1), ...more })
      : objectives.softmax(more);
  const smoothed = { labelSmoothing: draw.of(0, 0, 0.1, 0.3), ...more };
  const crossed = { ...smoothed, discriminatorLoss: draw.of("mean" as const, "sum" as const) };
  const clips = !more.penalties.some(({ type }) => type.startsWith("wgan")) && draw.chance(0.4);
  const divergence = draw.of("kl", "reverseKl", "pearson", "jensenShannon");
  const makers: (() => Objective)[] = [
    () => objectives.minimax(crossed),
    () => objectives.nonSaturating(crossed),
    () => objectives.boundarySeeking(crossed),
    () => objectives.leastSquares(smoothed),
    () => objectives.hinge(more),
    () => objectives.wasserstein({ ...more, ...(clips && { weightClip: 0.05 }) }),
    () => objectives.relativisticPaired(more),
    () => objectives.relativisticAverage({ loss: draw.of("logistic", "leastSquares"), ...more }),
    () => objectives.fDivergence({ divergence, ...more }),
    () => objectives.softmax(more),
  ];
  return draw.of(...makers)();
}

function drawSchedule(draw: Draw, lr: number): Schedule {
  const few = () => draw.integer(1, 5);
  const makers: (() => Schedule)[] = [
    () => schedules.constant(),
    () => schedules.constant(),
    () => schedules.linear({ to: draw.of(0, 0.3), steps: few(), after: draw.integer(0, 2) }),
    () => schedules.exponential({ gamma: 0.7, min: lr * draw.of(0, 0.8) }),
    () => schedules.cosine({ steps: few(), min: lr / 10 }),
    () => schedules.step({ stepSize: few(), gamma: 0.5 }),
    () => schedules.multiStep({ milestones: [1, 3], gamma: 0.2 }),
  ];
  const warm = () => {
    const schedule = draw.of(...makers)() as Exclude<Schedule, { readonly type: "warmUp" }>;
    return schedules.warmUp({ steps: few(), from: draw.of(0, 0.3), schedule });
  };
  return draw.of(...makers, warm)();
}

function drawSettings(draw: Draw) {
  const lr = draw.of(1e-3, 1e-2, 1e-4);
  const clipping = draw.of({}, {}, { clipGradNorm: draw.of(0.01, 1) }, { clipGradValue: 0.01 });
  return { lr, schedule: drawSchedule(draw, lr), ...clipping };
}

function drawOptimizer(draw: Draw): Optimizer {
  const settings = drawSettings(draw);
  const decay = () => draw.of(0, 0.01);
  const momentum = draw.of(0, 0.9, 0.5);
  const nesterov = momentum > 0 && draw.chance(0.5);
  const betas = draw.of<readonly [number, number]>([0, 0.9], [0.5, 0.999], [0.9, 0.999], [0, 0]);
  const amsgrad = draw.chance(0.2);
  const makers: (() => Optimizer)[] = [
    () => optimizers.adam({ ...settings, betas, amsgrad, weightDecay: decay(), eps: 1e-8 }),
    () => optimizers.adamW({ ...settings, amsgrad, weightDecay: draw.of(0.01, 0, 0.5) }),
    () =>
      optimizers.sgd({
        ...{ ...settings, momentum, nesterov, weightDecay: decay() },
        dampening: nesterov ? 0 : draw.of(0, 0.3),
      }),
    () =>
      optimizers.rmsprop({
        ...{ ...settings, centered: draw.chance(0.5), alpha: draw.of(0.99, 0.5, 0) },
        ...{ momentum: draw.of(0, 0.5), weightDecay: decay() },
      }),
  ];
  return draw.of(...makers)();
}

const both = (make: () => Optimizer): Players => ({ generator: make(), discriminator: make() });

export function drawRules(draw: Draw, pair: DrawnPair): Rules {
  const images = draw.of(3, 5, 7, 12, 13);
  return {
    objective: drawObjective(draw, pair),
    order: draw.of("generatorFirst", "discriminatorFirst"),
    fakes: draw.of("same", "fresh"),
    discriminatorSteps: draw.of(1, 1, 2, 3),
    generatorSteps: draw.of(1, 1, 1, 2, 3),
    ema: draw.chance(0.3)
      ? { decay: draw.of(0.9, 0, 0.999), rampUp: draw.of(0, 0.05, 1) }
      : undefined,
    optimizer: both(() => drawOptimizer(draw)),
    descent: both(() => optimizers.sgd({ ...drawSettings(draw), lr: draw.of(0.01, 0.1) })),
    images,
    batch: Math.min(images, draw.of(1, 2, 3, 4, 5, 7, 12)),
    steps: draw.integer(2, 4),
    dropLast: draw.chance(0.3),
    horizontalFlip: pair.image.length === 3 && draw.chance(0.2),
    frozen: drawFrozen(draw, pair),
  };
}

/** A share of the weights of each, but never all: PyTorch has no loss to go back from then. */
function drawFrozen(draw: Draw, pair: DrawnPair): Rules["frozen"] {
  const share = draw.of(0, 0, 0.3, 0.7);
  const some = ({ state }: ResolvedArchitecture) => {
    const keys = [...state].flatMap(([key, { trained }]) => (trained ? [key] : []));
    const stays = keys.filter(() => draw.chance(share));
    return stays.length === keys.length ? stays.slice(0, -1) : stays;
  };
  return {
    generator: some(resolveGenerator(pair.generator)),
    discriminator: some(resolveDiscriminator(pair.discriminator)),
  };
}
