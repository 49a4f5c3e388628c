import * as check from "../check.js";
import type { Layer, LayerKind } from "./kind.js";
import { operator } from "./onnx.js";
import { call, keywords, literal } from "./python.js";
import { type Pair, pair, slide } from "./window.js";

/** Options of torch.nn.Upsample. */
export interface UpsampleOptions {
  /** `nearest` repeats pixels, `bilinear` goes straight from one to the next. @default "nearest" */
  readonly mode?: "nearest" | "bilinear";
  /** Bilinear only: corner pixels keep their place. @default false */
  readonly alignCorners?: boolean;
  /** Key in the state dict. @default its position among its siblings */
  readonly name?: string;
}

/** Options of torch.nn.AvgPool2d; a pair is [height, width]. */
export interface AvgPool2dOptions {
  /** @default kernelSize */
  readonly stride?: Pair;
  /** Zeros on every side, at most half of the kernel. @default 0 */
  readonly padding?: Pair;
  /** Whether the zeros around the image count in the average. @default true */
  readonly countIncludePad?: boolean;
  /** Key in the state dict. @default its position among its siblings */
  readonly name?: string;
}

/**
 * Makes `[channels, height, width]` larger. torch.nn.Upsample.
 *
 * @param scaleFactor whole number of at least 2
 */
export function upsample(scaleFactor: number, options: UpsampleOptions = {}): Layer {
  return { type: "upsample", scaleFactor, ...options };
}

/**
 * Averages over windows of `[channels, height, width]`. torch.nn.AvgPool2d.
 *
 * @param kernelSize side of the square window, or [height, width]
 */
export function avgPool2d(kernelSize: Pair, options: AvgPool2dOptions = {}): Layer {
  return { type: "avgPool2d", kernelSize, ...options };
}

export const upsampleKind: LayerKind = {
  options: ["scaleFactor", "mode", "alignCorners"],
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
  onnx({ options: { scaleFactor, mode, alignCorners } }, x, to) {
    const scale = scaleFactor as number;
    const from = alignCorners ? "align_corners" : "half_pixel";
    const attributes: Record<string, string> =
      mode === "nearest"
        ? { mode: "nearest", nearest_mode: "floor", coordinate_transformation_mode: "asymmetric" }
        : { mode: "linear", coordinate_transformation_mode: from };
    // The second input, a region of interest, belongs to a mode of its own.
    return to.node("Resize", [x, "", to.floats([1, 1, scale, scale])], attributes);
  },
};

export const avgPool2dKind: LayerKind = {
  options: ["kernelSize", "stride", "padding", "countIncludePad"],
  resolve(layer, input, at) {
    const kernel = pair(layer, "kernelSize", at, 1);
    const stride = pair(layer, "stride", at, 1, kernel);
    const padding = pair(layer, "padding", at, 0, 0);
    const countIncludePad = check.boolean(
      layer.countIncludePad ?? true,
      at.option("countIncludePad"),
    );
    for (const axis of [0, 1] as const)
      check.integer(padding[axis], at.option("padding"), 0, Math.floor(kernel[axis] / 2));
    const image = at.image(input);
    const output = [image[0], ...slide(image, { kernel, stride, padding }, at)];
    return { options: { kernelSize: kernel, stride, padding, countIncludePad }, output };
  },
  python(layer) {
    const { kernelSize } = layer.options as { kernelSize: readonly number[] };
    const defaults = { stride: kernelSize, padding: 0, countIncludePad: true };
    return { module: call("nn.AvgPool2d", literal(kernelSize), ...keywords(layer, defaults)) };
  },
  onnx: operator("AveragePool", ({ options }) => ({
    kernel_shape: options.kernelSize as number[],
    strides: options.stride as number[],
    pads: [options.padding, options.padding].flat() as number[],
    count_include_pad: options.countIncludePad ? 1 : 0,
  })),
};
