// What an evaluation is asked for, and the network and the real images that it needs: in training,
// and for `sparring evaluate`.
import * as check from "../check.js";
import type { Dataset } from "../data/dataset.js";
import type { Device } from "../device.js";
import { outOfRange, refused, show, wrongType } from "../errors.js";
import { keeping } from "../keeping.js";
import {
  type Answers,
  leastOf,
  type MetricName,
  metricNames,
  prepareReals,
  type Reals,
  score,
  type MetricScores,
  suits,
} from "../metrics/all.js";
import { classifier } from "../metrics/classifier.js";
import type { Features } from "../metrics/features.js";
import type { FeatureNetwork } from "../metrics/network.js";
import { inputOf, loadTorchScript } from "../metrics/torch-script.js";
import type { Generator } from "../networks.js";
import { defaultFeatures } from "./features.js";

/** Samples of a generator that are measured. */
export interface DrawnSamples {
  readonly samples: number;
  readonly seed: number;
  /** How far from 0 their noise is drawn at most. @default anything */
  readonly truncation?: number | undefined;
  /** How far their styles are from the mean. @default as far as in training */
  readonly truncationPsi?: number | undefined;
}

/** Judges generators by one feature network and one set of real images. */
export class Judge implements Disposable {
  readonly #network: FeatureNetwork;
  readonly #reals: Reals;
  readonly #names: readonly MetricName[];

  private constructor(network: FeatureNetwork, reals: Reals, names: readonly MetricName[]) {
    this.#network = network;
    this.#reals = reals;
    this.#names = names;
  }

  /**
   * Loads the network and looks at the real images. Throws ERR_DATA for a network that does not
   * fit, images that the classifier does not take, or too few of them for FID; RangeError for
   * images that another network does not take, or too few samples.
   *
   * @param dataset the real images, of which `samples` are drawn, or all if there are not as many
   */
  static async prepare(
    { features, stacked, samples, seed, names, naming }: EvaluationPlan,
    dataset: Dataset,
    device: Device,
  ): Promise<Judge> {
    if (features === defaultFeatures) checkChannels(dataset, stacked, naming("features"));
    return keeping(async (keep) => {
      const network = keep(
        features === defaultFeatures
          ? await classifier({ device, eachChannel: stacked })
          : await loadTorchScript(features, naming("features"), device, inputOf(dataset.image)),
      );
      const count = Math.min(samples, dataset.size);
      const seen = await network.features(dataset, { count, seed });
      const asked = names ?? possibleMetrics(answersOf(features, stacked));
      if (count < samples && asked.includes("fid")) checkEnough(seen);
      const reals = await prepareReals(seen, asked, naming("samples"));
      for (const name of asked) checkLeast(name, samples, count, naming("samples"));
      return new Judge(network, reals, asked);
    });
  }

  /**
   * Draws samples by random numbers of their own.
   *
   * @param signal ends the drawing, with `signal.reason`
   */
  async evaluate(
    generator: Generator,
    drawn: DrawnSamples,
    signal?: AbortSignal,
  ): Promise<MetricScores> {
    const { samples: count, seed, truncation, truncationPsi } = drawn;
    const options = { count, seed, truncation, truncationPsi, signal };
    const generated = await this.#network.features(generator, options);
    return score(this.#reals, generated, this.#names, seed);
  }

  /** The feature network, as results call it. */
  get network(): string {
    return this.#network.name;
  }

  /** Real images that it knows. */
  get reals(): number {
    return this.#reals.features.count;
  }

  [Symbol.dispose](): void {
    this.#network.dispose();
  }
}

/** More samples would not help where there are too few real images for a covariance. */
function checkEnough({ count, width }: Features): void {
  if (count > width) return;
  const what = `more than ${width} images, which FID by so many features needs,`;
  const received = `${count} (sparring evaluate --metrics kid takes fewer)`;
  throw refused("ERR_DATA", what, "the real images", received);
}

/** Said before a training begins, which would end at its first evaluation. */
function checkLeast(metric: MetricName, samples: number, reals: number, name: string): void {
  const least = leastOf(metric);
  const what = (count: number) => `at least ${count}, which ${toWord(metric)} takes,`;
  if (samples < least.samples) throw outOfRange(what(least.samples), name, samples);
  if (reals < least.reals)
    throw refused("ERR_DATA", what(least.reals), "the real images", `${reals}`);
}

/** The classifier knows grey digits, or one in each channel. */
function checkChannels({ image: [channels] }: Dataset, stacked: boolean, name: string): void {
  const known = stacked ? 3 : 1;
  if (channels === known) return;
  // Not "classifier": hardly anybody asked for it by that name.
  const why = `the images have ${channels} channels, and the classifier takes ${known}`;
  throw refused("ERR_DATA", "a TorchScript file", name, `none (${why})`);
}

function answersOf(features: string, stacked: boolean): Answers {
  if (features !== defaultFeatures) return "none";
  return stacked ? "classes" : "class";
}

const possibleMetrics = (answers: Answers) => metricNames.filter((name) => suits(name, answers));

/** What is to be measured, and with what. */
export interface EvaluationPlan extends DrawnSamples {
  /** `classifier`, or the path of a TorchScript file. */
  readonly features: string;
  /** The images are of stacked MNIST: the classifier looks at each channel. */
  readonly stacked: boolean;
  /** All that the network can if undefined. */
  readonly names: readonly MetricName[] | undefined;
  /** What the user calls an option, for the sentences of errors. */
  readonly naming: (option: "features" | "samples") => string;
}

/** A metric that can be asked for by name: one of features, or that of the pixels themselves. */
export type AskedMetric = MetricName | "parzen";

const askable: readonly AskedMetric[] = [...metricNames, "parzen"];

const suitsAsked = (name: AskedMetric, answers: Answers) =>
  name === "parzen" || suits(name, answers);

/**
 * Reads names of metrics with commas between them; undefined for all metrics of features. Throws
 * TypeError.
 */
export function planMetrics(
  metrics: unknown,
  features: string,
  name: string,
): readonly AskedMetric[] | undefined {
  if (metrics === undefined) return undefined;
  const asked = check.string(metrics, name).split(",");
  return asked.map((one) => {
    const metric = askable.find((known) => toWord(known) === one.trim());
    const known = askable.map(toWord).join(", ");
    if (metric === undefined) throw wrongType(`some of ${known}`, name, one.trim());
    if (features !== defaultFeatures && !suitsAsked(metric, "none"))
      throw wrongType(`metrics without classes, as ${show(features)} has none,`, name, one.trim());
    return metric;
  });
}

/**
 * Checks the metrics again, now that the images are known. Throws TypeError for one that says
 * nothing of them.
 */
export function checkMetrics(
  names: readonly AskedMetric[] | undefined,
  { features, stacked }: Pick<EvaluationPlan, "features" | "stacked">,
  name: string,
): readonly AskedMetric[] | undefined {
  const answers = answersOf(features, stacked);
  const possible = askable.filter((one) => suitsAsked(one, answers));
  const stranger = names?.find((one) => !possible.includes(one));
  if (stranger === undefined) return names;
  const kind = stacked ? "three digits each" : "one thing each";
  const what = `some of ${possible.map(toWord).join(", ")}, as the images show ${kind},`;
  throw wrongType(what, name, toWord(stranger));
}

/** `precisionRecall` → `precision-recall` */
export function toWord(metric: AskedMetric): string {
  return metric.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
