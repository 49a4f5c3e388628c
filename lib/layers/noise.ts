import * as check from "../check.js";
import { product } from "../shape.js";
import { layerKind } from "./kind.js";
import type { Layer } from "./layer.js";
import { call, keywords, literal } from "./python.js";
import { kept, trained } from "./state.js";
import { pair } from "./window.js";
import { withOptions } from "./with-options.js";

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

/**
 * Adds a number from N(0, 1) to each pixel of `[channels, height, width]`, the same to all of its
 * channels, times a strength that is learned and begins at 0 (Karras et al. 2019, 2020): what makes
 * details differ that no latent tells of. In training the numbers are drawn anew, in evaluation
 * they are those of a picture that is drawn with the first weights, so that samples are their
 * latents' alone. Keys: `noise_strength`, `noise_const`.
 */
export function noiseInjection(options: { name?: string | undefined } = {}): Layer {
  return withOptions({ type: "noiseInjection" }, options);
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

const injectionHelper = `class NoiseInjection(nn.Module):
    """Noise for each pixel, of a learned strength (Karras et al. 2019)."""

    def __init__(self, height, width):
        super().__init__()
        self.noise_strength = nn.Parameter(torch.zeros([]))
        self.register_buffer("noise_const", torch.randn(height, width))

    def forward(self, x):
        noise = self.noise_const
        if self.training:
            noise = torch.randn(len(x), 1, *x.shape[2:], dtype=x.dtype, device=x.device)
        return x + noise * self.noise_strength`;

export const noiseInjectionKind = layerKind({
  options: ["imageSize"],
  bends: () => "never",
  resolve(layer, input, at) {
    const [channels, height, width] = at.image(input);
    const imageSize = pair(layer, "imageSize", at, 1, [height, width]);
    if (imageSize[0] !== height || imageSize[1] !== width)
      throw at.refuse(`an input of [${[channels, ...imageSize].join(", ")}]`, input);
    return { options: { imageSize }, output: input };
  },
  state: ({ options: { imageSize } }) => ({
    noise_strength: trained(),
    noise_const: kept(...imageSize),
  }),
  // The numbers of a pixel: the gradient of their strength.
  savedValues: ({ input }) => product(input.slice(1)),
  python: ({ options }) => ({
    module: call("NoiseInjection", ...options.imageSize.map(literal)),
    helpers: [injectionHelper],
  }),
  onnx(layer, x, to) {
    const noise = ["noise_const", "noise_strength"].map((key) => to.weight(layer, key));
    return to.node("Add", [x, to.node("Mul", noise)]);
  },
});
