// Losses as text are those that have files, where they are the same.
import { describe, expect, it } from "vitest";
import { layers as l, type Objective, objectives, penalties } from "../lib/index.js";
import { largestDifference } from "./helpers/apart.js";
import { labelledImages, losses, tinyDiscriminator, tinyTrainer } from "./helpers/training.js";

const { formula } = objectives;

/** What each of them is by its file, and how far apart they may be. */
const twins: [string, Objective, Objective, number][] = [
  [
    "hinge",
    formula({ generator: "-fake", discriminator: "relu(1 - real) + relu(1 + fake)" }),
    objectives.hinge(),
    0,
  ],
  [
    "relativisticPaired with r1",
    formula({
      generator: "softplus(real - fake)",
      discriminator: "softplus(fake - real)",
      penalties: [penalties.r1({ weight: 2 })],
    }),
    objectives.relativisticPaired({ penalties: [penalties.r1({ weight: 2 })] }),
    0,
  ],
  [
    "wasserstein with a gradient penalty",
    formula({
      generator: "-fake",
      discriminator: "fake - real",
      penalties: [penalties.wganGp()],
    }),
    objectives.wasserstein({ penalties: [penalties.wganGp()] }),
    1e-6,
  ],
  [
    "nonSaturating, summed",
    formula(),
    objectives.nonSaturating({ discriminatorLoss: "sum" }),
    1e-6,
  ],
  [
    "leastSquares",
    formula({
      generator: "square(fake - 1) / 2",
      discriminator: "0.5 * (square(1 - real) + square(fake))",
    }),
    objectives.leastSquares(),
    1e-6,
  ],
  [
    "relativisticAverage",
    formula({
      generator: "(softplus(real - mean(fake)) + softplus(mean(real) - fake)) / 2",
      discriminator: "(softplus(mean(fake) - real) + softplus(fake - mean(real))) / 2",
    }),
    objectives.relativisticAverage(),
    1e-6,
  ],
  [
    "fDivergence, kl",
    formula({ generator: "-fake", discriminator: "exp(fake - 1) - real" }),
    objectives.fDivergence({ divergence: "kl" }),
    1e-6,
  ],
];

describe.each(["eager", "fused"] as const)("%s: a formula trains as", (execution) => {
  it.each(twins)("%s", async (name, written, filed, bound) => {
    using data = await labelledImages(24);
    const [ours, theirs] = [written, filed].map((objective) =>
      losses(tinyTrainer({ objective, execution }), data, 6),
    );
    const apart = largestDifference((await ours)?.flat() ?? [], (await theirs)?.flat() ?? []);
    // The list of calls sums its terms in float64, whoever wrote them.
    expect(apart, name).toBeLessThanOrEqual(execution === "eager" ? bound : 1e-6);
  });
});

it("leastSquares' loss of the generator is half of what the formula without the half is", async () => {
  using data = await labelledImages(24);
  const first = async (generator: string) =>
    ((await losses(tinyTrainer({ objective: formula({ generator }) }), data, 1))[0] as number[])[1];
  expect(await first("square(fake - 1)")).toBeCloseTo(
    2 * ((await first("square(fake - 1) / 2")) as number),
    6,
  );
});

it("is for probabilities as well, which a formula sees as they are", async () => {
  using data = await labelledImages(24);
  const run = (objective: Objective) => {
    const discriminator = tinyDiscriminator([l.linear(1), l.sigmoid()]);
    return losses(tinyTrainer({ discriminator, objective, execution: "eager" }), data, 4);
  };
  const written = formula({ generator: "-log(fake)", discriminator: "-log(real) - log(1 - fake)" });
  const filed = objectives.nonSaturating({ discriminatorLoss: "sum" });
  expect(largestDifference((await run(written)).flat(), (await run(filed)).flat())).toBeLessThan(
    1e-5,
  );
});

it.each([
  ["terms that are apart", "softplus(-real) + softplus(fake)", "planned"],
  ["terms with a factor and a constant", "1 - 2 * (real - square(fake)) / 4", "planned"],
  ["pairs", "softplus(fake - real)", "rewritten"],
  ["a mean", "softplus(-real) + softplus(mean(fake))", "rewritten"],
])(
  "networks of linear layers have a list of calls with %s, or a graph",
  async (_, discriminator, kind) => {
    const trainer = tinyTrainer({ objective: formula({ discriminator }), execution: "fused" });
    expect((await trainer.plan(8)).kind).toBe(kind);
  },
);

it("is data, and stays as it was written", () => {
  const written = formula({ generator: "-fake", discriminator: " fake  -real " });
  expect(written).toEqual({
    ...{ type: "formula", generator: "-fake", discriminator: " fake  -real " },
    ...{ penalties: [], auxiliaries: [] },
  });
  expect(
    tinyTrainer({ objective: JSON.parse(JSON.stringify(written)) }).settings.objective,
  ).toEqual(written);
});
