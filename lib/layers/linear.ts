import * as check from "../check.js";
import { type Layer, type LayerKind, trained } from "./kind.js";

/**
 * y = x·Wᵀ + b, on `[features]`. torch.nn.Linear.
 *
 * @param outFeatures width of the output
 * @param options `bias` @default true
 */
export function linear(
  outFeatures: number,
  options: { bias?: boolean; name?: string } = {},
): Layer {
  return { type: "linear", outFeatures, ...options };
}

export const linearKind: LayerKind = {
  options: ["inFeatures", "outFeatures", "bias"],
  resolve(layer, input, at) {
    const outFeatures = check.integer(layer.outFeatures, at.option("outFeatures"), 1);
    const bias = check.boolean(layer.bias ?? true, at.option("bias"));
    if (input.length !== 1)
      throw at.refuse("an input of [features]", input, "put flatten() before it");
    const inFeatures = input[0] as number;
    if (layer.inFeatures !== undefined && layer.inFeatures !== inFeatures) {
      throw at.refuse(`an input of [${layer.inFeatures}]`, input);
    }
    return { options: { inFeatures, outFeatures, bias }, output: [outFeatures] };
  },
  state: ({ inFeatures, outFeatures, bias }) => ({
    weight: trained(outFeatures as number, inFeatures as number),
    ...(bias ? { bias: trained(outFeatures as number) } : {}),
  }),
};
