import type { Layer, ResolvedLayer } from "../layers/layer.js";
import type { TensorSpec } from "../layers/state.js";
import type { PixelRange } from "../pixel-range.js";
import type { Shape } from "../shape.js";
import type { Init, ResolvedInit } from "./init.js";

/** What a generator starts from; the parts stand side by side, in this order. */
export interface Latent {
  /** Width of the noise, at least 1. */
  readonly noise: number;
  /**
   * What the noise is drawn from, both of mean 0 and variance 1: N(0, 1), or U(−√3, √3) as in the
   * code of the 2014 paper. @default "normal"
   */
  readonly distribution?: "normal" | "uniform" | undefined;
  /** Number of classes, 0 or at least 2. @default 0 */
  readonly classes?: number | undefined;
  /** Number of continuous codes, U(-1, 1); at least 0. @default 0 */
  readonly codes?: number | undefined;
  /**
   * How the label enters: as one-hot between the noise and the codes, or through the layers of the
   * generator that take labels, such as `embedding`. @default "oneHot"
   */
  readonly labels?: "oneHot" | "embedded" | undefined;
}

/** A generator as data: latents in, samples out. */
export interface GeneratorArchitecture<L extends Latent = Latent> {
  /** What it starts from. */
  readonly latent: L;
  /**
   * Layers from [noise + classes + codes], without the classes where labels are embedded, to one
   * sample.
   */
  readonly layers: readonly Layer[];
  /** What its first weights are. @default "torch" */
  readonly init?: Init | undefined;
  /**
   * Values of black and of white in its samples: [0, 1] where the last layer is a sigmoid.
   * @default [-1, 1], as of a tanh
   */
  readonly range?: PixelRange | undefined;
}

/**
 * A discriminator as data: samples in, one score out, a score for each patch, or the answers of its
 * heads.
 */
export interface DiscriminatorArchitecture {
  /** Shape of a sample: [channels, height, width], or [features]. */
  readonly image: Shape;
  /** Classes of the labels that it is given with each sample, 0 or at least 2. @default 0 */
  readonly classes?: number | undefined;
  /**
   * Layers from `image` to one score, [1]; to a score for each patch, [1, height, width]; or to
   * `heads`.
   */
  readonly layers: readonly Layer[];
  /** What its first weights are. @default "torch" */
  readonly init?: Init | undefined;
  /**
   * Values of black and of white in the samples that it judges, those of the generator. The bytes
   * of a dataset are brought to them; values, as of datasets.fromValues(), stay as they are.
   * @default [-1, 1]
   */
  readonly range?: PixelRange | undefined;
}

/** A network whose every size is known. */
export interface ResolvedArchitecture {
  readonly input: Shape;
  readonly output: Shape;
  readonly layers: readonly ResolvedLayer[];
  /** The state dict: every parameter and buffer under its PyTorch key, in PyTorch's order. */
  readonly state: ReadonlyMap<string, TensorSpec>;
  /** Classes of the labels that it is given beside its input; 0 if it is given none. */
  readonly classes: number;
  readonly init: ResolvedInit;
  readonly range: PixelRange;
}
