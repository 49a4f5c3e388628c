import { product, type Shape } from "../shape.js";
import { layerKind } from "./kind.js";
import type { Layer } from "./layer.js";
import { operator, reshape } from "./onnx.js";
import { call, tuple } from "./python.js";

/** Any shape as `[features]`. torch.nn.Flatten. */
export function flatten(): Layer {
  return { type: "flatten" };
}

/** `[features]` as a shape of the same size. torch.nn.Unflatten(1, shape). */
export function unflatten(shape: Shape): Layer {
  return { type: "unflatten", shape };
}

export const flattenKind = layerKind({
  options: [],
  reshapes: true,
  bends: () => "never",
  keepsProbabilities: true,
  resolve: (_layer, input) => ({ options: {}, output: [product(input)] }),
  python: () => ({ module: call("nn.Flatten"), inline: (x) => `${x}.flatten(1)` }),
  onnx: operator("Flatten"),
});

export const unflattenKind = layerKind({
  options: ["shape"],
  reshapes: true,
  bends: () => "never",
  keepsProbabilities: true,
  resolve(layer, input, at) {
    const shape = at.shape(layer.shape, "shape");
    if (input.length !== 1 || input[0] !== product(shape)) {
      throw at.refuse(`an input of [${product(shape)}] (to make [${shape.join(", ")}])`, input);
    }
    return { options: { shape }, output: shape };
  },
  python({ options }) {
    const shape = tuple(options.shape);
    return {
      module: call("nn.Unflatten", "1", shape),
      inline: (x) => `${x}.unflatten(1, ${shape})`,
    };
  },
  onnx: ({ output }, x, to) => reshape(x, output, to),
});
