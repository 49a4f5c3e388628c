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
  ["terms that are apart", { discriminator: "softplus(-real) + softplus(fake)" }, "planned"],
  ["a factor and a constant", { discriminator: "1 - 2 * (real - square(fake)) / 4" }, "planned"],
  ["pairs", { discriminator: "softplus(fake - real)" }, "rewritten"],
  ["a mean of fakes", { discriminator: "softplus(-real) + softplus(mean(fake))" }, "rewritten"],
  ["a mean of reals", { discriminator: "softplus(-mean(real)) + softplus(fake)" }, "rewritten"],
  ["a mean for the generator", { generator: "square(mean(fake) - 1)" }, "rewritten"],
  ["reals for the generator", { generator: "softplus(real - fake)" }, "rewritten"],
])(
  "networks of linear layers have a list of calls with %s, or a graph",
  async (_, options, kind) => {
    const trainer = tinyTrainer({ objective: formula(options), execution: "fused" });
    expect((await trainer.plan(8)).kind).toBe(kind);
  },
);

it.each([
  ["a constant, and factors on either side", "3 - 2 * (real - square(fake) * 0.25) / 4 + exp(0.5)"],
  ["a sum that is negated", "-(real - softplus(fake)) - -relu(0.3 - real)"],
  ["a sum that is divided", "(square(real - 1) + square(+fake + 1) - 1) / 2"],
  ["a sum with a factor behind it", "(softplus(-real) + softplus(fake)) * 0.5"],
  ["powers", "pow(real - 1, 2) - fake + pow(2, fake)"],
  ["the larger and the smaller", "max(0, 1 - real) - min(fake, 0.1) + max(0, fake)"],
])("is the same sum term by term as in pairs: %s", async (_, discriminator) => {
  using data = await labelledImages(24);
  const trained = (text: string, execution: "eager" | "fused") =>
    tinyTrainer({ objective: formula({ discriminator: text }), execution });
  using terms = trained(discriminator, "fused");
  using pairs = trained(`${discriminator} + 0 * real * fake`, "eager");
  expect((await terms.plan(8)).kind).toBe("planned");
  const found = (await losses(terms, data, 6)).flat();
  expect(largestDifference(found, (await losses(pairs, data, 6)).flat())).toBeLessThan(2e-6);
});

it("has pairs in a graph where other terms are apart", async () => {
  const discriminator = "softplus(fake - real) + square(real)";
  using trainer = tinyTrainer({ objective: formula({ discriminator }), execution: "fused" });
  expect((await trainer.plan(8)).kind).toBe("rewritten");
});

it("raises to the power that it says", async () => {
  using data = await labelledImages(24);
  const of = (generator: string) =>
    losses(tinyTrainer({ objective: formula({ generator }), execution: "eager" }), data, 3);
  expect(
    largestDifference((await of("pow(fake - 2, 2)")).flat(), (await of("square(fake - 2)")).flat()),
  ).toBeLessThan(1e-6);
});

it("may have 1000 characters", () => {
  const generator = "fake".padEnd(1000);
  expect(formula({ generator }).generator).toBe(generator);
});

it("has the arithmetic of what looks at reals, or does not", async () => {
  const flopsOf = async (objective: Objective) => {
    using trainer = tinyTrainer({ objective, execution: "eager" });
    return (await trainer.explain({ batchSize: 8 })).flops;
  };
  const found = twins.slice(0, 2).map(([, written]) => flopsOf({ ...written, penalties: [] }));
  const [hinge, paired] = await Promise.all(found);
  expect(hinge).toBe(await flopsOf(objectives.hinge()));
  expect(paired).toBe(await flopsOf(objectives.relativisticPaired()));
  expect(paired).toBeGreaterThan(hinge as number);
});

it("has no score between real and fake for ada where the generator looks at reals", () => {
  const of = (generator: string) => tinyTrainer({ objective: formula({ generator }), ada: {} });
  expect(() => of("softplus(real - fake)")).toThrow(
    "Expected true, as the sign of a score tells nothing under formula, for ada.fixed but received false",
  );
  using trainer = of("softplus(-fake)");
  expect(trainer.settings.ada?.fixed).toBe(false);
});

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
