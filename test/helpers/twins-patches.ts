// Twins that give a score for each patch: see twins.ts.
import { architectures, type DiscriminatorArchitecture, layers as l } from "../../lib/index.js";

export const patches: Record<string, DiscriminatorArchitecture> = {
  "scores of patches": architectures.patch({ image: [2, 13, 15], channels: 3, halvings: 2 }),
  "scores of patches, of normalised images": architectures.patch({
    image: [1, 24, 24],
    channels: 2,
    norm: "instance",
  }),
  "probabilities of patches by labels": {
    image: [2, 6, 6],
    classes: 3,
    layers: [
      l.embedding(2, { name: "planes" }),
      l.sequential("model", [l.conv2d(4, 3), l.leakyRelu(0.2), l.conv2d(1, 2)]),
      l.sigmoid(),
    ],
  },
};
