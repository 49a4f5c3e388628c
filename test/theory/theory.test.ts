// The experiments in short: what their figures say has to be what the article says.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { setThreads, theory } from "../../lib/index.js";
import type { Moment } from "../../lib/theory/index.js";
import { runCli } from "../helpers/cli.js";
import { withFolder } from "../helpers/networks.js";

// As the command does: on more the last digits are others, and it takes longer.
beforeAll(() => setThreads(1));

const last = (values: readonly number[]) => values.at(-1) as number;

describe("figure 1", () => {
  it("D becomes D*, leads p_g to p_data, and knows nothing in the end", async () => {
    const { moments, frames, x } = await theory.figure1();
    const [a, b, c, d] = moments as [Moment, Moment, Moment, Moment];
    expect(moments.map(({ part }) => part)).toEqual(["a", "b", "c", "d"]);
    // D learns while G waits ...
    expect([b.mean, b.deviation]).toEqual([a.mean, a.deviation]);
    expect(b.fromBest).toBeLessThan(0.02);
    expect(b.fromBest).toBeLessThan(a.fromBest / 5);
    expect(b.fromHalf).toBeGreaterThan(0.3);
    // ... p_g goes where D says the data is ...
    expect(c.mean).toBeLessThan(b.mean - 0.2);
    expect(c.jensenShannon).toBeLessThan(b.jensenShannon);
    // ... and arrives.
    expect(d.mean).toBeCloseTo(-0.6, 1);
    expect(d.deviation).toBeCloseTo(0.6, 1);
    expect(d.jensenShannon).toBeLessThan(0.001);
    expect(d.fromHalf).toBeLessThan(0.01);
    const between = d.discriminator.filter((_, i) => Math.abs((x[i] as number) + 0.6) < 1.2);
    for (const score of between) expect(score).toBeCloseTo(0.5, 1);
    // The animation goes through all four.
    expect(frames).toEqual(expect.arrayContaining([...moments]));
    const updates = frames.map((one) => one.discriminatorUpdates);
    expect(updates).toEqual([...new Set(updates)].sort((one, other) => one - other));
  });
});

describe("proposition 1", () => {
  it("D comes close to D*, in the mean and at the worst point, and closer with every stretch", async () => {
    const figures = await theory.proposition1({ steps: 1000 });
    for (const { step, mean, largest, discriminator, best } of [
      figures.gaussians,
      figures.mixture,
    ]) {
      expect(last(step)).toBe(1000);
      expect(last(mean)).toBeLessThan(0.03);
      expect(last(mean)).toBeLessThan((mean[0] as number) / 10);
      expect(last(largest)).toBeLessThan(0.7 * (largest[0] as number));
      const apart = best.map((value, i) => Math.abs(value - (discriminator[i] as number)));
      expect(Math.max(...apart)).toBeCloseTo(last(largest), 2);
    }
  });

  it("two seeds differ, and one is itself", async () => {
    const run = (seed: number) => theory.proposition1({ seed, steps: 20 });
    const [one, again, other] = [await run(3), await run(3), await run(4)];
    expect(again).toEqual(one);
    expect(other.gaussians.mean).not.toEqual(one.gaussians.mean);
  });
});

describe("theorem 1", () => {
  it("the measured C(G) follows −log 4 + 2·JSD, down to −log 4 where p_g is p_data", async () => {
    const figures = await theory.theorem1({ steps: 300 });
    expect(figures.minusLog4).toBe(-Math.log(4));
    // As docs/theory.md has it.
    expect(figures.samples).toBe(200_000);
    expect(Math.abs(figures.criterionAtEquality + Math.log(4))).toBeLessThan(0.005);
    const { path, deviationPath } = figures;
    expect(path.criterion.at(-1)).toBe(figures.criterionAtEquality);
    for (const { criterion, theory, jensenShannon, parameter } of [path, deviationPath]) {
      expect(parameter).toHaveLength(criterion.length);
      for (const [i, value] of criterion.entries()) {
        expect(Math.abs(value - (theory[i] as number))).toBeLessThan(0.03);
        expect(theory[i]).toBeCloseTo(-Math.log(4) + 2 * (jensenShannon[i] as number), 5);
      }
    }
    // N(3, 1) against N(0, 1), by a midpoint rule in Python.
    expect(path.jensenShannon[0]).toBeCloseTo(0.526777, 5);
    const equal = deviationPath.parameter.indexOf(1);
    expect(Math.min(...deviationPath.criterion)).toBe(deviationPath.criterion[equal]);
  });
});

describe("algorithm 1", () => {
  it("V stays closer to C(G) the greater k is, and a D trained on a few samples is worth less and less", async () => {
    const { games, overtrained, step } = await theory.algorithm1({ steps: 400 });
    expect(games.map(({ discriminatorSteps }) => discriminatorSteps)).toEqual([1, 2, 5]);
    const behind = games.map(({ value, criterion }) =>
      value.map((one, i) => {
        // No D is better than the best.
        expect(one).toBeLessThanOrEqual((criterion[i] as number) + 1e-6);
        return (criterion[i] as number) - one;
      }),
    );
    const mean = (values: readonly number[]) => values.reduce((sum, one) => sum + one, 0);
    const [one, two, five] = behind.map(mean) as [number, number, number];
    expect(two).toBeLessThan(one);
    expect(five).toBeLessThan(two);
    const best = games[2] as (typeof games)[number];
    expect(last(step)).toBe(400);
    expect(Math.abs(last(best.value) + Math.log(4))).toBeLessThan(0.005);
    expect(Math.abs(last(best.mean) - 0.5)).toBeLessThan(0.05);
    const { value, valueOnSamples, criterion } = overtrained;
    expect(Math.max(...value)).toBeLessThanOrEqual(criterion);
    expect(Math.max(...value)).toBeGreaterThan(criterion - 0.05);
    expect(last(value)).toBeLessThan(criterion - 0.1);
    expect(last(valueOnSamples)).toBeGreaterThan(criterion + 0.1);
  });
});

describe("saturation", () => {
  it("the minimax gradient vanishes as D(G(z)) does, the other stays, and only that one leads p_g to p_data", async () => {
    const figures = await theory.saturation({ steps: 200 });
    const { step, ratio, discriminatorOfFakes, minimax, nonSaturating, data } = figures;
    expect(last(step)).toBe(200);
    expect(last(ratio)).toBeGreaterThan(1000);
    expect(last(ratio)).toBeGreaterThan(100 * (ratio[0] as number));
    expect(last(discriminatorOfFakes)).toBeLessThan(1e-3);
    expect(last(minimax.gradientNorm)).toBeLessThan((minimax.gradientNorm[0] as number) / 100);
    expect(last(nonSaturating.gradientNorm)).toBeGreaterThan(
      nonSaturating.gradientNorm[0] as number,
    );
    // The derivatives by the logit are −D and D − 1: their ratio is about 1 / D(G(z)) for a small one.
    for (const [i, score] of discriminatorOfFakes.entries()) {
      const product = ((ratio[i] as number) * score) / (1 - score);
      expect(product).toBeGreaterThan(0.05);
      expect(product).toBeLessThan(2);
    }
    const way = (means: readonly number[]) => (means[0] as number) - last(means);
    expect(Math.abs(way(minimax.mean))).toBeLessThan(0.05);
    expect(way(nonSaturating.mean)).toBeGreaterThan(1);
    expect(last(nonSaturating.mean)).toBeGreaterThan(data.mean - 0.5);
  });
});

describe("modes", () => {
  it("counts the modes that samples lie on, and a generator that learned is on them", async () => {
    const [early, later] = [
      await theory.modes({ steps: 10, seed: 1 }),
      await theory.modes({ steps: 1200, seed: 1 }),
    ];
    expect(await theory.modes({ steps: 10, seed: 1 })).toEqual(early);
    expect([later.ring.data.modes, later.grid.data.modes]).toEqual([8, 25]);
    // Within three deviations in the plane: 1 − exp(−9 / 2).
    for (const { good } of [later.ring.data, later.grid.data])
      expect(Math.abs(good - (1 - Math.exp(-4.5)))).toBeLessThan(0.01);
    const names = Object.keys(later.ring.objectives);
    expect(names).toEqual(expect.arrayContaining(["minimax", "nonSaturating", "wasserstein"]));
    for (const { centres, objectives } of [later.ring, later.grid])
      for (const { modes, good, samples } of Object.values(objectives)) {
        expect(modes).toBeLessThanOrEqual(centres.length);
        expect(good).toBeLessThanOrEqual(1);
        for (const [x, y] of samples.slice(0, 20)) expect(Math.hypot(x, y)).toBeLessThan(5);
      }
    // At first all samples are near the origin, where the ring has no mode.
    const most = (figures: typeof later) =>
      Math.max(...Object.values(figures.ring.objectives).map(({ modes }) => modes));
    expect(most(early)).toBe(0);
    expect(most(later)).toBeGreaterThanOrEqual(6);
  });
});

describe("files", () => {
  it("sparring theory writes a picture twice and its figures, and prints what they say", () =>
    withFolder(async (folder) => {
      const out = join(folder, "new/theory");
      await mkdir(out, { recursive: true });
      await writeFile(join(out, "letter.txt"), "keep me");
      await writeFile(join(out, "proposition1.json"), "an earlier run's");
      const given = ["theory", "proposition1", "--steps", "10", "--seed", "5", "--out", out];
      const { code, stdout, stderr } = await runCli(given, folder);
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).toMatch(/^Proposition 1: .*\n {2}Gaussians: largest .* after 10 steps\n/);
      const extensions = ["json", "png", "svg"];
      const files = extensions.map((extension) => `proposition1.${extension}`);
      expect((await readdir(out)).sort()).toEqual(["letter.txt", ...files]);
      expect(await readFile(join(out, "letter.txt"), "utf8")).toBe("keep me");
      const figures = JSON.parse(await readFile(join(out, "proposition1.json"), "utf8"));
      expect(figures).toEqual(await theory.proposition1({ steps: 10, seed: 5 }));
      const svg = await readFile(join(out, "proposition1.svg"), "utf8");
      expect(svg).toMatch(/^<svg [\s\S]*Proposition 1: D trained to the end[\s\S]*<\/svg>$/);
      expect(svg).not.toMatch(/NaN|undefined/);
      const { width, height } = await sharp(join(out, "proposition1.png")).metadata();
      expect(width).toBeGreaterThan(2 * (height as number));
    }));

  it("--json prints the figures, and the same picture comes of them later", () =>
    withFolder(async (folder) => {
      const given = ["theory", "proposition1", "--steps", "10", "--json", "--out", "a"];
      const { code, stdout } = await runCli(given, folder);
      expect(code).toBe(0);
      const saved = await theory.save(JSON.parse(stdout), join(folder, "b"));
      expect(saved.animation).toBeNull();
      for (const path of [saved.json, saved.svg, saved.png])
        expect(await readFile(path)).toEqual(await readFile(path.replace("/b/", "/a/")));
    }));

  it("a legend has a point for what is drawn as points, and strokes for curves", () =>
    withFolder(async (folder) => {
      const { svg } = await theory.save(await theory.algorithm1({ steps: 10 }), folder);
      const symbols = (await readFile(svg, "utf8")).matchAll(
        /legend-symbol"[^>]*><path [^>]*d="([^"]*)"[\s\S]*?>([^<]*)<\/text>/g,
      );
      const names = [...symbols].map(([, path, name]) => [name, path?.includes("A") ?? false]);
      expect(names.filter(([, isPoint]) => isPoint)).toEqual([["the samples", true]]);
      expect(names).toContainEqual(["D early", false]);
    }));

  it("powers of ten on an axis have a minus, and 1 is no power", () =>
    withFolder(async (folder) => {
      const { svg } = await theory.save(await theory.saturation({ steps: 20 }), folder);
      const labels = [...(await readFile(svg, "utf8")).matchAll(/<text [^>]*>([^<]*)<\/text>/g)];
      const powers = labels.map(([, label = ""]) => label).filter((label) => /^1(e|$)/.test(label));
      expect(powers).toEqual(expect.arrayContaining(["1", "1e−2"]));
      for (const label of powers) expect(label).toMatch(/^1(e−?[1-9]\d*)?$/);
    }));

  // The panels, the axes before them and between them, and what titles and legends are taken to be
  // longer than the last panel.
  it.each([
    ["theorem1", 850],
    ["proposition1", 3 * 270 + 2 * 78 + 95],
    ["algorithm1", 4 * 225 + 3 * 78 + 90],
    ["saturation", 3 * 270 + 2 * 78 + 80],
  ] as const)("%s's picture ends where its panels and their legends do", (name, most) =>
    withFolder(async (folder) => {
      const { svg } = await theory.save(await theory[name]({ steps: 10 }), folder);
      const [, width] = /<svg [^>]*width="([\d.]+)"/.exec(await readFile(svg, "utf8")) ?? [];
      expect(Number(width)).toBeLessThan(most);
    }),
  );

  it("figure1 has an animation beside its picture: a frame for each moment that was looked at", () =>
    withFolder(async (folder) => {
      const figures = await theory.figure1({ steps: 10, seed: 2 });
      expect(await theory.figure1({ steps: 10, seed: 2 })).toEqual(figures);
      const { animation } = await theory.save(figures, folder);
      const { format, pages, loop } = await sharp(animation as string).metadata();
      expect({ format, pages, loop }).toEqual({
        format: "webp",
        pages: figures.frames.length,
        loop: 0,
      });
      expect((await readdir(folder)).sort()).toEqual(
        ["json", "png", "svg", "webp"].map((extension) => `figure1.${extension}`),
      );
    }));

  it("a signal stops it", async () => {
    const controller = new AbortController();
    const running = theory.theorem1({ signal: controller.signal });
    setTimeout(() => controller.abort(new Error("enough")), 50);
    await expect(running).rejects.toThrow("enough");
  });
});
