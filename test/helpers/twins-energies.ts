// Discriminators, among the twins, that end in a reconstruction error, or have one before the end.
import { type DiscriminatorArchitecture, layers as l } from "../../lib/index.js";

export const energies: Record<string, DiscriminatorArchitecture> = {
  "reconstruction errors": {
    image: [2, 4, 4],
    layers: [
      l.reconstructionError(
        [
          l.sequential("down", [
            ...[l.conv2d(3, 3, { stride: 2, padding: 1 }), l.batchNorm2d(), l.leakyRelu(0.2)],
          ]),
          l.upsample(2),
          l.conv2d(2, 3, { padding: 1 }),
        ],
        { name: "energy" },
      ),
      l.linear(6),
      l.reconstructionError([l.linear(3), l.tanh(), l.linear(6)], { loss: "l1" }),
    ],
  },
  "reconstruction errors by labels": {
    image: [2, 4, 4],
    classes: 3,
    layers: [
      l.reconstructionError([l.embedding(2, { combine: "multiply" }), l.conv2d(2, 1)], {
        loss: "l1",
      }),
    ],
  },
};
