import { describe, expect, it } from "vitest";
import { Images, metrics } from "../../lib/index.js";
import { parzenOfPictures } from "../../lib/metrics/parzen.js";
import { referee } from "../helpers/referee.js";

interface Reference {
  readonly samples: number[];
  readonly test: number[];
  readonly validation: number[];
  readonly sigmas: number[];
  readonly tried: number[];
  readonly sigma: number;
  readonly logLikelihood: number;
  readonly standardError: number;
  readonly narrow: [mean: number, standardError: number];
}

/** Of thousandths. */
const rows = (values: readonly number[]) =>
  new Images(
    Float32Array.from(values, (value) => value / 1000),
    [values.length / 20, 1, 4, 5],
  );

const reference = async () => (await referee<Reference>("parzen", "metrics/parzen.py", [])).value;

/** Relative, as the values are hundreds. */
const near = (value: number, wanted: number) =>
  expect(Math.abs(value / wanted - 1)).toBeLessThan(1e-9);

describe("metrics.parzen", () => {
  it("is NumPy's log-likelihood, its sigma and its standard error", async () => {
    const { samples, test, validation, sigmas, ...wanted } = await reference();
    const found = await metrics.parzen(rows(samples), {
      test: rows(test),
      validation: rows(validation),
      range: [0, 1],
      sigmas,
    });
    expect(found).toMatchObject({ metric: "parzen", samples: 300, test: 60, sigma: wanted.sigma });
    expect(found.validation).toMatchObject({ images: 40, sigmas });
    const tried = found.validation?.logLikelihoods as readonly number[];
    expect(tried).toHaveLength(sigmas.length);
    for (const [i, mean] of tried.entries()) near(mean, wanted.tried[i] as number);
    near(found.logLikelihood, wanted.logLikelihood);
    near(found.standardError, wanted.standardError);
  });

  it("stays a number where every density underflows", async () => {
    const { samples, test, sigmas, narrow } = await reference();
    const options = { test: rows(test), range: null, sigmas: sigmas.slice(0, 1) };
    const found = await metrics.parzen(rows(samples), options);
    expect(found.validation).toBeNull();
    near(found.logLikelihood, narrow[0]);
    near(found.standardError, narrow[1]);
  });

  it("brings samples in [-1, 1] to the [0, 1] of the images", async () => {
    const { samples, test, sigmas, narrow } = await reference();
    const signed = rows(samples.map((value) => 2 * value - 1000));
    const found = await metrics.parzen(signed, { test: rows(test), sigmas: sigmas.slice(0, 1) });
    expect(Math.abs(found.logLikelihood / narrow[0] - 1)).toBeLessThan(1e-5);
  });

  it("takes what rounding adds to black and white, and no more", async () => {
    const { test, sigmas } = await reference();
    const over = async (beyond: number) => {
      const samples = rows(test).data.slice();
      samples[0] = 1 + beyond;
      const options = { test: rows(test), range: [0, 1] as const, sigmas: sigmas.slice(0, 1) };
      const images = new Images(samples, rows(test).shape);
      return (await metrics.parzen(images, options)).metric;
    };
    expect(await over(0.0009)).toBe("parzen");
    await expect(over(0.0015)).rejects.toThrow("Expected values from 0 to 1 for samples");
  });

  it("takes the least width, whose squares are numbers still", async () => {
    const { samples, test } = await reference();
    const options = { test: rows(test), range: [0, 1] as const, sigmas: [1e-100] };
    const found = await metrics.parzen(rows(samples), options);
    expect(Number.isFinite(found.logLikelihood)).toBe(true);
  });

  it("gives the log-density of a Gaussian for one sample", async () => {
    const point = (...values: number[]) =>
      new Images(Float32Array.from(values), [values.length / 2, 2]);
    const found = await metrics.parzen(point(0, 0), {
      test: point(3, 4, 0, 0),
      range: null,
      sigmas: [2],
    });
    const peak = -2 * Math.log(2 * Math.sqrt(2 * Math.PI));
    near(found.logLikelihood, peak - 25 / 8 / 2);
    near(found.standardError, 25 / 8 / 2 / Math.SQRT2);
  });

  it("takes its images in several blocks, and leaves the arrays to their owner", async () => {
    // 2²¹ distances a block: 9,000 samples leave 233 images for the first.
    const many = Float32Array.from({ length: 9000 * 2 }, (_, i) => (Math.sin(i) + 1) / 2);
    const samples = new Images(many, [9000, 2]);
    const images = samples.slice(0, 500);
    const options = (test: Images) => ({ test, range: [0, 1] as const, sigmas: [0.1] });
    const validation = images.slice(0, 10);
    const work = metrics.parzen(samples, { ...options(images), validation, sigmas: [0.1, 9] });
    const before = many.slice();
    many.fill(0);
    const whole = await work;
    many.set(before);
    const halves = await Promise.all(
      [images.slice(0, 250), images.slice(250)].map((half) =>
        metrics.parzen(samples, options(half)),
      ),
    );
    const [a, b] = halves.map(({ logLikelihood }) => logLikelihood) as [number, number];
    near(whole.logLikelihood, (a + b) / 2);
  });
});

describe("parzen of samples as pictures are", () => {
  const range = [-0.3, 0.7] as const;
  const images = (...values: number[]) =>
    new Images(Float32Array.from(values), [values.length / 2, 2]);
  const options = { test: images(0.1, 0.9, 0.4, 0), range, sigmas: [0.5] };

  it("is that of the same samples cut off at black and white, which stay as they are", async () => {
    const samples = images(-2, 0.1, 0.5, 7, Infinity, -Infinity);
    const wanted = await metrics.parzen(images(-0.3, 0.1, 0.5, 0.7, 0.7, -0.3), options);
    expect(await parzenOfPictures(samples, options)).toEqual(wanted);
    expect([...samples.data]).toEqual([...images(-2, 0.1, 0.5, 7, Infinity, -Infinity).data]);
    await expect(metrics.parzen(samples, options)).rejects.toThrow(
      "Expected values from -0.3 to 0.7 for samples but received -2",
    );
  });

  it("does not take NaN for a pixel", async () => {
    await expect(parzenOfPictures(images(0, 9, NaN, 0), options)).rejects.toThrow(
      new RangeError("Expected values from -0.3 to 0.7 for samples but received NaN"),
    );
  });

  it("takes no test images beyond black and white", async () => {
    const beyond = { ...options, test: images(0, 1, 3, 0) };
    await expect(parzenOfPictures(images(0, 9), beyond)).rejects.toThrow(
      "Expected values from 0 to 1 for test but received 3",
    );
  });
});
