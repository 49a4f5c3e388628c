import type { Shape } from "../shape.js";
import type { WriteOnnx } from "./onnx.js";
import type { Place } from "./place.js";
import type { PythonLayer, WritePython } from "./python.js";

/** What a layer option can be. */
export type OptionValue = number | boolean | string | readonly number[];

/** Options with every default filled in. */
export type ResolvedOptions = Readonly<Record<string, OptionValue>>;

/** A layer as data: its type, torch.nn's options in camelCase, and optionally a name. */
export interface Layer {
  readonly type: string;
  /** Key in the state dict. @default its position among its siblings, as in nn.Sequential */
  readonly name?: string | undefined;
  /** What a layer that is made of layers is made of. */
  readonly layers?: readonly Layer[] | undefined;
  readonly [option: string]: OptionValue | readonly Layer[] | undefined;
}

/** A layer with every default filled in and every size inferred, between two known shapes. */
export interface ResolvedLayer {
  readonly type: string;
  readonly name: string;
  /** Where it stands, as PyTorch would name it: `conv_blocks.2`. */
  readonly path: string;
  readonly options: ResolvedOptions;
  readonly layers: readonly ResolvedLayer[];
  readonly input: Shape;
  readonly output: Shape;
}

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
  resolve(layer: Layer, input: Shape, at: Place): Resolution;
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

/** A tensor that a layer owns. */
export interface TensorSpec {
  readonly shape: Shape;
  readonly dtype: "float32" | "int64";
  readonly trained: boolean;
}

export const trained = (...shape: number[]): TensorSpec => ({
  shape,
  dtype: "float32",
  trained: true,
});
export const kept = (...shape: number[]): TensorSpec => ({
  shape,
  dtype: "float32",
  trained: false,
});
export const counter: TensorSpec = { shape: [], dtype: "int64", trained: false };

/** A weight and a bias, where they are wanted. */
export function weightAndBias(
  weight: Shape | null,
  bias: Shape | null,
): Record<string, TensorSpec> {
  const state: Record<string, TensorSpec> = {};
  if (weight !== null) state.weight = trained(...weight);
  if (bias !== null) state.bias = trained(...bias);
  return state;
}
