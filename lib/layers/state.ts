// The tensors of a layer.
import type { Shape } from "../shape.js";

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
