// Twins whose weights for labels are divided by their largest singular value: see twins.ts.
import {
  type DiscriminatorArchitecture,
  type GeneratorArchitecture,
  layers as l,
} from "../../lib/index.js";

export const generators: Record<string, GeneratorArchitecture> = {
  "labels by a normalised weight": {
    latent: { noise: 6, classes: 5, labels: "embedded" },
    layers: [
      l.spectralNorm(l.embedding(4)),
      l.linear(3 * 4 * 4),
      l.unflatten([3, 4, 4]),
      l.residual([l.spectralNorm(l.embedding(3, { combine: "multiply" })), l.conv2d(3, 1)]),
    ],
  },
};

export const discriminators: Record<string, DiscriminatorArchitecture> = {
  "labels by normalised weights": {
    image: [2, 4, 4],
    classes: 3,
    init: { type: "orthogonal" },
    layers: [
      l.spectralNorm(l.embedding(2, { combine: "multiply", name: "scale" })),
      l.sequential("model", [l.spectralNorm(l.embedding(3, { name: "planes" })), l.flatten()]),
      l.heads({
        score: [l.linear(6), l.spectralNorm(l.projection({ name: "out" }), { eps: 1e-6 })],
        codes: [l.projection(), l.linear(2)],
      }),
    ],
  },
  "normalised projection": {
    image: [1, 4, 4],
    classes: 3,
    layers: [l.flatten(), l.spectralNorm(l.projection(), { nPowerIterations: 2 })],
  },
};
