// The benchmark: one real contest, the smallest there is, and the other questions in a hurry.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Contestant } from "../bench/contestant.mjs";
import { exportCases } from "../bench/gpu/export.mjs";
import { pythonEnvironment } from "../scripts/python-env.mjs";
import { start } from "./helpers/cli.js";
import { makeFolder } from "./helpers/folder.js";

const main = fileURLToPath(new URL("../bench/main.mjs", import.meta.url));
let folder: { readonly path: string; remove(): Promise<void> };
beforeAll(async () => {
  folder = await makeFolder();
});
afterAll(() => folder.remove());

describe("a contestant", () => {
  const talk = (program: string) =>
    new Contestant({ program: process.execPath, parameters: ["-e", program], env: process.env });

  it("tells why, when it dies", async () => {
    const contestant = talk('console.error("no memory left"); process.exit(3)');
    await expect(contestant.ask({ steps: 1 })).rejects.toThrow(
      /ended before it answered: no memory left/,
    );
    await contestant.close();
  });
  it("is refused where its losses diverged", async () => {
    const turn = { seconds: 1, losses: { discriminator: null, generator: 1 }, peakMb: 1 };
    const contestant =
      talk(`process.stdin.once("data", () => console.log('${JSON.stringify(turn)}'))
      .on("end", () => process.exit(0))`);
    await expect(contestant.run(1)).rejects.toThrow(/diverged.*"discriminator":null/);
    await contestant.close();
  });
});

// In CI a missing PyTorch is a failure; elsewhere there is nothing to compare with.
const python = await pythonEnvironment();
// Without PyTorch there is no other side to run against; CI has to have one.
const impossible = python === null && process.env.CI === undefined;

const positive = expect.toSatisfy((value: number) => Number.isFinite(value) && value > 0);
const trained = {
  msPerStep: positive,
  rounds: [positive, positive],
  stepsPerTurn: positive,
  peakMb: positive,
  losses: { discriminator: positive, generator: positive },
};

/** Counted by hand, for the step as PyTorch does it. */
function flopsOfToy(): number {
  // Products of all layers for a sample, and of those whose inputs get a gradient: no noise, no reals.
  const [generator, discriminator, inner] = [
    8 * 32 + 32 * 32 + 32,
    32 + 32 * 32 + 32,
    32 * 32 + 32,
  ];
  // The generator: forward, weights, inputs. The discriminator: forward, weights, all inputs.
  const generatorUpdate = 2 * generator + inner + 3 * discriminator;
  const discriminatorUpdate = 2 * (2 * discriminator + inner);
  return 2 * 64 * (generatorUpdate + discriminatorUpdate);
}

describe.skipIf(impossible)("the toy, two rounds", () => {
  it("trains on both sides and writes every figure", async () => {
    const argv = ["--quick", "--case", "toy", "--rounds", "2", "--no-compile"];
    const files = ["--json", "bench.json", "--svg", "bench.svg"];
    const { child, ended } = start(process.execPath, [main, ...argv, ...files], folder.path);
    child.stdin.end();
    const { code, stdout, stderr } = await ended;
    expect([code, code === 0 ? "" : stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/\| toy +\|/);
    const result = JSON.parse(await readFile(join(folder.path, "bench.json"), "utf8"));
    expect(result).toMatchObject({
      machine: { cpu: expect.any(String), cores: positive, kernels: expect.any(String) },
      threads: expect.any(Number),
      command: `npm run bench -- ${[...argv, ...files].join(" ")}`,
      gemmGflops: positive,
      extras: {},
    });
    expect(result.versions.torch.split("+")[0]).toBe(result.versions.libtorch);
    expect(Number.isNaN(Date.parse(result.date))).toBe(false);
    const [toy, ...others] = result.cases;
    expect(others).toEqual([]);
    expect(toy).toMatchObject({
      ...{ name: "toy", threads: 1, batch: 64, ratioEager: positive, ratioCompile: positive },
      bestMode: expect.stringMatching(/^eager/),
      modes: [
        { name: "eager", ms: positive },
        { name: "eager + fused Adam", ms: positive },
      ],
      ceiling: { gemmGflops: positive, convolutionGflops: positive },
      contestants: {
        ...{ sparringFused: trained, sparringEager: trained },
        ...{ pytorchEager: trained, pytorchBest: trained },
      },
    });
    expect(toy.flops).toBe(flopsOfToy());
    expect(result.geomean.ratioEager).toBeCloseTo(toy.ratioEager, 12);
    expect(await readFile(join(folder.path, "bench.svg"), "utf8")).toMatch(/^<svg.*toy/s);
  });
});

describe.skipIf(impossible)("a checkpoint", () => {
  it("is saved and loaded, and every figure is told", async () => {
    const argv = ["--only", "checkpoint", "--quick", "--json", "checkpoint.json"];
    const { child, ended } = start(process.execPath, [main, ...argv], folder.path);
    child.stdin.end();
    const { code, stdout } = await ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^A checkpoint of the article's pair, \d+ MB: saved in [\d.]+ ms, .* by itself$/m,
    );
    expect(stdout).toMatch(/^One of [\d.]+ MB: saved in .* a timer comes .* ms late at most$/m);
    const { extras } = JSON.parse(await readFile(join(folder.path, "checkpoint.json"), "utf8"));
    const watched = { ms: positive, latestTimerMs: positive };
    expect(extras.checkpoint).toEqual({
      ...{ megabytes: positive, firstSaveMs: positive, saveMs: positive, idleSaveMs: positive },
      ...{ loadMs: positive, copyMs: positive, stepMs: positive, nextStepMs: positive },
      large: { megabytes: positive, saving: watched, loading: watched },
    });
  });
});

describe.skipIf(impossible)("kernels", () => {
  it("are timed beside libtorch's, and what they make is near float64's", async () => {
    const argv = ["--only", "kernels", "--quick", "--rounds", "2", "--threads", "1"];
    const files = ["--json", "kernels.json"];
    const { child, ended } = start(process.execPath, [main, ...argv, ...files], folder.path);
    child.stdin.end();
    const { code, stdout } = await ended;
    expect(code).toBe(0);
    const { extras } = JSON.parse(await readFile(join(folder.path, "kernels.json"), "utf8"));
    const { threads, rows } = extras.kernels;
    expect(threads).toBe(1);
    const groups: string[] = rows.map(({ group }: { group: string }) => group);
    expect([...new Set(groups)]).toEqual(
      expect.arrayContaining(["products", "second derivatives"]),
    );
    for (const group of new Set(groups))
      expect([group, groups.filter((one) => one === group).length]).toEqual([group, 2]);
    const [first] = rows;
    expect(first).toMatchObject({ ourMs: positive, theirMs: positive, ratio: positive });
    expect(first.name).toBe("64 rows, 32 to 32: forward");
    expect(first.flops).toBe(2 * 64 * 32 * 32);
    for (const { ourError, theirError, group } of rows) {
      const most = group === "bfloat16" ? 1e-2 : 1e-5;
      expect(Math.max(ourError, theirError)).toBeLessThan(most);
      expect(Math.min(ourError, theirError)).toBeGreaterThan(0);
    }
    expect(stdout).toMatch(/^\| products: 64 rows, 32 to 32: forward +\|.*× \|.*e-\d+ \|$/m);
  });
});

describe.skipIf(impossible)("bfloat16", () => {
  it("is measured beside float32 in both executions", async () => {
    const argv = ["--only", "precision", "--quick", "--rounds", "1", "--json", "precision.json"];
    const { child, ended } = start(process.execPath, [main, ...argv], folder.path);
    child.stdin.end();
    const { code, stdout } = await ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\| sngan-hinge +\|( +[\d.]+ \|){3} +[\d.]+× \|$/m);
    const { extras } = JSON.parse(await readFile(join(folder.path, "precision.json"), "utf8"));
    const figures = { eagerMs: positive, fusedMs: positive, bfloat16Ms: positive, ratio: positive };
    expect(extras.precision).toEqual(
      ["article", "dcgan", "sngan-hinge"].map((title) => ({
        ...{ name: `preset ${title}`, title },
        ...figures,
      })),
    );
  });
});

describe.skipIf(impossible)("single kinds of layers", () => {
  it("are measured in both executions, and every rewrite of the plan is among theirs", async () => {
    const argv = ["--only", "layers", "--quick", "--rounds", "1", "--json", "layers.json"];
    const { child, ended } = start(process.execPath, [main, ...argv], folder.path);
    child.stdin.end();
    const { code, stdout } = await ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^\| pixel normalisation +\|( +[\d.]+ \|){2} +[\d.]+× \| pixel normalisation in one pass/m,
    );
    const { extras } = JSON.parse(await readFile(join(folder.path, "layers.json"), "utf8"));
    for (const row of extras.layers)
      expect(row).toEqual({
        ...{ title: expect.any(String), rewrites: expect.any(Array) },
        ...{ eagerMs: positive, fusedMs: positive, ratio: positive },
      });
    const applied = new Set(extras.layers.flatMap((row: { rewrites: string[] }) => row.rewrites));
    expect([...everywhere].filter((name) => !applied.has(name))).toEqual([]);
  });
});

describe.skipIf(impossible)("small steps", () => {
  it("are measured in both executions, by numbers of images", async () => {
    const argv = ["--only", "small", "--quick", "--rounds", "1", "--json", "small.json"];
    const { child, ended } = start(process.execPath, [main, ...argv], folder.path);
    child.stdin.end();
    const { code, stdout } = await ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\| layer normalisation +\| +8 \|( +[\d.]+ \|){2} +[\d.]+× \|$/m);
    const { extras } = JSON.parse(await readFile(join(folder.path, "small.json"), "utf8"));
    const figures = { eagerMs: positive, fusedMs: positive, ratio: positive };
    expect(extras.small).toEqual(
      [1, 8].map((batch) => ({ title: "layer normalisation", batch, ...figures })),
    );
  });
});

describe.skipIf(impossible)("presets", () => {
  it("are measured in both executions, those with labels too", async () => {
    const argv = ["--only", "presets", "--quick", "--rounds", "1", "--json", "presets.json"];
    const { child, ended } = start(process.execPath, [main, ...argv], folder.path);
    child.stdin.end();
    const { code, stdout } = await ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\| \w+ +\| +64 of 32×32 \|( +[\d.]+ \|){2} +[\d.]+× \|$/m);
    const { extras } = JSON.parse(await readFile(join(folder.path, "presets.json"), "utf8"));
    for (const row of extras.presets)
      expect(row).toEqual({
        ...{ title: expect.any(String), side: positive, batch: positive },
        ...{ eagerMs: positive, fusedMs: positive, ratio: positive },
      });
  });
});

describe.skipIf(impossible)("samples", () => {
  it("are measured in both executions, one and many", async () => {
    const argv = ["--only", "samples", "--quick", "--json", "samples.json"];
    const { child, ended } = start(process.execPath, [main, ...argv], folder.path);
    child.stdin.end();
    const { code, stdout } = await ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\| article +\| +64 \|( +[\d.]+ \|){2} +[\d.]+× \|$/m);
    const { extras } = JSON.parse(await readFile(join(folder.path, "samples.json"), "utf8"));
    const figures = { eagerMs: positive, fusedMs: positive, ratio: positive };
    const made = ["article", "acgan"].flatMap((name) => [1, 64].map((count) => ({ name, count })));
    expect(extras.samples).toEqual(made.map((row) => ({ ...row, ...figures })));
  });
});

/** Rewrites that no processor is refused. */
const everywhere = [
  "1x1 convolution before upsampling",
  "1x1 convolution after pooling",
  "upsampling and convolution as one transposed convolution",
  "convolution and pooling as one strided convolution",
  "transposed convolution of one pixel as a product",
  "convolution to few channels as products",
  "convolution whose second derivatives are convolutions",
  "maxout in one pass",
  "normalisation of each sample in one go",
  "conditional batch normalisation in two passes",
  "pixel normalisation in one pass",
  "blur along columns, then along rows",
  "modulation in one pass",
  "noise in the pass of a modulation",
  "activation in the pass of a modulation",
  "no bias before normalisation",
  "normalisation and activation together",
  "batch normalisation in two passes",
  "activation without a second derivative",
  "a list of calls",
];

describe.skipIf(impossible)("two ranks", () => {
  it("are measured beside one process, and beside two that share nothing", async () => {
    const argv = ["--only", "ranks", "--quick", "--rounds", "1", "--json", "ranks.json"];
    const { child, ended } = start(process.execPath, [main, ...argv], folder.path);
    child.stdin.end();
    const { code, stdout } = await ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^\| the article's pair, 32×32, b64 +\|( +[\d.]+ \|){2}( +[\d.]+× \|){2}/m,
    );
    const { extras } = JSON.parse(await readFile(join(folder.path, "ranks.json"), "utf8"));
    const milliseconds = { aloneMs: positive, togetherMs: positive, apartMs: positive };
    const ratios = { speedup: positive, speedupApart: positive };
    const bytes = { gradientBytes: positive, bytesPerStep: positive };
    expect(extras.ranks).toEqual([
      {
        ...{ name: "article", title: expect.any(String), batch: 64, ranks: 2 },
        ...{ ...milliseconds, ...ratios, ...bytes, communicationShare: expect.any(Number) },
        // What other programs say on this interface comes on top.
        bytesRatio: expect.toSatisfy((ratio: number) => ratio > 0.98),
      },
    ]);
  });
});

describe("the cases for a machine without Node", () => {
  it("are those of the benchmark: node bench/gpu/export.mjs > bench/gpu/cases.json", async () => {
    const file = new URL("../bench/gpu/cases.json", import.meta.url);
    const committed = JSON.parse(await readFile(file, "utf8"));
    expect(JSON.parse(JSON.stringify(exportCases()))).toEqual(committed);
  });
});
