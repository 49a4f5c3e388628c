// What a run is where nobody says: a seed of its own, and a folder that has a name.
import { resolve } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { planMetrics } from "../../lib/run/evaluation.js";
import { planFeatures } from "../../lib/run/features.js";
import { checkClass } from "../../lib/run/labels.js";
import { planRun } from "../../lib/run/plan.js";

const named = (option: string) => `--${option}`;

describe("a run that nobody described", () => {
  afterEach(() => void vi.useRealTimers());

  it("has a seed that no other has, short enough to be typed again", () => {
    const seeds = Array.from({ length: 8 }, () => planRun({}, named).seed);
    expect(new Set(seeds).size).toBe(8);
    expect(Math.max(...seeds)).toBeLessThan(2 ** 32);
  });

  it("goes into a folder of what it trains, and the local time", () => {
    vi.useFakeTimers({ now: new Date(2026, 0, 2, 3, 4, 5) });
    const place = (what: string) => ({
      ...{ path: `runs/${what}-20260102-030405`, name: "--out", chosen: false },
    });
    expect(planRun({}, named).out).toEqual(place("article"));
    expect(planRun({ preset: "cgan" }, named).out).toEqual(place("cgan"));
    const own = {
      generator: {
        latent: { noise: 2 },
        layers: [
          { type: "linear", outFeatures: 64 },
          { type: "unflatten", shape: [1, 8, 8] },
        ],
      },
      discriminator: {
        image: [1, 8, 8],
        layers: [{ type: "flatten" }, { type: "linear", outFeatures: 1 }],
      },
    };
    expect(planRun({ ...own, preset: "cgan" }, named).out).toEqual(place("own"));
  });
});

it("a feature network is named by where it is, from wherever it is asked for", () => {
  expect(planFeatures("package.json", "--features")).toBe(resolve("package.json"));
  expect(planFeatures("classifier", "--features")).toBe("classifier");
});

it("metrics may have spaces between them", () => {
  expect(planMetrics("fid, precision-recall ,kid", "classifier", "--metrics")).toEqual([
    ...["fid", "precisionRecall", "kid"],
  ]);
});

describe("a class that there is not", () => {
  const refusal = (count: number) => {
    const classNames = Array.from({ length: count }, (_, i) => `c${i}`);
    return () => checkClass("c", { classes: count, classNames }, "--class");
  };

  it("is answered with all, or with the first ten of more", () => {
    expect(refusal(2)).toThrow(/^Expected a class \(c0, c1\) or its number from 0 to 1 /);
    expect(refusal(10)).toThrow(/^Expected a class \(c0, .*, c8, c9\) or its number from 0 to 9 /);
    expect(refusal(11)).toThrow(
      /^Expected a class \(c0, .*, c8, c9, \.\.\.\) or its number from 0 to 10 /,
    );
  });
});
