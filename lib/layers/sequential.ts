import { layerKind } from "./kind.js";
import type { Layer } from "./layer.js";
import { sequence } from "./python.js";

/**
 * Layers under a name, one after the other. torch.nn.Sequential as an attribute of the module, so
 * that the keys of the state dict are those of the PyTorch twin: `sequential("conv_blocks", [...])`
 * gives `conv_blocks.0.weight`.
 */
export function sequential(name: string, layers: readonly Layer[]): Layer {
  return { type: "sequential", name, layers };
}

export const sequentialKind = layerKind({
  options: ["layers"],
  bends: () => "never",
  resolve(layer, input, at) {
    const layers = at.around.sequence(layer.layers, input, at.path);
    return { options: {}, layers, output: layers.at(-1)?.output ?? input };
  },
  python: ({ layers }, write) => sequence(layers, write),
  onnx: ({ layers }, x, to) => layers.reduce((value, layer) => to.layer(layer, value), x),
});
