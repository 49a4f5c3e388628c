// From a run folder to numbers of how good its samples are.
import { resolve } from "node:path";
import { isStyled } from "../architecture.js";
import * as check from "../check.js";
import type { Dataset } from "../data/dataset.js";
import type { ImageSize } from "../data/size.js";
import type { Device } from "../device.js";
import { refused, wrongType } from "../errors.js";
import type { MetricName, MetricScores } from "../metrics/all.js";
import { usualCount } from "../metrics/network.js";
import { type Parzen, parzenOfPictures } from "../metrics/parzen.js";
import type { Generator } from "../networks.js";
import { checkTruncationPsi } from "../networks/conditions.js";
import {
  type AskedMetric,
  checkMetrics,
  type DrawnSamples,
  type EvaluationPlan,
  Judge,
  planMetrics,
} from "./evaluation.js";
import { planFeatures } from "./features.js";
import { loadPart, type Split } from "./parts.js";
import { chooseDevice } from "./device.js";
import { plainOptions } from "./plain-options.js";
import {
  isStacked,
  type Naming,
  planData,
  planDevice,
  planTruncation,
  planTruncationPsi,
} from "./plan.js";
import { type GeneratorOrigin, type GeneratorRequest, loadGenerator } from "./generator.js";
import { type RunData, readRunData } from "./stored.js";

/** What an evaluation is asked for: from a command line. */
export interface EvaluateRequest extends GeneratorRequest {
  readonly metrics?: unknown;
  readonly samples?: unknown;
  readonly seed?: unknown;
  readonly truncation?: unknown;
  readonly truncationPsi?: unknown;
  readonly features?: unknown;
  readonly data?: unknown;
  readonly split?: unknown;
  readonly device?: unknown;
}

/** What was measured, and with what: enough to know which numbers can be compared. */
export interface Evaluated extends GeneratorOrigin {
  /** Absolute path of the run. */
  readonly run: string;
  /** Where the real images are from. */
  readonly data: string;
  /** Which of them: those to train on, those that the run kept back, or those to test on. */
  readonly split: Split;
  /** Pixels of the images: the side of a square, or [height, width]. */
  readonly size: ImageSize;
  /** The feature network; null where no metric of features was asked for. */
  readonly network: string | null;
  /** Samples of the generator. */
  readonly samples: number;
  /** Real images whose features were compared; null where no metric of features was asked for. */
  readonly reals: number | null;
  readonly seed: number;
  /** How far from 0 noise was drawn at most; null where it was anything. */
  readonly truncation: number | null;
  /** How far styles were from their mean; null where as far as in training. */
  readonly truncationPsi: number | null;
  readonly scores: MetricScores & { readonly parzen?: Parzen | undefined };
}

/**
 * Measures the generator of a run against the images that it kept back, those that it was trained
 * on where it kept none, or others. Throws TypeError and RangeError for what makes no sense, what
 * loadGenerator() throws, and ERR_DATA for images or a feature network that do not fit.
 */
export async function evaluateRun(
  request: EvaluateRequest,
  naming: Naming<EvaluateRequest>,
  onNote: (sentence: string) => void,
): Promise<Evaluated> {
  const { drawn, features, metrics, device, other } = planEvaluation(request, naming);
  const found = await loadGenerator(request, naming, onNote);
  using generator = found.generator;
  checkTruncationPsi(drawn.truncationPsi, isStyled(generator.resolved), naming("truncationPsi"));
  const trained = await readRunData(request.run as string, naming("run"));
  const { split, images } = planReals(request.split, trained, other, naming);
  const { data, size } = images;
  const stacked = isStacked(data);
  const names = checkMetrics(metrics, { features, stacked }, naming("metrics"));
  const load = (part: Split, holdOut: number) =>
    loadPart({ ...images, holdOut }, part, device, { onNote });
  using dataset = await load(split, images.holdOut);
  // Data without them are refused before anything is measured.
  const isParzen = names?.includes("parzen") === true;
  using test = isParzen ? await load("test", 0) : undefined;
  const isWhole = split === "train" && images.holdOut === 0;
  using train = isParzen && !isWhole ? await load("train", 0) : undefined;
  if (test !== undefined) checkParzenCounts(train ?? dataset, test, naming("data"));
  const wanted = { ...drawn, features, stacked, names: ofFeatures(names), naming };
  const judged = await judge(wanted, generator, dataset, device);
  if (test !== undefined)
    judged.scores.parzen = await likelihood(generator, drawn, train ?? dataset, test);
  const { preset, averaged, step } = found;
  const { samples, seed, truncation = null, truncationPsi = null } = drawn;
  const how = { preset, averaged, step, data, split, size, samples, seed };
  return { run: resolve(request.run as string), ...how, truncation, truncationPsi, ...judged };
}

/** The request, checked as far as it can be without the run. */
function planEvaluation(request: EvaluateRequest, naming: Naming<EvaluateRequest>) {
  const asked = request.samples ?? usualCount;
  const drawn = {
    samples: plainOptions.evaluateSamples.check(asked, naming("samples")),
    seed: check.seed(request.seed ?? 0, naming("seed")),
    truncation: planTruncation(request.truncation, naming("truncation")),
    truncationPsi: planTruncationPsi(request.truncationPsi, naming("truncationPsi")),
  };
  const features = planFeatures(request.features, naming("features"));
  const metrics = planMetrics(request.metrics, features, naming("metrics"));
  const wanted = planDevice(request.device ?? "auto", naming("device"));
  const device = chooseDevice(wanted, naming("device"));
  const other = request.data === undefined ? undefined : planData(request.data, naming("data"));
  return { drawn, features, metrics, device, other };
}

const splits = ["train", "held", "test"] as const satisfies readonly Split[];

/**
 * Which images are the real ones: those that the run kept back, where there are any. Throws
 * TypeError.
 *
 * @param other data in place of the run's
 */
function planReals(
  asked: unknown,
  { data, ...trained }: RunData,
  other: string | undefined,
  naming: Naming<EvaluateRequest>,
) {
  // Other data are not in parts.
  const holdOut = other === undefined ? trained.holdOut : 0;
  const name = naming("split");
  const split = check.oneOf(asked ?? (holdOut > 0 ? "held" : "train"), name, splits);
  if (split === "held" && holdOut === 0)
    throw wrongType("train or test, as nothing was kept back (train --hold-out),", name, split);
  const called = (option: string) =>
    option === "data" ? naming(option) : `${option} of ${naming("run")}`;
  return { split, images: { ...trained, holdOut, data: other ?? data, naming: called } };
}

/** The metrics of features among those asked for; undefined for all of them. */
function ofFeatures(names: readonly AskedMetric[] | undefined): readonly MetricName[] | undefined {
  return names?.filter((name): name is MetricName => name !== "parzen");
}

/** Measures the metrics of features, if any is asked for. */
async function judge(
  plan: EvaluationPlan,
  generator: Generator,
  dataset: Dataset,
  device: Device,
): Promise<Judged> {
  if (plan.names?.length === 0) return { network: null, reals: null, scores: {} };
  using judge = await Judge.prepare(plan, dataset, device);
  const scores = await judge.evaluate(generator, plan);
  return { network: judge.network, reals: judge.reals, scores };
}

type Judged = Pick<Evaluated, "network" | "reals"> & {
  scores: MetricScores & { parzen?: Parzen | undefined };
};

/** Of the training files, the images to choose sigma by: after five sixths, MNIST's 50,000th. */
const validationStart = (train: Dataset) => Math.floor((train.size * 5) / 6);

/** Throws ERR_DATA for fewer images than parzen() takes, which does not know of files. */
function checkParzenCounts(train: Dataset, test: Dataset, name: string): void {
  const few = test.size < 2 || train.size - validationStart(train) < 10;
  if (!few) return;
  const what = "at least 55 images to train on, and 2 to test on, which parzen needs,";
  throw refused("ERR_DATA", what, name, `${train.size} and ${test.size}`);
}

/**
 * Measures by the protocol of docs/parzen.md: with 10,000 images of the test set, and with 1,000 of
 * the training files to choose sigma by.
 */
async function likelihood(
  generator: Generator,
  { samples, ...options }: DrawnSamples,
  train: Dataset,
  test: Dataset,
): Promise<Parzen> {
  const start = validationStart(train);
  const made = await generator.sample(samples, options);
  return parzenOfPictures(made, {
    test: await test.read(0, Math.min(10_000, test.size)),
    validation: await train.read(start, Math.min(1000, train.size - start)),
    range: generator.range,
  });
}
