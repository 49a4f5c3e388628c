// Noise by seed, and the ways between two latents.
import { describe, expect, it } from "vitest";
import { type Codes, Generator, type Latent, latents } from "../lib/index.js";
import { classes, stateOf, tinyGenerator } from "./helpers/training.js";

const kinds: [string, Latent][] = [
  ["noise alone", { noise: 5 }],
  ["classes and codes", { noise: 5, classes, codes: 2 }],
  ["embedded labels and codes", { noise: 5, classes, codes: 2, labels: "embedded" }],
  ["embedded labels", { noise: 17, classes, labels: "embedded" }],
];

describe("Generator.noise", () => {
  it.each(kinds)("of %s is what sample() draws", async (_name, latent) => {
    const generator = tinyGenerator(latent);
    // More than native sampling makes in one pass, and less.
    for (const count of [1, 300]) {
      const noise = await generator.noise(count, { seed: 3 });
      expect(noise).toHaveLength(count * latent.noise);
      const drawn = await generator.sample(count, { seed: 3 });
      const made = await generator.sample(count, { seed: 3, noise });
      expect(made).toEqual(drawn);
    }
  });

  it.each(kinds.slice(1))("of %s goes with labels that are given", async (_name, latent) => {
    const generator = tinyGenerator(latent) as Generator<{ noise: number; classes: number }>;
    const noise = await generator.noise(4, { seed: 3 });
    const given = { seed: 3, labels: [2, 0, 1, 2] };
    expect(await generator.sample(4, { ...given, noise })).toEqual(
      await generator.sample(4, given),
    );
    expect(await generator.sample(4, { ...given, noise, labels: 1 })).not.toEqual(
      await generator.sample(4, given),
    );
  });

  it("is normal, and another one for another seed or none", async () => {
    const generator = tinyGenerator({ noise: 100 });
    const noise = await generator.noise(1000, { seed: 0 });
    const mean = noise.reduce((sum, value) => sum + value, 0) / noise.length;
    const square = noise.reduce((sum, value) => sum + value * value, 0) / noise.length;
    // Five standard deviations of the mean of 100,000 draws.
    expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(1e5));
    expect(Math.abs(square - 1)).toBeLessThan((5 * Math.SQRT2) / Math.sqrt(1e5));
    expect(await generator.noise(1000, { seed: 1 })).not.toEqual(noise);
    expect(await generator.noise(2)).not.toEqual(await generator.noise(2));
  });

  it("is uniform, with the same mean and variance, where the latent says so", async () => {
    const generator = tinyGenerator({ noise: 100, distribution: "uniform" });
    const noise = await generator.noise(1000, { seed: 0 });
    const bound = Math.sqrt(3);
    expect(noise.every((value) => Math.abs(value) <= bound)).toBe(true);
    // The quarters of the range are hit equally often, to five standard deviations of 100,000 draws.
    const quarters = [0, 0, 0, 0] as [number, number, number, number];
    for (const value of noise)
      quarters[Math.min(3, Math.floor((2 * (value + bound)) / bound)) as 0]++;
    for (const hits of quarters)
      expect(Math.abs(hits - 25_000)).toBeLessThan(5 * Math.sqrt(1e5 * 0.25 * 0.75));
    const drawn = await generator.sample(300, { seed: 3 });
    const again = await generator.noise(300, { seed: 3 });
    expect(await generator.sample(300, { noise: again })).toEqual(drawn);
  });

  it.each(kinds)("of %s may be truncated, for sample() alike", async (_name, latent) => {
    const generator = tinyGenerator(latent);
    const options = { seed: 3, truncation: 0.6 };
    const [all, noise] = [
      await generator.noise(300, { seed: 3 }),
      await generator.noise(300, options),
    ];
    expect(Math.max(...noise.map(Math.abs))).toBeLessThanOrEqual(Math.fround(0.6));
    // The same draws, nearer to 0: labels and codes stay, too.
    expect(noise.every((value, i) => Math.abs(value) <= Math.abs(all[i] as number))).toBe(true);
    expect(noise.every((value, i) => value * (all[i] as number) >= 0)).toBe(true);
    const made = await generator.sample(300, { seed: 3, noise });
    expect(await generator.sample(300, options)).toEqual(made);
  });

  it("truncated so far that nothing is cut off is the same", async () => {
    const generator = tinyGenerator({ noise: 5 });
    const [all, noise] = [
      await generator.noise(300, { seed: 3 }),
      await generator.noise(300, { seed: 3, truncation: 40 }),
    ];
    const moved = noise.map((value, i) => Math.abs(value - (all[i] as number)));
    expect(Math.max(...moved)).toBeLessThan(1e-6);
  });

  it("disturbs no weights that are drawn afterwards", async () => {
    const one = tinyGenerator({ noise: 5 }, 7);
    await one.noise(10, { seed: 3 });
    const next = new Generator(one.architecture);
    tinyGenerator({ noise: 5 }, 7);
    expect(await stateOf(next)).toEqual(await stateOf(new Generator(one.architecture)));
  });

  it.each<[string, () => unknown, string]>([
    [
      "no noise at all",
      () => tinyGenerator().noise(0),
      "Expected a whole number of at least 1 for count but received 0",
    ],
    [
      "more than memory holds",
      () => tinyGenerator().noise(2 ** 40),
      "Expected at most 214748364 samples a call (4 GiB) for count but received 1099511627776",
    ],
    [
      "a seed that is none",
      () => tinyGenerator().noise(1, { seed: -1 }),
      "Expected a whole number of at least 0 for seed but received -1",
    ],
    [
      "labels",
      () => tinyGenerator().noise(1, { labels: 3 } as never),
      'Expected only the options seed, truncation for options but received "labels"',
    ],
    [
      "samples of noise that is too short",
      () => tinyGenerator().sample(2, { noise: new Float32Array(5) }),
      'Expected 2 × 5 values for noise but received "5 values"',
    ],
    [
      "samples of noise in an array",
      () => tinyGenerator().sample(1, { noise: [1, 2, 3, 4, 5] as never }),
      "Expected a Float32Array for noise but received [1, 2, 3, 4, 5]",
    ],
  ])("refuses %s", async (_title, call, sentence) => {
    await expect((async () => call())()).rejects.toThrow(sentence);
  });

  it("is refused after dispose() as samples of it are", async () => {
    const generator = tinyGenerator();
    const noise = await generator.noise(1);
    generator.dispose();
    await expect(generator.sample(1, { noise })).rejects.toMatchObject({ code: "ERR_DISPOSED" });
  });
});

const vector = (...values: number[]) => Float32Array.from(values);
const norm = (values: Float32Array) => Math.hypot(...values);

describe("latents.slerp", () => {
  it("turns one vector into the other at constant speed", () => {
    // In the plane of a and b the arc is a rotation: no formula of slerp is needed to say where it has to be.
    for (const degrees of [1, 30, 90, 135, 179]) {
      const angle = (degrees * Math.PI) / 180;
      const [a, b] = [vector(3, 0, 0), vector(3 * Math.cos(angle), 3 * Math.sin(angle), 0)];
      for (const t of [0.1, 0.25, 0.5, 0.9]) {
        const found = latents.slerp(a, b, t);
        expect(found[0]).toBeCloseTo(3 * Math.cos(t * angle), 4);
        expect(found[1]).toBeCloseTo(3 * Math.sin(t * angle), 4);
        expect(found[2]).toBe(0);
      }
    }
  });

  it("keeps the norm of vectors that have the same, where the line does not", async () => {
    const generator = tinyGenerator({ noise: 100 });
    const [a, other] = [
      await generator.noise(1, { seed: 1 }),
      await generator.noise(1, { seed: 2 }),
    ];
    const b = other.map((value) => (value * norm(a)) / norm(other));
    for (const t of [0.2, 0.5, 0.7]) {
      expect(norm(latents.slerp(a, b, t)) / norm(a)).toBeCloseTo(1, 5);
      expect(norm(latents.lerp(a, b, t)) / norm(a)).toBeLessThan(0.95);
    }
  });

  it("keeps to the arc of vectors that are almost opposite, where the line leads through 0", () => {
    const angle = Math.PI - 3e-3;
    const [a, b] = [vector(1, 0), vector(Math.cos(angle), Math.sin(angle))];
    // A float32 holds the cosine of such an angle to a part in ten million, and so the angle to 1e-5.
    expect(norm(latents.slerp(a, b, 0.5))).toBeCloseTo(1, 1);
    expect(norm(latents.lerp(a, b, 0.5))).toBeLessThan(2e-3);
  });

  it("goes straight where there is no one arc", () => {
    const a = vector(1, 2);
    expect(latents.slerp(a, vector(2, 4), 0.5)).toEqual(vector(1.5, 3));
    expect(latents.slerp(a, vector(-1, -2), 0.5)).toEqual(vector(0, 0));
    expect(latents.slerp(vector(0, 0), a, 0.5)).toEqual(vector(0.5, 1));
    expect(latents.slerp(a, a, 0.3)).toEqual(a);
  });
});

describe.each([
  ["lerp", latents.lerp],
  ["slerp", latents.slerp],
] as const)("latents.%s", (_name, way) => {
  it("begins and ends with exactly the two vectors", async () => {
    const generator = tinyGenerator({ noise: 64 });
    const [a, b] = [await generator.noise(1, { seed: 5 }), await generator.noise(1, { seed: 6 })];
    expect(way(a, b, 0)).toEqual(a);
    expect(way(a, b, 1)).toEqual(b);
    expect(way(a, b, 0.5)).not.toBe(a);
  });

  it.each<[string, () => unknown, string]>([
    [
      "an array",
      () => way([1] as never, vector(1), 0),
      "Expected a Float32Array for a but received [1]",
    ],
    [
      "vectors of two lengths",
      () => way(vector(1, 2), vector(1), 0),
      'Expected 2 numbers, as many as a has, for b but received "1 numbers"',
    ],
    [
      "no numbers",
      () => way(vector(), vector(), 0),
      "Expected at least 1 number for a but received Float32Array(0 bytes)",
    ],
    [
      "more than the whole way",
      () => way(vector(1), vector(1), 1.5),
      "Expected a number in [0, 1] for t but received 1.5",
    ],
    [
      "no way",
      () => way(vector(1), vector(1), undefined as never),
      "Expected a number in [0, 1] for t but received undefined",
    ],
  ])("refuses %s", (_title, call, sentence) => {
    expect(call).toThrow(sentence);
  });
});

it("lerp is the line", () => {
  expect(latents.lerp(vector(0, 4), vector(2, -4), 0.25)).toEqual(vector(0.5, 2));
});

describe("a way between two codes", () => {
  const generator = new Generator(tinyGenerator({ noise: 5, codes: 2 }).architecture, { seed: 0 });
  const [a, b] = [Float32Array.of(-0.5, 0.25), Float32Array.of(0.5, 0.75)];
  const middle = latents.lerp(a, b, 0.5);
  const samples = (codes: Codes) => generator.sample(2, { seed: 1, codes });

  it("is codes of all samples", async () => {
    expect(await samples(middle)).toEqual(await samples([0, 0.5]));
  });

  it("is codes of one of them, beside others", async () => {
    expect(await samples([middle, b])).toEqual(await samples([[0, 0.5], [...b]]));
    expect(await samples([[...a], middle])).toEqual(await samples([[...a], [0, 0.5]]));
  });
});
