import * as check from "../check.js";
import type { Shape } from "../shape.js";
import { type LayerKind, layerKind } from "./kind.js";
import type { Layer } from "./layer.js";
import { call, keywords } from "./python.js";
import type { Site } from "./site.js";

/**
 * In training sets each number to 0 with probability p and divides the others by 1 − p (Srivastava
 * et al. 2014). torch.nn.Dropout.
 *
 * @param p in [0, 1) @default 0.5
 */
export function dropout(p = 0.5): Layer {
  return { type: "dropout", p };
}

/**
 * In training sets each channel of `[channels, height, width]` to 0 with probability p and divides
 * the others by 1 − p (Tompson et al. 2015). torch.nn.Dropout2d.
 *
 * @param p in [0, 1) @default 0.5
 */
export function dropout2d(p = 0.5): Layer {
  return { type: "dropout2d", p };
}

function dropping(torchName: string, fits: (input: Shape, at: Site) => void): LayerKind {
  return layerKind({
    options: ["p"],
    bends: () => "never",
    keepsProbabilities: true,
    spoilsProbabilities: ({ options }) => options.p !== 0,
    resolve(layer, input, at) {
      const p = check.within(layer.p ?? 0.5, at.option("p"), 0, 1);
      fits(input, at);
      return { options: { p }, output: input };
    },
    python: (layer) => ({ module: call(`nn.${torchName}`, ...keywords(layer, { p: 0.5 })) }),
    onnx: (_layer, x) => x,
  });
}

export const dropoutKind = dropping("Dropout", () => {});
export const dropout2dKind = dropping("Dropout2d", (input, at) => at.image(input));
