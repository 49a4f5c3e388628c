// The benchmark's questions of presets, checkpoints, samples and ranks, in a hurry.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { impossible, positive, runBench } from "../helpers/bench.js";
import { makeFolder } from "../helpers/folder.js";

let folder: { readonly path: string; remove(): Promise<void> };
beforeAll(async () => {
  folder = await makeFolder();
});
afterAll(() => folder.remove());

describe.skipIf(impossible)("presets", () => {
  it("are measured in both executions, those with labels too", async () => {
    const argv = ["--only", "presets", "--quick", "--rounds", "1"];
    const { stdout, result } = await runBench(argv, folder.path);
    expect(stdout).toMatch(/^\| \w+ +\| +64 of 32×32 \|( +[\d.]+ \|){2} +[\d.]+× \|$/m);
    const { extras } = result;
    for (const row of extras.presets)
      expect(row).toEqual({
        ...{ title: expect.any(String), side: positive, batch: positive },
        ...{ eagerMs: positive, fusedMs: positive, ratio: positive },
      });
  });
});

describe.skipIf(impossible)("bfloat16", () => {
  it("is measured beside float32 in both executions", async () => {
    const argv = ["--only", "precision", "--quick", "--rounds", "1"];
    const { stdout, result } = await runBench(argv, folder.path);
    expect(stdout).toMatch(/^\| mlp +\|( +[\d.]+ \|){3} +[\d.]+× \|$/m);
    const { extras } = result;
    const figures = { eagerMs: positive, fusedMs: positive, bfloat16Ms: positive, ratio: positive };
    expect(extras.precision).toEqual(
      ["article", "mlp"].map((title) => ({
        ...{ name: `preset ${title}`, title },
        ...figures,
      })),
    );
  });
});

describe.skipIf(impossible)("samples", () => {
  it("are measured in both executions, one and many", async () => {
    const argv = ["--only", "samples", "--quick"];
    const { stdout, result } = await runBench(argv, folder.path);
    expect(stdout).toMatch(/^\| article +\| +64 \|( +[\d.]+ \|){2} +[\d.]+× \|$/m);
    const { extras } = result;
    const figures = { eagerMs: positive, fusedMs: positive, ratio: positive };
    const made = ["article", "acgan"].flatMap((name) => [1, 64].map((count) => ({ name, count })));
    expect(extras.samples).toEqual(made.map((row) => ({ ...row, ...figures })));
  });
});

describe.skipIf(impossible)("a checkpoint", () => {
  it("is saved and loaded, and every figure is told", async () => {
    const argv = ["--only", "checkpoint", "--quick"];
    const { stdout, result } = await runBench(argv, folder.path);
    expect(stdout).toMatch(
      /^A checkpoint of the article's pair, \d+ MB: saved in [\d.]+ ms, .* by itself$/m,
    );
    expect(stdout).toMatch(/^One of [\d.]+ MB: saved in .* a timer comes .* ms late at most$/m);
    const { extras } = result;
    const watched = { ms: positive, latestTimerMs: positive };
    expect(extras.checkpoint).toEqual({
      ...{ megabytes: positive, firstSaveMs: positive, saveMs: positive, idleSaveMs: positive },
      ...{ loadMs: positive, copyMs: positive, stepMs: positive, nextStepMs: positive },
      large: { megabytes: positive, saving: watched, loading: watched },
    });
  });
});

describe.skipIf(impossible)("two ranks", () => {
  it("are measured beside one process, and beside two that share nothing: on one batch, and with one each", async () => {
    const argv = ["--only", "ranks", "--quick", "--rounds", "1"];
    const { stdout, result } = await runBench(argv, folder.path);
    const cells = " +\\|( +[\\d.]+ \\|){2}( +[\\d.]+× \\|){2}";
    for (const batch of ["b64", "b64, bfloat16", "b64 each", "b64 each, bfloat16"])
      expect(stdout).toMatch(new RegExp(`^\\| the article's pair, 32×32, ${batch}${cells}`, "m"));
    const { extras } = result;
    const milliseconds = { aloneMs: positive, togetherMs: positive, apartMs: positive };
    const ratios = { speedup: positive, speedupApart: positive };
    const bytes = { gradientBytes: positive, bytesPerStep: positive };
    const row = {
      ...{ name: "article", title: expect.any(String), batch: 64, ranks: 2 },
      ...{ ...milliseconds, ...ratios, ...bytes, communicationShare: expect.any(Number) },
      // What other programs say on this interface comes on top.
      bytesRatio: expect.toSatisfy((ratio: number) => ratio > 0.98),
    };
    expect(extras.ranks).toEqual(
      [32, 64].flatMap((rankBatch) =>
        ["float32", "bfloat16"].map((reducePrecision) => ({ ...row, rankBatch, reducePrecision })),
      ),
    );
    // A speedup is one of images a second: two batches in the time of a step are twice as many.
    const [shared, rounded, each] = extras.ranks;
    expect(rounded.gradientBytes).toBe(shared.gradientBytes / 2);
    expect(shared.aloneMs).toBe(each.aloneMs);
    expect(each.speedup / (each.aloneMs / each.togetherMs)).toBeCloseTo(2, 9);
    expect(shared.speedup / (shared.aloneMs / shared.togetherMs)).toBeCloseTo(1, 9);
  });
});
