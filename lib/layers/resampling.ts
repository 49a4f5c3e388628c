import * as check from "../check.js";
import { layerKind } from "./kind.js";
import type { Layer } from "./layer.js";
import { call, keywords } from "./python.js";
import { withOptions } from "./with-options.js";

/** Options of torch.nn.Upsample. */
export interface UpsampleOptions {
  /** `nearest` repeats pixels, `bilinear` goes straight from one to the next. @default "nearest" */
  readonly mode?: "nearest" | "bilinear" | undefined;
  /** Bilinear only: corner pixels keep their place. @default false */
  readonly alignCorners?: boolean | undefined;
  /** Key in the state dict. @default its position among its siblings */
  readonly name?: string | undefined;
}

/**
 * Makes `[channels, height, width]` larger. torch.nn.Upsample.
 *
 * @param scaleFactor whole number of at least 2
 */
export function upsample(scaleFactor: number, options: UpsampleOptions = {}): Layer {
  return withOptions({ type: "upsample", scaleFactor }, options);
}

export const upsampleKind = layerKind({
  options: ["scaleFactor", "mode", "alignCorners"],
  bends: () => "never",
  keepsProbabilities: true,
  resolve(layer, input, at) {
    const scaleFactor = check.integer(layer.scaleFactor, at.option("scaleFactor"), 2);
    const modes = ["nearest", "bilinear"] as const;
    const mode = check.oneOf(layer.mode ?? "nearest", at.option("mode"), modes);
    const alignCorners = check.boolean(layer.alignCorners ?? false, at.option("alignCorners"));
    if (alignCorners && mode === "nearest")
      throw at.refuseWhat('mode "bilinear" where alignCorners is true', JSON.stringify(mode));
    const [channels, height, width] = at.image(input);
    const output = [channels, height * scaleFactor, width * scaleFactor];
    return { options: { scaleFactor, mode, alignCorners }, output };
  },
  python: (layer) => ({
    module: call(
      "nn.Upsample",
      `scale_factor=${layer.options.scaleFactor}`,
      ...keywords(layer, { mode: "nearest", alignCorners: false }),
    ),
  }),
  onnx({ options: { scaleFactor: scale, mode, alignCorners } }, x, to) {
    const from = alignCorners ? "align_corners" : "half_pixel";
    const attributes: Record<string, string> =
      mode === "nearest"
        ? { mode: "nearest", nearest_mode: "floor", coordinate_transformation_mode: "asymmetric" }
        : { mode: "linear", coordinate_transformation_mode: from };
    // The second input, a region of interest, belongs to a mode of its own.
    return to.node("Resize", [x, "", to.floats([1, 1, scale, scale])], attributes);
  },
});
