import * as check from "../check.js";
import { layerKind } from "./kind.js";
import type { Layer } from "./layer.js";
import { reshape } from "./onnx.js";
import { call } from "./python.js";
import { withOptions } from "./with-options.js";

/**
 * Makes `[channels, height, width]` larger by laying factor² channels side by side: channels become
 * channels / factor² (Shi et al. 2016, sub-pixel convolution). torch.nn.PixelShuffle.
 *
 * @param upscaleFactor whole number of at least 1; its square divides the channels
 */
export function pixelShuffle(
  upscaleFactor: number,
  options: { name?: string | undefined } = {},
): Layer {
  return withOptions({ type: "pixelShuffle", upscaleFactor }, options);
}

/**
 * What pixelShuffle() undoes: pixels side by side become factor² channels. torch.nn.PixelUnshuffle.
 *
 * @param downscaleFactor whole number of at least 1 that divides height and width
 */
export function pixelUnshuffle(
  downscaleFactor: number,
  options: { name?: string | undefined } = {},
): Layer {
  return withOptions({ type: "pixelUnshuffle", downscaleFactor }, options);
}

export const pixelShuffleKind = layerKind({
  options: ["upscaleFactor"],
  bends: () => "never",
  keepsProbabilities: true,
  resolve(layer, input, at) {
    const factor = check.integer(layer.upscaleFactor, at.option("upscaleFactor"), 1);
    const [channels, height, width] = at.image(input);
    if (channels % factor ** 2 !== 0)
      throw at.refuse(`channels that are a multiple of ${factor ** 2} (upscaleFactor²)`, input);
    const output = [channels / factor ** 2, height * factor, width * factor];
    return { options: { upscaleFactor: factor }, output };
  },
  python: ({ options }) => ({ module: call("nn.PixelShuffle", String(options.upscaleFactor)) }),
  onnx: ({ options }, x, to) =>
    to.node("DepthToSpace", [x], { blocksize: options.upscaleFactor, mode: "CRD" }),
});

export const pixelUnshuffleKind = layerKind({
  options: ["downscaleFactor"],
  bends: () => "never",
  keepsProbabilities: true,
  resolve(layer, input, at) {
    const factor = check.integer(layer.downscaleFactor, at.option("downscaleFactor"), 1);
    const [channels, height, width] = at.image(input);
    if (height % factor !== 0 || width % factor !== 0)
      throw at.refuse(`height and width that are multiples of ${factor} (downscaleFactor)`, input);
    const output = [channels * factor ** 2, height / factor, width / factor];
    return { options: { downscaleFactor: factor }, output };
  },
  python: ({ options }) => ({ module: call("nn.PixelUnshuffle", String(options.downscaleFactor)) }),
  // SpaceToDepth has the channels in another order.
  onnx({ options, input, output }, x, to) {
    const factor = options.downscaleFactor;
    const [channels] = input as [number, number, number];
    const [, height, width] = output as [number, number, number];
    const apart = reshape(x, [channels, height, factor, width, factor], to);
    const moved = to.node("Transpose", [apart], { perm: [0, 1, 3, 5, 2, 4] });
    return reshape(moved, output, to);
  },
});
