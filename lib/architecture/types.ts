import type { Layer, ResolvedLayer, Shape, TensorSpec } from "../layers/kind.js";

/** What a generator starts from; the parts stand side by side, in this order. */
export interface Latent {
  /** Width of the Gaussian noise, N(0, 1). */
  readonly noise: number;
  /** Number of classes, 0 or at least 2. @default 0 */
  readonly classes?: number;
  /** Number of continuous codes, U(-1, 1). @default 0 */
  readonly codes?: number;
  /**
   * How the label enters: as one-hot between the noise and the codes, or through the `embedding` layers of
   * the generator. @default "oneHot"
   */
  readonly labels?: "oneHot" | "embedded";
}

/**
 * What the first weights are: torch.nn's own, or DCGAN's, drawn after them: convolutions from N(0, 0.02),
 * weights of batch normalisation from N(1, 0.02), its biases 0 (Radford et al. 2016, section 4). DCGAN's do not
 * go with `spectralNorm`.
 */
export type Init = "torch" | "dcgan";

/** A generator as data: latents in, samples out. */
export interface GeneratorArchitecture<L extends Latent = Latent> {
  readonly latent: L;
  readonly layers: readonly Layer[];
  /** @default "torch" */
  readonly init?: Init;
}

/** A discriminator as data: samples in, one score out, or the answers of its heads. */
export interface DiscriminatorArchitecture {
  /** Shape of a sample: [channels, height, width], or [features]. */
  readonly image: Shape;
  /** Classes of the labels that it is given with each sample, 0 or at least 2. @default 0 */
  readonly classes?: number;
  readonly layers: readonly Layer[];
  /** @default "torch" */
  readonly init?: Init;
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
  readonly init: Init;
}
