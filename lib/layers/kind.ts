import type { Shape } from "../shape.js";
import type { Layer, ResolvedLayer, ResolvedOptions } from "./layer.js";
import type { OnnxWriter, Value } from "./onnx.js";
import type { DrawnAnew, PythonLayer, WritePython } from "./python.js";
import type { Site } from "./site.js";
import type { TensorSpec } from "./state.js";

/** What a layer makes of an input. */
export interface Resolution<O extends ResolvedOptions = ResolvedOptions> {
  readonly options: O;
  readonly output: Shape;
  /** @default [] */
  readonly layers?: readonly ResolvedLayer[] | undefined;
}

/** One row of the table of layers. */
export interface LayerKind<O extends ResolvedOptions = ResolvedOptions> {
  /** Options it knows beside `type` and `name`. */
  readonly options: readonly string[];
  /** Fills in what is missing. Throws through `at.refuse` where the input does not fit. */
  resolve(layer: Layer, input: Shape, at: Site): Resolution<O>;
  /**
   * Its parameters and buffers under torch.nn's names, in the order of state_dict(): parameters,
   * buffers, then those of the modules inside. @default those of its layers
   */
  state?(layer: ResolvedLayer<O>): Record<string, TensorSpec>;
  /** Its own buffers, where its state is that of its layers behind them. @default none */
  buffers?(layer: ResolvedLayer<O>): Record<string, TensorSpec>;
  /**
   * The layer in PyTorch's words.
   *
   * @param drawnAnew for a layer that looks at the weights inside when it is made
   */
  python(layer: ResolvedLayer<O>, write: WritePython, drawnAnew: DrawnAnew): PythonLayer;
  /** The layer in ONNX's words. Without it a generator that has the layer cannot be exported. */
  onnx?(layer: ResolvedLayer<O>, x: Value, to: OnnxWriter): Value;
  /** It looks at the labels of the batch. */
  readonly labels?: true | undefined;
  /** Whether in training a sample's output depends on the others of its batch. */
  readonly couplesSamples?: true | undefined;
  /** Whether it normalises over the batch: that is what ranks may do together. */
  readonly normalizesBatch?: true | undefined;
  /** Whether it also tells of the whole batch, so that a part of one would give another answer. */
  readonly comparesSamples?: true | undefined;
  /** Whether probabilities come out of it, whatever goes in. */
  readonly makesProbabilities?: true | undefined;
  /** Whether what comes out of it is low where a sample is as it should be. */
  readonly makesEnergies?: true | undefined;
  /**
   * Whether probabilities come out as such: it moves them, pads them with 0, or takes means of
   * them. Dropout does so in evaluation.
   */
  readonly keepsProbabilities?: true | undefined;
  /** Whether in training, and there alone, it makes of a probability what may be none. */
  spoilsProbabilities?(layer: ResolvedLayer<O>): boolean;
  /** Whether the layers inside are all on its own input, and what it joins theirs to is its own. */
  readonly isSideBySide?: true | undefined;
  /** Whether its output is the input's memory in another shape. */
  readonly reshapes?: true | undefined;
  /**
   * Where the second derivative that a penalty takes goes back through the layer to those before:
   * `never` where it is linear in its input, or by pieces, and libtorch knows; `eager` where
   * libtorch makes zeros of it, and a rewrite does not. @default always: it bends, or libtorch's
   * zeros go back
   */
  bends?(layer: ResolvedLayer<O>): "never" | "eager" | "always";
  /** How often a pass of training goes through each of the layers inside. @default once */
  timesInside?(layer: ResolvedLayer<O>): readonly number[];
  /**
   * Multiplications of one sample's forward pass, those of products and convolutions. What holds
   * layers has none of its own. @default 0
   */
  multiplications?(layer: ResolvedLayer<O>): number;
  /** How many of the multiplications are by constants, which have no gradient. @default 0 */
  constantMultiplications?(layer: ResolvedLayer<O>): number;
  /** Numbers of one sample that are saved for the backward pass beside its output. @default 0 */
  savedValues?(layer: ResolvedLayer<O>): number;
  /**
   * Numbers of each pair of samples, a sample with itself included, that are saved for the backward
   * pass beside the outputs. @default 0
   */
  valuesOfPair?(layer: ResolvedLayer<O>): number;
  /** True where training needs two samples or more, because one says nothing. */
  needsTwo?(layer: ResolvedLayer<O>): boolean;
  /** Whether it keeps nothing of training to evaluate by, so that evaluation needs what that does. */
  evaluatesAsItTrains?(layer: ResolvedLayer<O>): boolean;
}

/** A row whose methods know the options that its resolve() fills in; it comes before those. */
export function layerKind<O extends ResolvedOptions>(kind: LayerKind<O>): LayerKind {
  return kind;
}
