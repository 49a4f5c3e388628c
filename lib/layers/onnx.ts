// How layers are written in ONNX: they add nodes to a graph, which lib/onnx/ numbers and encodes.
import type { Shape } from "../shape.js";
import type { ResolvedLayer, ResolvedOptions } from "./layer.js";

/** A tensor of the graph, by its name. */
export type Value = string;

/** What a node is told beside its inputs. A number is an int, unless float() says otherwise. */
export type Attribute = number | readonly number[] | string | { readonly float: number };

export const float = (value: number): Attribute => ({ float: value });

/** The graph under construction, as layers see it. */
export interface OnnxWriter {
  /** The version of the operators. */
  readonly opset: number;
  /** Labels of the batch, int64 [N]. */
  readonly labels: Value;
  /** The style that layers see here, `w` of `styled`, [N, features]. */
  readonly style: Value;
  /** Adds a node; answers with its output. */
  node(
    operator: string,
    inputs: readonly Value[],
    attributes?: Readonly<Record<string, Attribute>>,
  ): Value;
  /** A tensor of a layer's state. */
  weight(layer: ResolvedLayer, key: string): Value;
  /** The numbers of a tensor of a layer's state. */
  numbers(layer: ResolvedLayer, key: string): Float32Array;
  /** What weight() answers with from now on. */
  replace(layer: ResolvedLayer, key: string, shape: Shape, values: Float32Array): void;
  /**
   * A float32 constant.
   * @param shape
   * @default a scalar if there is one value, else [values.length]
   */
  floats(values: readonly number[], shape?: Shape): Value;
  /** An int64 constant of [values.length]. */
  ints(values: readonly number[]): Value;
  /** Adds a layer inside this one. */
  layer(layer: ResolvedLayer, x: Value): Value;
  /** Adds a layer inside this one whose layers see another style. */
  styled(layer: ResolvedLayer, x: Value, style: Value): Value;
}

/** Adds the nodes that make `x` into what the layer makes of it, in evaluation mode. */
export type WriteOnnx<O extends ResolvedOptions = ResolvedOptions> = (
  layer: ResolvedLayer<O>,
  x: Value,
  to: OnnxWriter,
) => Value;

/** A layer that is one operator. */
export function operator<O extends ResolvedOptions>(
  name: string,
  attributes: (options: O) => Readonly<Record<string, Attribute>> = () => ({}),
): WriteOnnx<O> {
  return ({ options }, x, to) => to.node(name, [x], attributes(options));
}

/** Gives each sample another shape. */
export function reshape(x: Value, shape: Shape, to: OnnxWriter): Value {
  // 0 is "as it was": the batch.
  return to.node("Reshape", [x, to.ints([0, ...shape])]);
}

/** ReduceMean, ReduceMax or ReduceL1 over axes, which stay as sides of 1. */
export function reduce(name: string, x: Value, axes: readonly number[], to: OnnxWriter): Value {
  // Axes became an input in opset 18.
  if (to.opset < 18) return to.node(name, [x], { axes, keepdims: 1 });
  return to.node(name, [x, to.ints(axes)], { keepdims: 1 });
}

/** sqrt(mean of squares over axes + eps), with sides of 1. */
export function rootMeanSquare(
  x: Value,
  axes: readonly number[],
  eps: number,
  to: OnnxWriter,
): Value {
  const meanSquare = reduce("ReduceMean", to.node("Mul", [x, x]), axes, to);
  return to.node("Sqrt", [to.node("Add", [meanSquare, to.floats([eps])])]);
}

/** x·Wᵀ + b, of a layer's weight and bias. */
export function affine(
  layer: ResolvedLayer,
  x: Value,
  to: OnnxWriter,
  { prefix = "", bias }: { prefix?: string | undefined; bias: boolean },
): Value {
  const inputs = [x, ...weights(layer, to, { prefix, bias })];
  return to.node("Gemm", inputs, { transB: 1 });
}

/** A weight, and the bias where there is one. */
export function weights(
  layer: ResolvedLayer,
  to: OnnxWriter,
  { prefix = "", bias }: { prefix?: string | undefined; bias: boolean },
): Value[] {
  const keys = [`${prefix}weight`, ...(bias ? [`${prefix}bias`] : [])];
  return keys.map((key) => to.weight(layer, key));
}

/** Multiplies each channel by a layer's weight and adds its bias, where it has them. */
export function scaleChannels(layer: ResolvedLayer, x: Value, to: OnnxWriter): Value {
  if (!layer.options.affine) return x;
  const [weight, bias] = weights(layer, to, { bias: true }).map((value) =>
    layer.input.length === 3 ? to.node("Reshape", [value, to.ints([-1, 1, 1])]) : value,
  ) as [Value, Value];
  return to.node("Add", [to.node("Mul", [x, weight]), bias]);
}
