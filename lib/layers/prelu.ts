import * as check from "../check.js";
import { layerKind } from "./kind.js";
import type { Layer } from "./layer.js";
import { call, keywords } from "./python.js";
import { trained } from "./state.js";
import { withOptions } from "./with-options.js";

/** Options of torch.nn.PReLU. */
export interface PReluOptions {
  /** Slopes: one for all, or one for each channel or feature. @default 1 */
  readonly numParameters?: number | undefined;
  /** What each slope begins with, finite as a float32. @default 0.25 */
  readonly init?: number | undefined;
  /** Key in the state dict. @default its position among its siblings */
  readonly name?: string | undefined;
}

/** x where positive, else slope·x, where the slope is trained (He et al. 2015). torch.nn.PReLU. */
export function prelu(options: PReluOptions = {}): Layer {
  return withOptions({ type: "prelu" }, options);
}

export const preluKind = layerKind({
  options: ["numParameters", "init"],
  resolve(layer, input, at) {
    const numParameters = check.integer(layer.numParameters ?? 1, at.option("numParameters"), 1);
    const [size] = input as [number];
    if (numParameters !== 1 && numParameters !== size)
      throw at.refuse(`an input of ${numParameters} channels or features (numParameters)`, input);
    const init = check.number(layer.init ?? 0.25, at.option("init"));
    if (!check.isFinite32(init)) throw at.refuseWhat("a finite init", String(init));
    return { options: { numParameters, init }, output: input };
  },
  state: ({ options }) => ({ weight: trained(options.numParameters) }),
  python: (layer) => ({
    module: call("nn.PReLU", ...keywords(layer, { numParameters: 1, init: 0.25 })),
  }),
  onnx(layer, x, to) {
    const slope = to.weight(layer, "weight");
    const sides = layer.input.slice(1).map(() => 1);
    return to.node("PRelu", [x, to.node("Reshape", [slope, to.ints([-1, ...sides])])]);
  },
});
