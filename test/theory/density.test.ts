// Divergences and integrals against closed forms.
import { describe, expect, it } from "vitest";
import {
  bestDiscriminator,
  criterion,
  type Density,
  gaussian,
  integrate,
  jensenShannon,
  kullbackLeibler,
  mixture,
  nodes,
  quantiles,
  softplus,
  valueAt,
} from "../../lib/theory/density.js";

const line = [-12, 12] as const;

/** 1/width on (from, from + width), smoothed over by nothing: the quadrature is only as good as its step there. */
const uniform = (from: number, width: number): Density => ({
  at: (x) => (x > from && x < from + width ? 1 / width : 0),
  from: (normals) => normals,
});

describe("quadrature", () => {
  it.each([
    [0, 1],
    [2, 0.4],
    [-3, 1.5],
  ])("integrates N(%d, %d²) to 1, its mean and its variance", (mean, deviation) => {
    const { at } = gaussian(mean, deviation);
    expect(integrate(at, line)).toBeCloseTo(1, 7);
    expect(integrate((x) => x * at(x), line)).toBeCloseTo(mean, 6);
    expect(integrate((x) => (x - mean) ** 2 * at(x), line)).toBeCloseTo(deviation ** 2, 5);
  });

  it("counts half of what is at the ends", () => {
    expect(integrate(() => 1, [0, 2])).toBeCloseTo(2, 12);
    expect(integrate((x) => x, [0, 2])).toBeCloseTo(2, 12);
  });

  it("has the closed form of the Kullback–Leibler divergence of two Gaussians", () => {
    const [p, q] = [gaussian(1, 0.7), gaussian(-0.5, 1)];
    const closed = Math.log(1 / 0.7) + (0.7 ** 2 + 1.5 ** 2) / 2 - 1 / 2;
    expect(kullbackLeibler(p, q, line)).toBeCloseTo(closed, 8);
  });

  it("has the closed form of the Jensen–Shannon divergence of two uniform densities", () => {
    // They share all but a quarter: JSD = ¼ · log 2.
    const shifted = jensenShannon(uniform(0, 4), uniform(1, 4), line);
    expect(shifted).toBeCloseTo(Math.log(2) / 4, 2);
  });

  it("knows the ends of the Jensen–Shannon divergence, and that it is symmetric", () => {
    const [p, q] = [gaussian(1, 0.7), mixture([gaussian(-1, 0.5), gaussian(2, 1)])];
    expect(jensenShannon(p, p, line)).toBe(0);
    expect(jensenShannon(gaussian(-6, 0.4), gaussian(6, 0.4), line)).toBeCloseTo(Math.log(2), 9);
    expect(jensenShannon(p, q, line)).toBeCloseTo(jensenShannon(q, p, line), 12);
  });
});

describe("the formulas of the 2014 paper", () => {
  const [data, made] = [gaussian(1, 0.7), gaussian(-0.5, 1)];

  it("V at D* is −log 4 + 2·JSD, and no other D reaches it", () => {
    const logit = (x: number) => {
      const best = bestDiscriminator(data, made, x);
      return Math.log(best) - Math.log1p(-best);
    };
    const logits = nodes(line).map((x) => Math.max(-700, Math.min(700, logit(x))));
    const best = criterion(data, made, line);
    expect(valueAt(logits, data, made, line)).toBeCloseTo(best, 9);
    for (const change of [-0.1, 0.1])
      expect(
        valueAt(
          logits.map((one) => one + change),
          data,
          made,
          line,
        ),
      ).toBeLessThan(best);
  });

  it("D* is a half where the densities are equal, and where there is none", () => {
    expect(bestDiscriminator(data, data, 0.3)).toBe(0.5);
    expect(bestDiscriminator(data, made, 1e6)).toBe(0.5);
  });

  it("softplus neither overflows nor loses its tail", () => {
    expect(softplus(1000)).toBe(1000);
    expect(softplus(-1000)).toBe(0);
    expect(softplus(-30)).toBeCloseTo(Math.exp(-30), 20);
    expect(softplus(0)).toBeCloseTo(Math.log(2), 15);
  });

  it("quantiles cut a density into equal shares", () => {
    const found = quantiles(gaussian(0, 1), 4, line);
    // Of 1/8, 3/8, 5/8 and 7/8, from a table of the normal distribution.
    for (const [i, x] of [-1.15035, -0.31864, 0.31864, 1.15035].entries())
      expect(Math.abs((found[i] as number) - x)).toBeLessThan(0.007);
    expect(found).toHaveLength(4);
  });

  it("the samples of a mixture are those of its parts, in equal shares", () => {
    const normals = Float32Array.from({ length: 8 }, () => 0);
    const parts = mixture([gaussian(-1, 1), gaussian(2, 1)]);
    expect([...parts.from(normals)]).toEqual([-1, 2, -1, 2, -1, 2, -1, 2]);
  });
});
