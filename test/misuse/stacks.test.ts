// An error that comes later keeps a stack that leads to the line of the user's that asked for it.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { addon } from "../../lib/addon.js";
import {
  type Dataset,
  datasets,
  distributed,
  Images,
  metrics,
  SparringError,
  setThreads,
  theory,
  threads,
  Trainer,
} from "../../lib/index.js";
import { makeFolder } from "../helpers/folder.js";
import { idx, imagesFile, labelsFile } from "../helpers/idx.js";
import { writeTree } from "../helpers/image-folder.js";
import { npyFile } from "../helpers/npy.js";
import { freePort } from "../helpers/ranks.js";
import {
  headedDiscriminator,
  image,
  labelledImages,
  tinyGenerator,
  tinyTrainer,
} from "../helpers/training.js";

const folder = await makeFolder();
afterAll(() => folder.remove());
await writeFile(join(folder.path, imagesFile), idx([4, 8, 8]));
await writeFile(join(folder.path, labelsFile), idx([3]));
await writeFile(join(folder.path, "floats.npy"), npyFile("1, 2, 2", 16, "'<f4'"));
await writeTree(join(folder.path, "classes"), { "a/1.png": 1, "b/1.png": 2 });
const nowhere = join(folder.path, "nowhere/file.png");

const network = tinyGenerator();
const gone = tinyGenerator();
const judge = headedDiscriminator({ classes: 3 });
const emptied: Dataset = await labelledImages(8);
for (const one of [gone, judge, emptied]) one.dispose();
const blank = new Images(new Float32Array(64), [1, ...image]);
const large = { shape: [64_000, 1, 1, 1], size: 4096 };
const ended = tinyTrainer();
ended.dispose();
/** Four numbers of each, of which no covariance can be taken, and enough. */
const [few, seen] = [4, 40].map(
  (count) =>
    new metrics.Features(new Float32Array(4 * count), [count, 4], {
      logits: new Float32Array(2 * count),
    }),
) as [metrics.Features, metrics.Features];
const digits = new Images(new Float32Array(2 * 64), [2, ...image]);
const bright = new Images(new Float32Array(64).fill(7), [1, ...image]);
const classifier = await metrics.classifier();
const goneClassifier = await metrics.classifier();
goneClassifier.dispose();
/** Of an experiment; only its picture would need more. */
const figures = { experiment: "theorem1" } as theory.Theorem1;
const place = { rank: 0, worldSize: 1, masterAddress: "127.0.0.1", masterPort: await freePort() };
const left = await distributed.join(place);
left.dispose();
const alone = { ...place, rank: 1, worldSize: 2, masterPort: await freePort(), timeout: 1 };
const ticks = () => tinyTrainer().run(emptied, { steps: 1, batchSize: 8 });

/** The line of the caller. */
function here(): number {
  const [, , caller] = (new Error().stack as string).split("\n");
  return Number(/:(\d+):\d+\)?$/.exec(caller as string)?.[1]);
}

/** A promise that will be rejected, and the line that asked for it. */
type Call = () => [line: number, failing: Promise<unknown>];

// Each call is on one line with here(). Formatters would part them.
// biome-ignore format: see above
const calls: [name: string, call: Call][] = [
  ["Generator.ready", () => [here(), gone.ready()]],
  ["Generator.sample", () => [here(), gone.sample(1)]],
  ["Generator.generate", () => [here(), gone.generate(new Float32Array(5))]],
  ["Generator.saveWeights, of a disposed one", () => [here(), gone.saveWeights(nowhere)]],
  ["Generator.saveWeights, to nowhere", () => [here(), network.saveWeights(nowhere)]],
  ["Generator.toSafetensors", () => [here(), gone.toSafetensors()]],
  ["Generator.toOnnx", () => [here(), gone.toOnnx()]],
  ["Generator.saveOnnx, of a disposed one", () => [here(), gone.saveOnnx(nowhere)]],
  ["Generator.saveOnnx, to nowhere", () => [here(), network.saveOnnx(nowhere)]],
  ["Generator.noise", () => [here(), network.noise(0)]],
  ["Generator.loadWeights", () => [here(), network.loadWeights(nowhere)]],
  ["Discriminator.score", () => [here(), judge.score(blank)]],
  ["Discriminator.scorePatches", () => [here(), judge.scorePatches(blank)]],
  ["Discriminator.classify", () => [here(), judge.classify(blank)]],
  ["Images.toPng", () => [here(), new Images(new Float32Array(4), [1, 4]).toPng()]],
  ["Images.save", () => [here(), blank.save(nowhere)]],
  ["datasets.fromBytes", () => [here(), datasets.fromBytes(new Uint8Array(64_000), large)]],
  ["datasets.fromArray", () => [here(), datasets.fromArray(new Float32Array(64_000), { ...large, range: [0, 1] })]],
  ["datasets.fromArray, of a value outside", () => [here(), datasets.fromArray(Float32Array.of(2), { shape: [1, 1, 1, 1], range: [0, 1] })]],
  ["datasets.fromValues, of NaN", () => [here(), datasets.fromValues(Float32Array.of(NaN), { shape: [1, 1] })]],
  ["datasets.folder", () => [here(), datasets.folder(nowhere, { size: 8 })]],
  ["datasets.folder, with a limit below its classes", () => [here(), datasets.folder(join(folder.path, "classes"), { size: 8, limit: 1, cache: false })]],
  ["datasets.cifar10", () => [here(), datasets.cifar10(nowhere)]],
  ["datasets.npy", () => [here(), datasets.npy(nowhere)]],
  ["datasets.npy, of floats without a range", () => [here(), datasets.npy(join(folder.path, "floats.npy"))]],
  ["datasets.idx", () => [here(), datasets.idx(nowhere)]],
  ["datasets.mnist, without files", () => [here(), datasets.mnist({ root: nowhere })]],
  ["datasets.mnist, with files that do not fit", () => [here(), datasets.mnist({ root: folder.path })]],
  ["datasets.stackedMnist", () => [here(), datasets.stackedMnist({ root: nowhere })]],
  ["datasets.stackedMnist, with files that do not fit", () => [here(), datasets.stackedMnist({ root: folder.path })]],
  ["Dataset.read", () => [here(), emptied.read(0, 1)]],
  ["Trainer.run", () => [here(), ticks().next()]],
  ["Trainer.explain", () => [here(), ended.explain()]],
  ["Trainer.save, of a disposed one", () => [here(), ended.save(nowhere)]],
  ["Trainer.save, where something is", () => [here(), tinyTrainer().save(folder.path)]],
  ["Trainer.load", () => [here(), Trainer.load(nowhere)]],
  ["metrics.torchScript", () => [here(), metrics.torchScript(nowhere)]],
  ["FeatureNetwork.features", () => [here(), goneClassifier.features(digits)]],
  ["FeatureNetwork.features, of values outside", () => [here(), classifier.features(bright)]],
  ["metrics.statistics", () => [here(), metrics.statistics(few)]],
  ["metrics.fid", () => [here(), metrics.fid(seen, few)]],
  ["metrics.modeCoverage", () => [here(), metrics.modeCoverage(seen, seen)]],
  ["theory.figure1", () => [here(), theory.figure1({ steps: 1 })]],
  ["theory.save", () => [here(), theory.save(figures, join(folder.path, "floats.npy"))]],
  ["distributed.join", () => [here(), distributed.join(alone)]],
  ["Group.gather", () => [here(), left.gather("")]],
  ["Group.barrier", () => [here(), left.barrier()]],
  ["setThreads", () => [here(), setThreads(0)]],
];

// biome-ignore format: see above
const stopped: [name: string, call: Call][] = [
  ["Generator.noise", () => [here(), network.noise(1)]],
  ["metrics.classifier", () => [here(), metrics.classifier()]],
  ["metrics.statistics", () => [here(), metrics.statistics(seen)]],
  ["metrics.fid", () => [here(), metrics.fid(seen, seen)]],
  ["metrics.kid", () => [here(), metrics.kid(seen, seen)]],
  ["metrics.precisionRecall", () => [here(), metrics.precisionRecall(seen, seen)]],
  ["metrics.densityCoverage", () => [here(), metrics.densityCoverage(seen, seen)]],
  ["metrics.inceptionScore", () => [here(), metrics.inceptionScore(seen)]],
  ["metrics.classBalance", () => [here(), metrics.classBalance(seen, seen)]],
  ["metrics.parzen", () => [here(), metrics.parzen(digits, { test: digits, sigmas: [1], range: [0, 1] })]],
  ["theory.figure1", () => [here(), theory.figure1()]],
  ["theory.proposition1", () => [here(), theory.proposition1()]],
  ["theory.theorem1", () => [here(), theory.theorem1()]],
  ["theory.algorithm1", () => [here(), theory.algorithm1()]],
  ["theory.saturation", () => [here(), theory.saturation()]],
  ["theory.modes", () => [here(), theory.modes()]],
  ["distributed.join", () => [here(), distributed.join(place)]],
  ["threads", () => [here(), threads()]],
  ["setThreads", () => [here(), setThreads(1)]],
];

async function expectLine(call: Call): Promise<Error> {
  const [line, failing] = call();
  const error = await failing.then(
    () => undefined,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(Error);
  expect(error.stack).toContain(`stacks.test.ts:${line}:`);
  expect(error.stack.startsWith(`${error.name}: ${error.message}`)).toBe(true);
  return error;
}

describe("the stack of a rejection leads to the user's line", () => {
  it.each(calls)("%s", async (_, call) => {
    await expectLine(call);
  });

  it("Trainer.run, at a later tick", async () => {
    const trainer = tinyTrainer();
    using data = await labelledImages(24);
    const running = trainer.run(data, { steps: 9, batchSize: 8, tickEvery: 1 });
    await running.next();
    trainer.dispose();
    const error = await expectLine(() => [here(), running.next()]);
    expect(error).toMatchObject({ code: "ERR_DISPOSED" });
  });

  it("an error of the user's own keeps the stack that it has", async () => {
    const own = new Error("mine");
    const { stack } = own;
    const options = {
      get seed(): number {
        throw own;
      },
    };
    await expect(network.sample(1, options)).rejects.toBe(own);
    expect(own.stack).toBe(stack);
  });

  // The last of this file: a process, or a worker, whose engine has ended.
  it.each(stopped)("%s, while the process ends", async (_, call) => {
    addon().shutdown();
    const error = await expectLine(call);
    expect(error).toBeInstanceOf(SparringError);
    expect(error).toMatchObject({ code: "ERR_STOPPED" });
  });
});
