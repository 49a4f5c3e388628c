import {
  type DiscriminatorArchitecture,
  headsOf,
  patchesOf,
  resolveDiscriminator,
  scoresOf,
} from "../architecture.js";
import * as check from "../check.js";
import { outOfRange, refused, show, wrongType } from "../errors.js";
import { Images } from "../images.js";
import type { NativeNetwork } from "../native.js";
import type { Floats } from "../arrays.js";
import { discriminatorSource } from "../pytorch/discriminator.js";
import { product } from "../shape.js";
import { checkAnswer, checkLabels, checkRows, type JudgeArguments } from "./conditions.js";
import { columnsOf } from "./draw.js";
import { copyOf, Network, type NetworkOptions } from "./network.js";

/**
 * Tells real samples from made ones. Its type knows whether it is conditional:
 * `score(images, { labels })` is there only where its architecture has classes.
 *
 * @example
 * ```ts
 * const discriminator = new Discriminator({
 *   image: [1, 28, 28],
 *   layers: [layers.flatten(), layers.linear(128), layers.leakyRelu(0.2), layers.linear(1)],
 * });
 * const images = await datasets.mnist({ split: "test" });
 * const scores = await discriminator.score(await images.read(0, 64, { range: [-1, 1] }));
 * ```
 */
export class Discriminator<
  A extends DiscriminatorArchitecture = DiscriminatorArchitecture,
> extends Network {
  /** What it was made of, as plain data: it survives JSON, and makes another like it. */
  readonly architecture: A;
  /**
   * What its scores are: probabilities if they come out of a sigmoid, energies, which are low for
   * reals, if they are a `reconstructionError`, else logits.
   */
  readonly scores: "probability" | "logit" | "energy";
  readonly #heads: { readonly classes: number; readonly codes: number };

  /**
   * Checks the architecture, infers every size, and builds it. The first weights are drawn while
   * your program goes on. What you change in the architecture later changes nothing here.
   *
   * @param architecture layers from `image` to one score, to a score for each patch, or to `heads`
   * @param options `device`, `seed`
   * @throws TypeError, RangeError, ERR_ARCHITECTURE with the layer and both shapes, ERR_DEVICE,
   * ERR_MEMORY for weights that do not fit into what is free
   */
  constructor(architecture: A, options?: NetworkOptions);
  /** @internal */
  constructor(architecture: A, options: NetworkOptions, template: NativeNetwork);
  constructor(architecture: A, options: NetworkOptions = {}, template?: NativeNetwork) {
    super(resolveDiscriminator(architecture), options, template);
    this.architecture = copyOf(architecture);
    this.scores = scoresOf(this.resolved);
    this.#heads = headsOf(this.resolved);
  }

  /** @internal Widths of what its heads say beside the score, 0 for none. */
  get heads(): { readonly classes: number; readonly codes: number } {
    return this.#heads;
  }

  /** Shape of one sample. */
  get image(): readonly number[] {
    return this.resolved.input;
  }

  /**
   * Height and width of the map of scores that it gives an image, one for each patch; undefined
   * where it gives one score.
   */
  get patches(): readonly [height: number, width: number] | undefined {
    return patchesOf(this.resolved);
  }

  /** @internal */
  protected override get flow(): string {
    const { patches, scores } = this;
    const each = { logit: "logits", probability: "probabilities", energy: "energies" }[scores];
    const answer = patches === undefined ? scores : `${patches.join(" × ")} ${each}`;
    return `${show(this.image)} → ${answer}`;
  }

  /**
   * Copies it: a discriminator with these weights, which goes its own way from here. Draws no
   * random numbers.
   *
   * @throws ERR_DISPOSED
   */
  clone(): Discriminator<A> {
    return new Discriminator<A>(this.architecture, { device: this.device }, this.native);
  }

  override toPyTorch(): string {
    return discriminatorSource(this.resolved, this.heads);
  }

  /**
   * One score for each image, in evaluation mode; the mean where it gives a score for each patch.
   *
   * @param images with values of its architecture's `range`, [-1, 1] by default: a dataset's by
   * `read(start, count, { range: [-1, 1] })`
   * @param options `labels` of the images, needed if its architecture has classes; an `execution`;
   * a `signal` that ends it between two parts of 256 images
   * @throws TypeError and RangeError for arguments, such as images of another shape; ERR_DISPOSED,
   * ERR_MEMORY; the reason of `signal`
   */
  async score(images: Images, ...[options]: JudgeArguments<A>): Promise<Floats> {
    const output = await this.#judge(images, options, this.patches !== undefined);
    return output.length === images.count ? output : this.#columns(output, 0, 1);
  }

  /**
   * A score for each patch of each image, [count, height, width] with the height and width of
   * `patches`, in evaluation mode.
   *
   * @param images with values of its architecture's `range`, [-1, 1] by default: a dataset's by
   * `read(start, count, { range: [-1, 1] })`
   * @param options `labels` of the images, needed if its architecture has classes; an `execution`;
   * a `signal` that ends it between two parts of 256 images
   * @throws ERR_ARCHITECTURE where it gives one score; TypeError and RangeError for arguments;
   * ERR_DISPOSED, ERR_MEMORY; the reason of `signal`
   */
  async scorePatches(images: Images, ...[options]: JudgeArguments<A>): Promise<Floats> {
    if (this.patches === undefined) {
      const what = "a discriminator that gives a score for each patch";
      throw refused("ERR_ARCHITECTURE", what, "scorePatches()", "one that gives one score");
    }
    return this.#judge(images, options);
  }

  /**
   * What its head `classes` thinks: logits of [count, classes], in evaluation mode.
   *
   * @param images with values of its architecture's `range`, [-1, 1] by default: a dataset's by
   * `read(start, count, { range: [-1, 1] })`
   * @param options `labels` of the images, needed if its architecture has classes; an `execution`;
   * a `signal` that ends it between two parts of 256 images
   * @throws ERR_ARCHITECTURE without such a head; TypeError and RangeError for arguments;
   * ERR_DISPOSED, ERR_MEMORY; the reason of `signal`
   */
  async classify(images: Images, ...[options]: JudgeArguments<A>): Promise<Floats> {
    const { classes } = this.heads;
    if (classes === 0) {
      const what = 'a discriminator with a head "classes"';
      throw refused("ERR_ARCHITECTURE", what, "classify()", "one without");
    }
    return this.#columns(await this.#judge(images, options), 1, classes);
  }

  /** Its whole output, or the mean of what it makes of each image. */
  async #judge(images: Images, options: unknown, averages = false): Promise<Floats> {
    check.madeWithMemory(images, "images", Images, "Images");
    if (images.shape.slice(1).join() !== this.image.join()) {
      throw outOfRange(`images of shape [count, ${this.image.join(", ")}]`, "images", images.shape);
    }
    checkRows(images.count, this.resolved, "images", images.shape);
    const { labels: given, manner } = checkAnswer(options);
    const labels = this.#labels(given, images.count);
    return this.forward(images, labels, manner, { averages });
  }

  /** Columns of an output of heads from `start` on, [count, width]. */
  #columns(output: Floats, start: number, width: number): Floats {
    return columnsOf(output, product(this.resolved.output), start, start + width);
  }

  #labels(given: unknown, count: number): Int32Array | undefined {
    const { classes } = this.resolved;
    const labels = checkLabels(given, count, classes, "it has no classes");
    if (classes > 0 && labels === undefined)
      throw wrongType(`a label from 0 to ${classes - 1} for each image`, "labels", given);
    return labels;
  }
}
