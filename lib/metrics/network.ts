import { isStyled } from "../architecture.js";
import * as check from "../check.js";
import { Dataset } from "../data/dataset.js";
import { outOfRange, traced, wrongType } from "../errors.js";
import { crossingUntil, type Stoppable } from "../signal.js";
import { Images } from "../images.js";
import { type Codes, Generator, type Labels } from "../networks.js";
import {
  checkCodes,
  checkLabels,
  checkRows,
  checkTruncation,
  checkTruncationPsi,
} from "../networks/conditions.js";
import type { NativeStop } from "../native.js";
import { Features } from "./features.js";
import type { NativeFeatureInput, NativeFeatureNetwork, NativeSeen } from "./native.js";

/** The samples that features are taken of. */
export interface FeaturesOptions extends Stoppable {
  /**
   * How many of a dataset, or of a generator's samples, at least 1.
   * @default all images of a dataset, 10,000 samples of a generator
   */
  readonly count?: number | undefined;
  /**
   * Chooses the images of a dataset, or the samples: those of `sample(count, { seed })` in fused
   * execution; at least 0.
   * @default 0
   */
  readonly seed?: number | undefined;
  /**
   * Class of all samples of a conditional generator, or one for each.
   * @default drawn, each class as likely as the others
   */
  readonly labels?: Labels | undefined;
  /**
   * Codes of all samples of a generator that has some, or a vector for each.
   * @default drawn from U(-1, 1)
   */
  readonly codes?: Codes | undefined;
  /**
   * How far from 0 the noise of a generator is drawn at most, above 0: the truncation trick, as
   * `sample()` has it. Results say it.
   * @default anything
   */
  readonly truncation?: number | undefined;
  /**
   * How far the styles of a generator with `styled` are from their mean, as `sample()` has it.
   * Results say it.
   * @default 1
   */
  readonly truncationPsi?: number | undefined;
}

/** Options that only a generator understands. */
const ofGenerators = ["labels", "codes", "truncation", "truncationPsi"] as const;

/** What has images. */
export type ImageSource = Images | Dataset | Generator;

/** Takes features, unless it is stopped. */
type Look = (stop?: NativeStop) => Promise<NativeSeen>;

/** Samples of a generator unless asked otherwise. */
export const usualCount = 10_000;

/**
 * A network whose features images are compared by, made by classifier() or torchScript(). Every
 * image goes to it as the 8-bit picture that would be saved of it, resized as torchvision's Resize
 * does if it has another size, in batches of 256, on the network's device. Its memory is freed when
 * it is collected; dispose() frees it now.
 */
export class FeatureNetwork implements Disposable {
  /** What results call it. */
  readonly name: string;
  readonly #input: NativeFeatureInput;
  readonly #native: NativeFeatureNetwork;

  /** @internal */
  constructor(name: string, input: NativeFeatureInput, native: NativeFeatureNetwork) {
    if (input === undefined)
      throw wrongType("what classifier() and torchScript() make", "new FeatureNetwork()", name);
    this.name = name;
    this.#input = input;
    this.#native = native;
  }

  /**
   * What it sees in images. Never disturbs a training run: its random numbers are its own, and it
   * takes its turn between two steps.
   *
   * @param source images with values of −1 to 1, [count, channels, height, width], not those of 0
   * to 1; a dataset of bytes, of which `count` are drawn without replacement; or a generator, at
   * its own range
   * @returns rows in the order of the images, of the draw, or of the samples
   * @throws TypeError and RangeError for another source, another number of channels than it takes,
   * and options out of their range; ERR_DATA for images with values outside of −1 to 1, and where
   * the network does not answer as it did at first; the reason of `signal`
   */
  async features(source: ImageSource, options: FeaturesOptions = {}): Promise<Features> {
    const look = this.#prepare(source, options);
    const { truncation, truncationPsi, signal } = options;
    const { features, width, logits } = await traced(() => crossingUntil(signal, look));
    const samples = features.length / width;
    const answers = this.#input.eachChannel ? 3 : 1;
    const told = { network: this.name, logits, answers, truncation, truncationPsi };
    return new Features(features, [samples, width], told);
  }

  /** Checks everything, and says what is to be done. */
  #prepare(source: ImageSource, options: FeaturesOptions): Look {
    const known = ["count", "seed", ...ofGenerators, "signal"] as const;
    const { count, seed = 0, signal, ...given } = check.options(options, "options", known);
    check.seed(seed, "seed");
    check.signal(signal, "signal");
    if (source instanceof Generator) return this.#atSamples(source, { ...given, count, seed });
    for (const option of ofGenerators) {
      if (given[option] === undefined) continue;
      const what = option.startsWith("truncation") ? `a ${option}` : option;
      throw wrongType("a generator", `source of ${what}`, source);
    }
    if (source instanceof Dataset) return this.#atDataset(source, count, seed);
    check.madeWithMemory(source, "source", Images, "Images, a Dataset or a Generator");
    return this.#atImages(source, count);
  }

  #atSamples(source: Generator, options: FeaturesOptions & { readonly seed: number }): Look {
    const { seed, labels, codes, truncation, truncationPsi } = options;
    const count = check.integer(options.count ?? usualCount, "count", 1);
    this.#checkShape(source.image);
    checkRows(count, source.resolved, "count");
    const { latent, native, range } = source;
    const chosen = {
      labels: checkLabels(labels, count, latent.classes, "the latent has no classes"),
      codes: checkCodes(codes, count, latent.codes),
      truncation: checkTruncation(truncation),
      truncationPsi: checkTruncationPsi(truncationPsi, isStyled(source.resolved)),
    };
    const request = { latent, count, seed, ...chosen };
    return (stop) => this.#native.ofGenerator(native, ...range, request, stop);
  }

  #atDataset(source: Dataset, asked: number | undefined, seed: number): Look {
    const count = check.integer(asked ?? source.size, "count", 1, source.size);
    this.#checkShape(source.image);
    // Whose values they are, and so what black and white are to them, is not known here.
    if (source.dtype !== "uint8")
      throw wrongType("a dataset of bytes, or Images of -1 to 1,", "source", source.dtype);
    return (stop) => this.#native.ofDataset(source.native, count, seed, stop);
  }

  #atImages(source: Images, count: number | undefined): Look {
    if (count !== undefined && count !== source.count)
      throw outOfRange(`${source.count}, as there are images,`, "count", count);
    this.#checkShape(source.shape.slice(1));
    return (stop) => this.#native.ofImages(source.data, source.shape, stop);
  }

  #checkShape(image: readonly number[]): void {
    const { channels, eachChannel } = this.#input;
    const [given, ...sides] = image;
    const isPicture = sides.length === 2 && (given === 1 || given === 3);
    // Grey is shown to a network of colours as three equal ones; colours are not made grey.
    const fits = eachChannel ? given === 3 : given === channels || channels === 3;
    if (isPicture && fits) return;
    const what = eachChannel ? "3" : channels === 3 ? "1 or 3" : "1";
    throw outOfRange(`images of [${what}, height, width], as ${this.name} takes,`, "source", image);
  }

  /** Frees the network. Calling it twice is fine. */
  dispose(): void {
    this.#native.dispose();
  }

  /** What `using` calls: dispose(). */
  [Symbol.dispose](): void {
    this.dispose();
  }
}
