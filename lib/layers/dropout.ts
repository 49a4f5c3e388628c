import * as check from "../check.js";
import type { Layer, LayerKind } from "./kind.js";
import { call, keywords } from "./python.js";

/**
 * In training sets each number to 0 with probability p and divides the others by 1 − p (Srivastava et al.
 * 2014). torch.nn.Dropout.
 *
 * @param p in [0, 1) @default 0.5
 */
export function dropout(p = 0.5): Layer {
  return { type: "dropout", p };
}

export const dropoutKind: LayerKind = {
  options: ["p"],
  resolve(layer, input, at) {
    const p = check.within(layer.p ?? 0.5, at.option("p"), 0, 1);
    return { options: { p }, output: input };
  },
  python: (layer) => ({ module: call("nn.Dropout", ...keywords(layer, { p: 0.5 })) }),
  onnx: (_layer, x) => x,
};
