import type { Shape } from "../shape.js";
import type { Layer, OptionValue, ResolvedLayer } from "./layer.js";
import type { WriteOnnx } from "./onnx.js";
import type { PythonLayer, WritePython } from "./python.js";
import type { Site } from "./site.js";
import type { TensorSpec } from "./state.js";

/** What a layer makes of an input. */
export interface Resolution {
  readonly options: Record<string, OptionValue>;
  readonly output: Shape;
  /** @default [] */
  readonly layers?: readonly ResolvedLayer[] | undefined;
}

/** One row of the table of layers. */
export interface LayerKind {
  /** Options it knows beside `type` and `name`. */
  readonly options: readonly string[];
  /** Fills in what is missing. Throws through `at.refuse` where the input does not fit. */
  resolve(layer: Layer, input: Shape, at: Site): Resolution;
  /**
   * Its parameters and buffers under torch.nn's names, in the order of state_dict(): parameters, buffers,
   * then those of the modules inside. @default those of its layers
   */
  state?(layer: ResolvedLayer): Record<string, TensorSpec>;
  /** The layer in PyTorch's words. */
  python(layer: ResolvedLayer, write: WritePython): PythonLayer;
  /** The layer in ONNX's words. Without it a generator that has the layer cannot be exported. */
  readonly onnx?: WriteOnnx | undefined;
  /** It looks at the labels of the batch. */
  readonly labels?: true | undefined;
  /** In training a sample's output depends on the others of its batch. */
  readonly couplesSamples?: true | undefined;
  /** So it does, and what it tells of them needs the whole batch: that of a part would be another thing. */
  readonly comparesSamples?: true | undefined;
  /** Multiplications of one sample's forward pass, those of products and convolutions. @default those of its layers */
  multiplications?(layer: ResolvedLayer): number;
  /** True where training needs two samples or more, because one says nothing. */
  needsTwo?(layer: ResolvedLayer): boolean;
}
