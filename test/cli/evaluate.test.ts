// `sparring evaluate`, evaluations in training, and the best checkpoint.
import { createHash } from "node:crypto";
import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { architectures, datasets, Generator, metrics } from "../../lib/index.js";
import { type Ended, runCli } from "../helpers/cli.js";
import { makeFolder } from "../helpers/folder.js";
import { writeTree } from "../helpers/image-folder.js";
import { writeIdxFolder, writeIdxTestFiles } from "../helpers/idx.js";

const means = fileURLToPath(new URL("../reference/torch-script/means.pt", import.meta.url));

let folder: { readonly path: string; remove(): Promise<void> };
const at = (...parts: string[]) => join(folder.path, ...parts);
const run = (line: string) => runCli(line.split(" "), folder.path);
const small =
  "train --preset mlp --data data --size 8 --batch 32 --threads 1 --seed 1 --log-every 3 --sample-every 40 --checkpoint-every 5 --keep-checkpoints 2 --no-tensorboard";
const judged = `${small} --evaluate-every 3 --evaluate-samples 80`;

beforeAll(async () => {
  folder = await makeFolder();
  await writeIdxFolder(at("data"), 130);
  expect(await run(`${small} --steps 24 --out plain`)).toMatchObject({ code: 0 });
  expect(await run(`${judged} --steps 24 --out judged`)).toMatchObject({ code: 0 });
});
afterAll(() => folder.remove());

async function digests(...path: string[]): Promise<Record<string, string>> {
  const names = (await readdir(at(...path))).sort();
  const read = names.map(async (name) => {
    const bytes = await readFile(at(...path, name));
    return [name, createHash("sha256").update(bytes).digest("hex")] as const;
  });
  return Object.fromEntries(await Promise.all(read));
}

const linesOf = async (name: string) =>
  (await readFile(at(name, "evaluations.jsonl"), "utf8"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
const readBest = async (name: string) =>
  JSON.parse(await readFile(at(name, "checkpoints/best.json"), "utf8"));
const json = ({ code, stderr, stdout }: Ended) => {
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout);
};
const refusal = async (line: string) => {
  const { code, stderr, stdout } = await run(line);
  expect(stdout).toBe("");
  return [code, stderr.trimEnd()];
};

describe("sparring evaluate", () => {
  it("says what it measured, and with what", async () => {
    const figures = json(await run("evaluate plain --samples 100 --json"));
    expect(figures).toMatchObject({
      run: at("plain"),
      preset: "mlp",
      averaged: false,
      step: 24,
      data: at("data"),
      size: 8,
      network: "mnist-classifier-1",
      samples: 100,
      reals: 100,
      seed: 0,
      truncation: null,
      truncationPsi: null,
    });
    expect(Object.keys(figures.scores)).toEqual([
      "fid",
      "kid",
      "precisionRecall",
      "densityCoverage",
      "inceptionScore",
      "classBalance",
    ]);
    const { fid } = figures.scores;
    expect(fid).toMatchObject({ network: "mnist-classifier-1", real: 100, generated: 100 });
    expect(fid.value).toBeGreaterThan(0);
    const again = json(await run("evaluate plain --samples 100 --json"));
    expect(again).toEqual(figures);
    const { kid, precisionRecall, densityCoverage, inceptionScore, classBalance } = figures.scores;
    const row = (name: string, ...values: number[]) =>
      `  ${name.padEnd(18)}${values.map((value) => value.toPrecision(5)).join(", ")}`;
    const around = (name: string, value: number, deviation: number) =>
      `${row(name, value)} ± ${deviation.toPrecision(5)}`;
    const { stdout } = await run("evaluate plain --samples 100");
    expect(stdout.split("\n").slice(3)).toEqual([
      row("fid", fid.value),
      around("kid", kid.value, kid.standardDeviation),
      row("precision-recall", precisionRecall.precision, precisionRecall.recall),
      row("density-coverage", densityCoverage.density, densityCoverage.coverage),
      around("inception-score", inceptionScore.value, inceptionScore.standardDeviation),
      row("class-balance", classBalance.value),
      "",
    ]);
    const other = json(await run("evaluate plain --samples 100 --seed 1 --metrics fid --json"));
    expect(Object.keys(other.scores)).toEqual(["fid"]);
    expect(other.scores.fid.value).not.toBe(fid.value);
  });

  it("takes all images where there are fewer than samples, and every number from the seed", async () => {
    const line = "evaluate plain --samples 200 --seed 3 --metrics fid,kid --json";
    const { samples, reals, seed, scores } = json(await run(line));
    expect({ samples, reals, seed }).toEqual({ samples: 200, reals: 130, seed: 3 });
    expect(scores.fid).toMatchObject({ real: 130, generated: 200 });
    expect(scores.kid.seed).toBe(3);
  });

  it("takes the reals that the seed draws", async () => {
    using network = await metrics.classifier();
    using generator = new Generator(
      architectures.mlp({ latent: { noise: 100 }, image: [1, 8, 8] }),
    );
    await generator.loadWeights(at("plain/weights/generator.safetensors"));
    using train = await datasets.mnist({ root: at("data"), size: 8 });
    const [real, generated] = [
      await network.features(train, { count: 100, seed: 5 }),
      await network.features(generator, { count: 100, seed: 5 }),
    ];
    const { value } = await metrics.fid(real, generated);
    const figures = json(await run("evaluate plain --samples 100 --seed 5 --metrics fid --json"));
    expect(figures.scores.fid.value).toBeCloseTo(value, 3);
  });

  it("measures samples of truncated noise, and says so in the report and in each result", async () => {
    const line = `evaluate plain --samples 100 --features ${means}`;
    const text = await run(`${line} --truncation 0.4`);
    expect(text.stdout).toMatch(
      /\n {2}features of means\.pt@[0-9a-f]{12}, seed 0, truncation 0\.4\n/,
    );
    const [near, any] = [
      json(await run(`${line} --truncation 0.4 --json`)),
      json(await run(`${line} --json`)),
    ];
    expect([near.truncation, any.truncation]).toEqual([0.4, null]);
    for (const name of ["fid", "kid", "precisionRecall", "densityCoverage"]) {
      expect(near.scores[name].truncation).toBe(0.4);
      expect(any.scores[name]).not.toHaveProperty("truncation");
    }
    expect(near.scores.fid.value).not.toBe(any.scores.fid.value);

    using network = await metrics.torchScript(means);
    using generator = new Generator(
      architectures.mlp({ latent: { noise: 100 }, image: [1, 8, 8] }),
    );
    await generator.loadWeights(at("plain/weights/generator.safetensors"));
    using train = await datasets.mnist({ root: at("data"), size: 8 });
    const real = await network.features(train, { count: 100, seed: 0 });
    const options = { count: 100, seed: 0, truncation: 0.4 };
    const result = await metrics.fid(real, await network.features(generator, options));
    expect(result.truncation).toBe(0.4);
    expect(near.scores.fid.value).toBeCloseTo(result.value, 6);
  });

  it("takes a TorchScript file, of which it asks what that can answer", async () => {
    const { code, stdout } = await run(`evaluate plain --samples 100 --features ${means}`);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^The generator of mlp after 24 steps\n {2}100 samples against 100 images of .*, 8×8\n {2}features of means\.pt@[0-9a-f]{12}, seed 0\n {2}fid +[\d.e-]+\n {2}kid /,
    );
    expect(stdout).not.toContain("inception-score");
  });

  it("takes one for images of the run's size alone", async () => {
    const { code, stdout } = await run(
      `evaluate plain --samples 100 --features ${means.replace("means", "fixed")}`,
    );
    expect([code, stdout]).toEqual([0, expect.stringContaining("features of fixed.pt@")]);
  });

  it("measures the likelihood of the test images where asked to, and needs no features for it", async () => {
    expect(await refusal("evaluate plain --metrics parzen --samples 50")).toEqual([
      2,
      `Expected t10k-images-idx3-ubyte (or .gz) for MNIST but received the folder "${at("data")}" without it`,
    ]);
    const bare = "data/train-images-idx3-ubyte";
    expect(await refusal(`evaluate plain --metrics parzen --data ${bare}`)).toEqual([
      2,
      `Expected a folder of MNIST's or CIFAR-10's files, which have images to test on, for --data but received "${at(bare)}"`,
    ]);
    await writeIdxTestFiles(at("data"), 40);
    const figures = json(await run("evaluate plain --metrics parzen --samples 50 --json"));
    expect(figures).toMatchObject({ network: null, reals: null, samples: 50 });
    expect(Object.keys(figures.scores)).toEqual(["parzen"]);

    const image = [1, 8, 8] as const;
    using generator = new Generator(architectures.mlp({ latent: { noise: 100 }, image }));
    await generator.loadWeights(at("plain/weights/generator.safetensors"));
    const images = { root: at("data"), size: 8 };
    using train = await datasets.mnist(images);
    using test = await datasets.mnist({ ...images, split: "test" });
    const samples = await generator.sample(50, { seed: 0 });
    const expected = await metrics.parzen(samples, {
      test: await test.read(0, 40),
      validation: await train.read(108, 22),
    });
    expect(figures.scores.parzen).toEqual(expected);
    const { logLikelihood, standardError, sigma } = expected;
    const told = await run("evaluate plain --metrics parzen --samples 50");
    expect(told.stdout.split("\n").slice(2)).toEqual([
      "  seed 0",
      `  parzen            ${logLikelihood.toFixed(1)} ± ${standardError.toFixed(1)} nats (sigma ${sigma.toPrecision(5)}, 40 test images)`,
      "",
    ]);
    const line = "evaluate plain --metrics parzen --samples 50 --truncation 0.4 --json";
    const truncated = await generator.sample(50, { seed: 0, truncation: 0.4 });
    expect(json(await run(line)).scores.parzen).toEqual(
      await metrics.parzen(truncated, {
        test: await test.read(0, 40),
        validation: await train.read(108, 22),
      }),
    );
    const others = json(await run("evaluate plain --metrics parzen --samples 50 --seed 1 --json"));
    expect(others.scores.parzen.logLikelihood).not.toBe(expected.logLikelihood);
  });

  it("chooses the width of its windows by the last sixth of all that the run had", async () => {
    await writeIdxTestFiles(at("data"), 40);
    expect(await run(`${small} --hold-out 0.4 --steps 1 --out kept`)).toMatchObject({ code: 0 });
    for (const split of ["train", "held"]) {
      const line = `evaluate kept --metrics parzen --samples 50 --split ${split} --json`;
      expect(json(await run(line)).scores.parzen.validation.images).toBe(22);
    }
  });

  it("measures it on 10,000 images, by a width that 1,000 of the last sixth choose", async () => {
    const words = `${small.replace("--data data", "--data mnist")} --steps 1 --out digits`;
    expect(await run(words)).toMatchObject({ code: 0 });
    const line = "evaluate digits --metrics parzen --samples 10 --json";
    const { parzen } = json(await run(line)).scores;
    expect([parzen.test, parzen.validation.images]).toEqual([10_000, 1000]);
  });

  it("measures it of a generator without bounds, whose samples are clipped as pictures are", async () => {
    const words = `train --preset r3gan --data ${at("data")} --size 8 --steps 1 --batch 8 --threads 1 --no-tensorboard --out open`;
    expect(await run(words)).toMatchObject({ code: 0 });
    const { scores } = json(await run("evaluate open --metrics parzen --samples 50 --json"));
    expect(scores.parzen.logLikelihood).toBeTypeOf("number");
  });

  it("asks for --features, which nobody gave, where the classifier does not take the images", async () => {
    const levels = Array.from({ length: 40 }, (_, i) => [`${i}.png`, 5 * i] as const);
    await writeTree(at("pictures"), Object.fromEntries(levels));
    const colour = small.replace("--data data", "--data pictures");
    expect(await run(`${colour} --steps 2 --out colour`)).toMatchObject({ code: 0 });
    const told = (name: string) =>
      `Expected a TorchScript file for ${name} but received none (the images have 3 channels, and the classifier takes 1)`;
    expect(await refusal("evaluate colour --samples 20")).toEqual([2, told("--features")]);
    const words = `${colour} --evaluate-every 2 --evaluate-samples 20 --out never`;
    expect((await run(words)).stderr).toContain(`${told("--evaluate-features")}\n`);
    expect(await readdir(at())).not.toContain("never");
  });

  it("refuses what does not go together", async () => {
    expect(await refusal(`evaluate plain --metrics class-balance --features ${means}`)).toEqual([
      2,
      `Expected metrics without classes, as "${means}" has none, for --metrics but received "class-balance"`,
    ]);
    expect(await refusal("evaluate plain --samples 64")).toEqual([
      2,
      'Expected more samples than the 64 features of each, for a covariance, for --samples but received "64 samples"',
    ]);
    await writeFile(at("none.pt"), "no network");
    expect(await refusal("evaluate plain --features none.pt")).toEqual([
      2,
      `Expected a TorchScript file for --features but received "${at("none.pt")}" (libtorch cannot load it)`,
    ]);
    const [code, sentence] = await refusal("evaluate plain --checkpoint best");
    expect([code, sentence]).toEqual([
      2,
      'Expected a run with a best checkpoint (trained with --evaluate-every) for --checkpoint but received "plain"',
    ]);
  });
});

describe("a run that is evaluated while it trains", () => {
  it("has the bytes of one that is not", async () => {
    for (const path of ["checkpoints/000024", "weights"]) {
      expect(await digests("judged", path)).toEqual(await digests("plain", path));
    }
    expect(Object.keys(await digests("plain", "weights"))).toContain("generator.safetensors");
    expect(Object.keys(await digests("plain", "checkpoints/000024"))).toContain(
      "training.safetensors",
    );
    const stats = async (name: string) =>
      (await readFile(at(name, "stats.jsonl"), "utf8")).replace(
        /"(seconds|imagesPerSecond)":[\d.]+/g,
        "",
      );
    expect(await stats("judged")).toBe(await stats("plain"));
  });

  it("has a line for each, which `sparring evaluate` says too", async () => {
    const lines = await linesOf("judged");
    expect(lines.map(({ step }) => step)).toEqual([3, 6, 9, 12, 15, 18, 21, 24]);
    const { network, samples, reals, values } = lines.at(-1);
    expect([network, samples, reals]).toEqual(["mnist-classifier-1", 80, 80]);
    const { scores } = json(await run("evaluate judged --samples 80 --step 24 --json"));
    // The run has one thread, this as many as there are: they round differently.
    const close = (value: number) => expect.closeTo(value, 3);
    expect(values).toEqual({
      fid: close(scores.fid.value),
      kid: close(scores.kid.value),
      precision: scores.precisionRecall.precision,
      recall: scores.precisionRecall.recall,
      density: scores.densityCoverage.density,
      coverage: scores.densityCoverage.coverage,
      inceptionScore: close(scores.inceptionScore.value),
      classBalance: close(scores.classBalance.value),
    });
  });

  it("keeps its best checkpoint beside the newest, which --checkpoint best means", async () => {
    const lines = await linesOf("judged");
    const [best] = lines.toSorted((a, b) => a.values.fid - b.values.fid);
    expect(await readBest("judged")).toEqual({
      step: best.step,
      metric: "fid",
      value: best.values.fid,
    });
    const kept = (await readdir(at("judged/checkpoints"))).filter((name) => name !== "best.json");
    const named = String(best.step).padStart(6, "0");
    expect(kept).toContain(named);
    expect(kept.filter((name) => name !== named).length).toBeLessThanOrEqual(2);
    const figures = json(
      await run("evaluate judged --samples 80 --metrics fid --checkpoint best --json"),
    );
    expect(figures.step).toBe(best.step);
    expect(figures.scores.fid.value).toBeCloseTo(best.values.fid, 3);
    expect(json(await run("sample judged --checkpoint best --out s.png --json")).step).toBe(
      best.step,
    );
    expect(json(await run("interpolate judged --checkpoint best --out i.png --json")).step).toBe(
      best.step,
    );
    const exported = "export judged --format safetensors --checkpoint best --out g.safetensors";
    expect((await run(exported)).code).toBe(0);
    expect(await readFile(at("g.safetensors"))).toEqual(
      await readFile(at("judged/checkpoints", named, "generator.safetensors")),
    );
  });

  it("that is old survives the newest few, and a resume", async () => {
    // The best evaluation of all is one that nothing later beats.
    await cp(at("judged"), at("early"), { recursive: true });
    const [first] = await linesOf("early");
    const best = { step: 24, metric: "fid", value: first.values.fid / 1e6 };
    const text = await readFile(at("early/evaluations.jsonl"), "utf8");
    const lines = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    lines.at(-1).values.fid = best.value;
    const changed = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
    // A line that was cut short, and one of a step after the last checkpoint.
    await writeFile(
      at("early/evaluations.jsonl"),
      `${changed}${JSON.stringify({ ...lines[0], step: 27 })}\n{"step":30,"val`,
    );
    await rm(at("early/checkpoints/best.json"));
    expect(await run("train --resume --out early --steps 45")).toMatchObject({ code: 0 });
    expect(await readBest("early")).toEqual(best);
    const kept = await readdir(at("early/checkpoints"));
    expect(kept.sort()).toEqual(["000024", "000040", "000045", "best.json"]);
    const steps = (await linesOf("early")).map(({ step }) => step);
    expect(steps).toEqual(Array.from({ length: 15 }, (_, i) => 3 * i + 3));
  });

  it("and stopped, ends as one that was not", async () => {
    expect(await run(`${judged} --steps 14 --out half`)).toMatchObject({ code: 0 });
    expect(await run("train --resume --out half --steps 24")).toMatchObject({ code: 0 });
    expect(await linesOf("half")).toEqual(await linesOf("judged"));
    expect(await readBest("half")).toEqual(await readBest("judged"));
    expect(await digests("half", "weights")).toEqual(await digests("judged", "weights"));
  });

  it("tells TensorBoard", async () => {
    const line = `${judged.replace(" --no-tensorboard", "")} --steps 3 --out board`;
    expect(await run(line)).toMatchObject({ code: 0 });
    const name = (await readdir(at("board"))).find((file) => file.includes("tfevents"));
    expect((await readFile(at("board", name as string))).toString("latin1")).toContain(
      "evaluation/fid",
    );
  });

  it("is refused before it begins where its images do not fit", async () => {
    const line = `${small} --evaluate-every 3 --evaluate-samples 20 --out never`;
    expect(await refusal(line)).toEqual([
      2,
      'Expected more samples than the 64 features of each, for a covariance, for --evaluate-samples but received "20 samples"',
    ]);
    expect(await readdir(at("."))).not.toContain("never");
  });
});
