import type { Layer } from "./kind.js";

/**
 * Layers under a name, one after the other. torch.nn.Sequential as an attribute of the module, so that
 * the keys of the state dict are those of the PyTorch twin: `sequential("conv_blocks", [...])` gives
 * `conv_blocks.0.weight`.
 */
export function sequential(name: string, layers: readonly Layer[]): Layer {
  return { type: "sequential", name, layers };
}
