import * as check from "../check.js";
import { layerKind } from "./kind.js";
import type { Layer } from "./layer.js";
import { call, keywords } from "./python.js";

/**
 * In training adds noise from N(0, std²) to each number. As the first layer of a discriminator it
 * is instance noise (Sønderby et al. 2016; Arjovsky and Bottou 2017), which lets reals and fakes
 * overlap. Keras's GaussianNoise.
 *
 * @param std 0 or more, in the units of the input: pixels are in [-1, 1] @default 0.1
 */
export function gaussianNoise(std = 0.1): Layer {
  return { type: "gaussianNoise", std };
}

const helper = `class GaussianNoise(nn.Module):
    """In training noise from N(0, std ** 2) is added (Sonderby et al. 2016)."""

    def __init__(self, std=0.1):
        super().__init__()
        self.std = std

    def forward(self, x):
        if not self.training or self.std == 0:
            return x
        return x + torch.randn(x.shape, dtype=x.dtype, device=x.device) * self.std`;

export const gaussianNoiseKind = layerKind({
  options: ["std"],
  bends: () => "never",
  keepsProbabilities: true,
  spoilsProbabilities: ({ options }) => options.std !== 0,
  resolve(layer, input, at) {
    const std = check.notNegative(layer.std ?? 0.1, at.option("std"));
    return { options: { std }, output: input };
  },
  python: (layer) => ({
    module: call("GaussianNoise", ...keywords(layer, { std: 0.1 })),
    helpers: [helper],
  }),
  onnx: (_layer, x) => x,
});
