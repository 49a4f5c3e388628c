// Each metric against an independent one on the same features.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { metrics } from "../../lib/index.js";
import { madeFeatures } from "../helpers/features.js";
import { makeFolder } from "../helpers/folder.js";
import { referee } from "../helpers/referee.js";

/** What reference.py prints. */
interface Reference {
  readonly fid: number;
  readonly moments: { readonly mean: number[]; readonly covariance: number[] };
  readonly kid: Estimate;
  readonly neighbours: { precision: number; recall: number; density: number; coverage: number };
  readonly inceptionScore: Estimate;
  readonly classBalance: { readonly value: number; readonly shares: number[] };
}
type Estimate = { readonly value: number; readonly standardDeviation: number };

const width = 12;
const classes = 5;
const splits = 7;
const kidOptions = { subsets: 20, subsetSize: 100, seed: 3 };
const network = "made";
const real = madeFeatures(700, width, 1);
const generated = madeFeatures(500, width, 2, 0.1);
const realLogits = madeFeatures(700, classes, 3).map((value) => 4 * value);
const generatedLogits = madeFeatures(500, classes, 4).map((value, i) => (4 - (i % 2)) * value);
const realFeatures = new metrics.Features(real, [700, width], { network, logits: realLogits });
const generatedFeatures = new metrics.Features(generated, [500, width], {
  ...{ network, logits: generatedLogits },
});

/** Equal to 1e-5 of the larger, or absolutely where both are below 1. */
function expectClose(ours: number, theirs: number): void {
  expect(Math.abs(ours - theirs)).toBeLessThan(1e-5 * Math.max(1, Math.abs(theirs)));
}

describe("metrics of the same features", async () => {
  const folder = await makeFolder();
  const arrays = {
    real,
    generated,
    "real-logits": realLogits,
    "generated-logits": generatedLogits,
  };
  for (const [name, array] of Object.entries(arrays))
    await writeFile(join(folder.path, `${name}.f32`), new Uint8Array(array.buffer));
  const { value: reference } = await referee<Reference>("metrics", "metrics/reference.py", [
    folder.path,
    JSON.stringify({ width, classes, splits, kid: kidOptions }),
  ]);
  await folder.remove();

  it("kid is scikit-learn's kernel on torch's permutations", async () => {
    const kid = await metrics.kid(realFeatures, generatedFeatures, kidOptions);
    expectClose(kid.value, reference.kid.value);
    expectClose(kid.standardDeviation, reference.kid.standardDeviation);
    expect(kid).toMatchObject({ metric: "kid", network, real: 700, generated: 500, ...kidOptions });
  });

  it("kid has no value where its kernel is beyond float64", async () => {
    const huge = new metrics.Features(Float32Array.of(1e30, 2e30), [2, 1]);
    await expect(metrics.kid(huge, huge)).resolves.toMatchObject({ subsetSize: 2 });
    await expect(metrics.kid(huge, huge, { degree: 10 })).rejects.toThrow(
      new RangeError(
        "Expected a kernel that stays below the largest float64 for degree but received 10",
      ),
    );
  });

  it("precision, recall, density and coverage are those of scikit-learn's neighbours", async () => {
    const { precision, recall } = await metrics.precisionRecall(realFeatures, generatedFeatures);
    const { density, coverage } = await metrics.densityCoverage(realFeatures, generatedFeatures);
    const ours = { precision, recall, density, coverage };
    for (const [name, value] of Object.entries(reference.neighbours)) {
      expect(value).toBeGreaterThan(0.02);
      expectClose(ours[name as keyof typeof ours], value);
    }
  });

  it("the Inception score and the class balance are SciPy's and NumPy's", async () => {
    const score = await metrics.inceptionScore(generatedFeatures, { splits });
    expectClose(score.value, reference.inceptionScore.value);
    expectClose(score.standardDeviation, reference.inceptionScore.standardDeviation);
    const balance = await metrics.classBalance(realFeatures, generatedFeatures);
    expectClose(balance.value, reference.classBalance.value);
    reference.classBalance.shares.forEach((share, i) => {
      expectClose(balance.generatedShares[i] as number, share);
    });
  });

  it("fid is SciPy's, and says what it was measured with", async () => {
    const { value, ...rest } = await metrics.fid(realFeatures, generatedFeatures);
    expectClose(value, reference.fid);
    expect(rest).toEqual({ metric: "fid", network: "made", real: 700, generated: 500 });
  });

  it("statistics are NumPy's, and stand for the features", async () => {
    const statistics = await metrics.statistics(realFeatures);
    reference.moments.mean.forEach((mean, i) => {
      expectClose(statistics.mean[i] as number, mean);
    });
    reference.moments.covariance.forEach((covariance, i) => {
      expectClose(statistics.covariance[i] as number, covariance);
    });
    const ofStatistics = await metrics.fid(statistics, generatedFeatures);
    expect(ofStatistics).toEqual(await metrics.fid(realFeatures, generatedFeatures));
  });
});

describe("fid", () => {
  it("is 0 between a set and itself, and the gap squared of a shifted one", async () => {
    expect((await metrics.fid(realFeatures, realFeatures)).value).toBeLessThan(1e-9);
    const shifted = Float64Array.from(real, (value) => value + 0.5);
    const moved = new metrics.Features(shifted, [700, width], { network: "made" });
    expect((await metrics.fid(realFeatures, moved)).value).toBeCloseTo(width * 0.25, 8);
  });

  it("keeps its digits where features say the same thing twice", async () => {
    // Every column twice: half of the eigenvalues are 0, of which rounding makes anything.
    const twice = (data: Float32Array, count: number) => {
      const rows = Array.from({ length: count }, (_, i) =>
        data.subarray(i * width, (i + 1) * width),
      );
      const both = Float32Array.from(rows.flatMap((row) => [...row, ...row]));
      return new metrics.Features(both, [count, 2 * width], { network: "made" });
    };
    const single = await metrics.fid(realFeatures, generatedFeatures);
    const double = await metrics.fid(twice(real, 700), twice(generated, 500));
    expect(double.value).toBeCloseTo(2 * single.value, 7);
  });

  it("takes its moments by blocks and wide ones by parts, and both are those of all at once", async () => {
    const [count, wide] = [2500, 600];
    const data = madeFeatures(count, wide, 3);
    const { mean, covariance } = await metrics.statistics(
      new metrics.Features(data, [count, wide]),
    );
    for (const [i, j] of [
      [0, 0],
      [3, 599],
      [599, 3],
      [520, 530],
    ] as const) {
      let [a, b, ab] = [0, 0, 0];
      for (let row = 0; row < count; ++row) {
        const [x, y] = [data[row * wide + i] as number, data[row * wide + j] as number];
        a += x / count;
        b += y / count;
        ab += ((x - 10) * (y - 10)) / (count - 1);
      }
      const expected = ab - ((a - 10) * (b - 10) * count) / (count - 1);
      expect(mean[i]).toBeCloseTo(a, 9);
      expect(covariance[i * wide + j]).toBeCloseTo(expected, 9);
    }
  });
});

describe("neighbourhoods", () => {
  it("of many rows are measured by blocks", async () => {
    // 2,100 × 2,100 distances are more than a block.
    const [a, b] = [madeFeatures(2100, 3, 5), madeFeatures(2100, 3, 6)];
    const side = (data: Float32Array) => new metrics.Features(data, [2100, 3]);
    const whole = await metrics.precisionRecall(side(a), side(b));
    expect(whole.precision).toBeGreaterThan(0.9);
    expect(await metrics.precisionRecall(side(a), side(a))).toMatchObject({
      precision: 1,
      recall: 1,
    });
    const far = side(a.map((value) => value + 100));
    expect(await metrics.densityCoverage(side(b), far)).toMatchObject({ density: 0, coverage: 0 });
  });

  // There the definition says what is inside, and products would let rounding say it.
  it.each<[string, (i: number, side: number) => number]>([
    ["binary", (i, side) => Number(Math.sin(9 * i + side) > 0)],
    ["whole", (i, side) => Math.round(2 * Math.sin(i * i + side))],
    ["copied", (i, side) => Math.fround(Math.sin(Math.floor(i / 40) * 8 + (i % 8) + 100 * side))],
  ])("of %s features, whose distances tie, are those of the definition", async (_, value) => {
    const [width, k] = [8, 3];
    const rows = (count: number, side: number) =>
      Array.from({ length: count }, (_, i) =>
        Array.from({ length: width }, (_, j) => value(i * width + j, side)),
      );
    const [reals, fakes] = [rows(90, 1), rows(60, 2)];
    const apart = (a: number[], b: number[]) =>
      a.reduce((sum, one, j) => sum + (one - (b[j] as number)) ** 2, 0);
    const radius = (row: number[], own: number[][]) =>
      own.map((other) => apart(row, other)).sort((a, b) => a - b)[k] as number;
    const [ours, theirs] = [reals, fakes].map((own) => own.map((row) => radius(row, own)));
    const within = (row: number[], centres: number[][], radii: number[] = []) =>
      centres.some((centre, i) => apart(row, centre) <= (radii[i] as number));
    const inside = reals.map(
      (real, i) => fakes.filter((fake) => apart(real, fake) < (ours?.[i] as number)).length,
    );
    const share = (all: unknown[]) => all.filter(Boolean).length / all.length;
    const side = (all: number[][]) =>
      new metrics.Features(Float32Array.from(all.flat()), [all.length, width]);
    const features = [side(reals), side(fakes)] as const;
    expect(await metrics.precisionRecall(...features, { neighbours: k })).toMatchObject({
      precision: share(fakes.map((fake) => within(fake, reals, ours))),
      recall: share(reals.map((real) => within(real, fakes, theirs))),
    });
    expect(await metrics.densityCoverage(...features, { neighbours: k })).toMatchObject({
      density: inside.reduce((sum, count) => sum + count, 0) / (k * fakes.length),
      coverage: share(inside),
    });
  });
});

describe("the Inception score", () => {
  it("is 1 where all samples are alike, and the number of classes where each has its own", async () => {
    const sure = Float32Array.from({ length: 1000 }, (_, i) =>
      i % 10 === ((i / 10) | 0) % 10 ? 800 : 0,
    );
    const of = (logits: Float32Array) =>
      new metrics.Features(new Float32Array(100), [100, 1], { logits });
    expect((await metrics.inceptionScore(of(sure))).value).toBeCloseTo(10, 9);
    expect((await metrics.inceptionScore(of(new Float32Array(1000)))).value).toBeCloseTo(1, 12);
  });
});

describe("mode coverage", () => {
  it("counts combinations of three digits, and how their shares differ", async () => {
    /** A sample for each of these modes, as the classifier would answer. */
    const of = (modes: readonly number[]) => {
      const logits = new Float32Array(30 * modes.length);
      modes.forEach((mode, i) => {
        [Math.floor(mode / 100), Math.floor(mode / 10) % 10, mode % 10].forEach(
          (digit, channel) => {
            logits[30 * i + 10 * channel + digit] = 5;
          },
        );
      });
      return new metrics.Features(new Float32Array(modes.length), [modes.length, 1], {
        ...{ logits, answers: 3 },
      });
    };
    const all = of(Array.from({ length: 1000 }, (_, i) => i));
    const some = of([0, 0, 999, 123]);
    expect(await metrics.modeCoverage(all, some)).toEqual({
      ...{ metric: "modeCoverage", network: "given", real: 1000, generated: 4 },
      ...{ value: 3, modes: 1000 },
      divergence: expect.closeTo(Math.log(1000) - 1.5 * Math.log(2), 10),
    });
    expect(await metrics.modeCoverage(all, all)).toMatchObject({ value: 1000, divergence: 0 });
    expect((await metrics.modeCoverage(of([7, 7]), some)).value).toBe(0);
  });
});

it("what nobody says is as in the papers: 100 subsets of 1000 samples, 10 splits", async () => {
  const some = (count: number) =>
    new metrics.Features(madeFeatures(count, 2, 5), [count, 2], {
      logits: madeFeatures(count, 3, 6),
    });
  const usual = { subsets: 100, seed: 0 };
  expect(await metrics.kid(some(1100), some(1050))).toMatchObject({ ...usual, subsetSize: 1000 });
  expect(await metrics.kid(some(40), some(30))).toMatchObject({ ...usual, subsetSize: 30 });
  expect(await metrics.inceptionScore(some(30))).toMatchObject({ splits: 10 });
  await expect(metrics.kid(some(40), some(30), { degree: 11 })).rejects.toThrow(
    "Expected a whole number from 1 to 10 for degree but received 11",
  );
});
