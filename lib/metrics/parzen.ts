import { addon, crossing } from "../addon.js";
import * as check from "../check.js";
import { outOfRange, wrongType } from "../errors.js";
import { Images } from "../images.js";
import { checkRange, type PixelRange } from "../pixel-range.js";
import { product } from "../shape.js";

/** What a Parzen window is judged by, and how its width is chosen. */
export interface ParzenOptions {
  /**
   * Images that the log-likelihood is the mean over; at least 2. The paper's are MNIST's 10,000 of
   * test.
   */
  readonly test: Images;
  /**
   * Images that sigma is chosen by, none of them of `test`; at least 10, the paper's are 1,000.
   * @default none, which one sigma alone does without
   */
  readonly validation?: Images | undefined;
  /**
   * What black and white are in the samples: they are brought to the [0, 1] of the images. null for
   * numbers that are no pixels, and count as they are. @default [-1, 1], what a generator that ends
   * in tanh makes
   */
  readonly range?: PixelRange | null | undefined;
  /**
   * Widths to choose from, each finite and at least 1e-100: 1 is from black to white.
   * @default 10 from 0.1 to 1, evenly in their logarithms, as in the paper's code
   */
  readonly sigmas?: readonly number[] | undefined;
}

/** A log-likelihood, with all that it depends on. */
export interface Parzen {
  readonly metric: "parzen";
  /** Mean over the images of test, in nats. */
  readonly logLikelihood: number;
  /**
   * Standard error of that mean over images: the deviation (of n, not of n − 1) over √n. It says
   * nothing of other samples, or of other training.
   */
  readonly standardError: number;
  /** The width that was taken. */
  readonly sigma: number;
  /** Samples that the window is made of. */
  readonly samples: number;
  /** Images that the mean is over. */
  readonly test: number;
  /** What sigma was chosen by; null where there was one. */
  readonly validation: {
    readonly images: number;
    readonly sigmas: readonly number[];
    /** The mean log-likelihood of each. */
    readonly logLikelihoods: readonly number[];
  } | null;
}

const unit: PixelRange = [0, 1];

/** The squared distance of two float32 points over the square of less is no float64. */
const leastSigma = 1e-100;

/** numpy.logspace(-1, 0, 10), as in the paper's parzen_ll.py. */
const defaultSigmas = Array.from({ length: 10 }, (_, i) => 10 ** (-1 + i / 9));

/**
 * The log-likelihood of images under a Gaussian Parzen window of samples, as Goodfellow et al. 2014
 * (Table 1) measured it: p(x) = mean over samples s of N(x; s, sigma²·I), sigma the best of some on
 * `validation`.
 *
 *     const samples = await generator.sample(10_000, { seed: 0 });
 *     const test = await (await datasets.mnist({ split: "test" })).read(0, 10_000);
 *     await metrics.parzen(samples, { test, validation });
 *
 * Pixels are in [0, 1], as Dataset.read() gives them: in another unit the number would be another,
 * by log 2 a pixel in [-1, 1]. What it is worth: docs/parzen.md, and Theis et al. 2016, who found
 * that samples of k-means beat every model of that table.
 *
 * Computed in float64 on the CPU, in slices: training goes on in between. 10,000 samples and 10,000
 * images of 784 pixels take about 10 s on 2 cores and 300 MB (`npm run bench -- --only parzen`).
 *
 * @param samples [count, ...], of the same shape as the images; finite
 * @throws RangeError for shapes that differ, values that are no numbers or out of the range, too
 * few images
 */
export function parzen(samples: Images, options: ParzenOptions): Promise<Parzen> {
  return measure(samples, options, false);
}

/**
 * @internal The same of samples as pictures are, and as feature networks see them, cut off at black
 * and white: a last layer without bounds, R3GAN's, goes beyond.
 */
export function parzenOfPictures(samples: Images, options: ParzenOptions): Promise<Parzen> {
  return measure(samples, options, true);
}

async function measure(samples: Images, options: ParzenOptions, clip: boolean): Promise<Parzen> {
  const { test, validation, sigmas, range } = checkParzen(samples, options, clip);
  const [black, white] = range;
  const found = await crossing(() =>
    addon().metrics.parzen({
      samples: samples.data,
      black,
      white,
      clip,
      validation: validation?.data,
      test: test.data,
      dimensions: product(samples.shape.slice(1)),
      sigmas: Float64Array.from(sigmas),
    }),
  );
  const logLikelihoods = found.tried.map(({ mean }) => mean);
  return {
    metric: "parzen",
    logLikelihood: found.test.mean,
    standardError: found.test.standardError,
    sigma: sigmas[found.best] as number,
    samples: samples.count,
    test: test.count,
    validation:
      validation === undefined ? null : { images: validation.count, sigmas, logLikelihoods },
  };
}

function checkParzen(samples: Images, options: ParzenOptions, clip: boolean) {
  check.madeWithMemory(samples, "samples", Images, "Images");
  if (options === undefined) throw wrongType("an object", "options", options);
  check.options(options, "options", ["test", "validation", "range", "sigmas"]);
  const pixels = options.range !== null;
  const range = pixels ? checkRange(options.range ?? [-1, 1], "range") : unit;
  checkValues(samples, pixels ? range : undefined, "samples", clip);
  const sigmas = checkSigmas(options.sigmas ?? defaultSigmas);
  const points = (value: unknown, name: string, least: number) => {
    const images = check.madeWithMemory(value, name, Images, "Images");
    if (images.count < least) throw outOfRange(`at least ${least} images`, name, images.count);
    checkShape(images, samples, name);
    return checkValues(images, pixels ? unit : undefined, name);
  };
  const test = points(options.test, "test", 2);
  if (sigmas.length === 1) return { test, validation: undefined, sigmas, range };
  if (options.validation === undefined)
    throw wrongType("Images to choose sigma by, or one sigma,", "validation", options.validation);
  return { test, validation: points(options.validation, "validation", 10), sigmas, range };
}

function checkSigmas(sigmas: unknown): readonly number[] {
  if (!Array.isArray(sigmas) || sigmas.length === 0)
    throw wrongType("an array of widths", "sigmas", sigmas);
  return Array.from(sigmas, (sigma, i) => {
    const width = check.positive(sigma, `sigmas[${i}]`);
    if (width < leastSigma) throw outOfRange(`at least ${leastSigma}`, `sigmas[${i}]`, width);
    return width;
  });
}

function checkShape(images: Images, samples: Images, name: string): void {
  const [of, wanted] = [images, samples].map(({ shape }) => shape.slice(1));
  if (of?.join() !== wanted?.join())
    throw outOfRange(`images of the samples' shape, [${wanted?.join(", ")}],`, name, of);
}

/**
 * Pixels of another range would give a number too, and a wrong one. Numbers that are no pixels have
 * to be finite.
 *
 * @param clip whether what is beyond the range will be cut off: then NaN alone is refused
 */
function checkValues(
  images: Images,
  range: PixelRange | undefined,
  name: string,
  clip = false,
): Images {
  const [black, white] = range ?? [-Number.MAX_VALUE, Number.MAX_VALUE];
  // What rounding adds.
  const slack = range === undefined ? 0 : (white - black) / 1000;
  const [least, most] = [black - slack, white + slack];
  for (const value of images.data) {
    if ((value >= least && value <= most) || (clip && !Number.isNaN(value))) continue;
    const what = range === undefined ? "finite values" : `values from ${black} to ${white}`;
    throw outOfRange(what, name, value);
  }
  return images;
}
