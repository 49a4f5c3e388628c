import * as check from "../check.js";
import { product } from "../shape.js";
import { layerKind } from "./kind.js";
import type { Layer } from "./layer.js";
import { affine } from "./onnx.js";
import { call, keywords, literal } from "./python.js";
import { weightAndBias } from "./state.js";
import { withOptions } from "./with-options.js";

/**
 * y = x·Wᵀ + b, on `[features]`. torch.nn.Linear.
 *
 * @param outFeatures width of the output, at least 1
 * @param options `bias` @default true
 */
export function linear(
  outFeatures: number,
  options: { bias?: boolean | undefined; name?: string | undefined } = {},
): Layer {
  return withOptions({ type: "linear", outFeatures }, options);
}

export const linearKind = layerKind({
  options: ["inFeatures", "outFeatures", "bias"],
  bends: () => "never",
  resolve(layer, input, at) {
    const outFeatures = check.integer(layer.outFeatures, at.option("outFeatures"), 1);
    const bias = check.boolean(layer.bias ?? true, at.option("bias"));
    const inFeatures = at.size(layer, "inFeatures", at.features(input));
    return { options: { inFeatures, outFeatures, bias }, output: [outFeatures] };
  },
  state({ options: { inFeatures, outFeatures, bias } }) {
    return weightAndBias([outFeatures, inFeatures], bias ? [outFeatures] : null);
  },
  multiplications: ({ input, output }) => product(input) * product(output),
  python(layer) {
    const sizes = [layer.options.inFeatures, layer.options.outFeatures];
    return {
      module: call("nn.Linear", ...sizes.map(literal), ...keywords(layer, { bias: true })),
    };
  },
  onnx: (layer, x, to) => affine(layer, x, to, { bias: layer.options.bias }),
});
