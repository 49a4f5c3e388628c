// Networks, among the twins, of the layers that StyleGAN2 is made of.
import {
  architectures,
  type DiscriminatorArchitecture,
  type GeneratorArchitecture,
  layers as l,
} from "../../lib/index.js";

const lrelu = () => l.leakyRelu(0.2);

export const generators: Record<string, GeneratorArchitecture> = {
  styles: {
    latent: { noise: 5 },
    init: { type: "normal", std: 0.02 },
    layers: [
      l.linear(7),
      l.styled(
        {
          mapping: [
            l.pixelNorm(),
            l.equalized(l.linear(6), { gain: Math.SQRT2, lrMultiplier: 0.01 }),
            lrelu(),
          ],
          synthesis: [
            l.constant([4, 3, 2]),
            l.modulatedConv2d(5, 3),
            l.noiseInjection(),
            lrelu(),
            l.sequential("b8", [
              l.modulatedConv2d(4, 3, { upsample: true, gain: Math.SQRT2 }),
              l.noiseInjection({ name: "noise" }),
              l.residual([l.modulatedConv2d(4, 1, { bias: false }), lrelu()]),
            ]),
            l.modulatedConv2d(3, 5, { upsample: true, demodulate: false, name: "wide" }),
            l.modulatedConv2d(3, 1, { upsample: true, bias: false }),
            l.modulatedConv2d(2, 1, { demodulate: false, gain: 0.5 }),
          ],
        },
        { averageDecay: 0.9 },
      ),
      l.conv2d(1, 1),
    ],
  },
  "styles of labels and of styles": {
    latent: { noise: 5, classes: 3, labels: "embedded" },
    layers: [
      l.styled(
        {
          mapping: [l.embedding(4), l.linear(6), l.relu()],
          synthesis: [
            l.constant([3, 4, 4], { name: "input" }),
            l.modulatedConv2d(4, 3),
            l.embedding(4, { combine: "multiply" }),
            l.styled({
              mapping: [l.flatten(), l.linear(3)],
              synthesis: [l.unflatten([3, 1, 1]), l.modulatedConv2d(16, 1)],
            }),
            l.pixelShuffle(4),
            l.modulatedConv2d(2, 3),
          ],
        },
        { name: "main" },
      ),
    ],
  },
  "equalized learning rates": {
    latent: { noise: 4 },
    init: { type: "orthogonal" },
    layers: [
      l.equalized(l.linear(6 * 9, { name: "from" })),
      l.unflatten([6, 3, 3]),
      l.equalized(l.conv2d(4, 3, { padding: 1, groups: 2 }), { lrMultiplier: 2 }),
      l.equalized(l.convTranspose2d(6, 3, { stride: 2, groups: 2 }), { gain: 1.5 }),
      l.sequential("end", [l.equalized(l.convTranspose2d(2, 2, { bias: false })), l.conv2d(2, 1)]),
    ],
  },
  "the filter, in steps and with what is around": {
    latent: { noise: 4 },
    layers: [
      l.linear(3 * 35),
      l.unflatten([3, 5, 7]),
      l.blur(),
      l.blur({ stride: 2, padding: 3 }),
      l.sequential("last", [l.blur({ padding: [0, 2, 3, 1] }), l.conv2d(1, 2)]),
    ],
  },
  "StyleGAN2's": architectures.stylegan2({
    latent: { noise: 8, classes: 3 },
    image: [2, 16, 16],
    channels: 8,
    style: 6,
    mappingLayers: 3,
    mixing: 0.9,
  }),
  "StyleGAN2's, whose colours add up": architectures.stylegan2({
    latent: { noise: 8 },
    image: [2, 16, 16],
    channels: 4,
    mixing: 0.9,
    skips: true,
  }),
  "mixed styles of labels": {
    latent: { noise: 5, distribution: "uniform", classes: 3, codes: 2, labels: "embedded" },
    layers: [
      l.styled(
        {
          mapping: [l.embedding(4), l.linear(6), l.relu()],
          synthesis: [...[l.constant([3, 4, 4]), l.modulatedConv2d(4, 3), l.modulatedConv2d(1, 3)]],
        },
        { mixing: 0.5, averageDecay: 0.9 },
      ),
    ],
  },
};

export const discriminators: Record<string, DiscriminatorArchitecture> = {
  "StyleGAN2's discriminator": architectures.stylegan2({ image: [2, 16, 16], channels: 8 }),
};
