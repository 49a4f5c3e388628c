import * as check from "../check.js";
import type { Layer, LayerKind } from "./kind.js";

/**
 * Makes `[channels, height, width]` larger by repeating pixels. torch.nn.Upsample(mode="nearest").
 *
 * @param scaleFactor whole number of at least 2
 */
export function upsample(scaleFactor: number): Layer {
  return { type: "upsample", scaleFactor };
}

export const upsampleKind: LayerKind = {
  options: ["scaleFactor"],
  resolve(layer, input, at) {
    const scaleFactor = check.integer(layer.scaleFactor, at.option("scaleFactor"), 2);
    if (input.length !== 3) throw at.refuse("an input of [channels, height, width]", input);
    const [channels, height, width] = input as [number, number, number];
    return {
      options: { scaleFactor },
      output: [channels, height * scaleFactor, width * scaleFactor],
    };
  },
};
