// What the layers of a styled generator refuse: the part of layers/shapes.test.ts that is about places and styles.
import { layers as l } from "../../lib/index.js";
import { judge, make } from "./layers.js";

/** The type that refuses, the layers, and its sentence from "Expected" on. */
export type Misfit = readonly [type: string, () => unknown, sentence: string];

export const needsImage = "an input of [channels, height, width]";
const image = l.unflatten([8, 2, 2]);

const twoStyles = () =>
  l.styled(
    {
      mapping: [l.linear(4)],
      synthesis: [l.constant([8, 2, 2]), l.modulatedConv2d(8, 3), l.modulatedConv2d(1, 1)],
    },
    { mixing: 0.9 },
  );

export const styledMisfits: readonly Misfit[] = [
  [
    "constant",
    judge(l.constant([8, 2, 2])),
    "a place in a generator for 0 (constant) but received one in a discriminator",
  ],
  [
    "modulatedConv2d",
    make(image, l.modulatedConv2d(8, 3)),
    "a place in the synthesis of styled() for 1 (modulatedConv2d) but received one without a style",
  ],
  [
    "modulatedConv2d",
    make(l.styled({ mapping: [l.modulatedConv2d(8, 3)], synthesis: [l.relu()] })),
    "a place in the synthesis of styled() for 0.mapping.0 (modulatedConv2d) but received one without a style",
  ],
  [
    "modulatedConv2d",
    make(l.styled({ mapping: [l.linear(4)], synthesis: [l.modulatedConv2d(8, 3)] })),
    `${needsImage} for 0.synthesis.0 (modulatedConv2d) but received an input of [4]; begin with constant([...])`,
  ],
  [
    "modulatedConv2d",
    make(
      l.styled({
        mapping: [l.linear(4)],
        synthesis: [l.constant([8, 2, 2]), { ...l.modulatedConv2d(8, 3), styleFeatures: 5 }],
      }),
    ),
    "a style of [5] for 0.synthesis.1 (modulatedConv2d) but received one of [4]",
  ],
  [
    "noiseInjection",
    make(image, { ...l.noiseInjection(), imageSize: [2, 3] }),
    "an input of [8, 2, 3] for 1 (noiseInjection) but received an input of [8, 2, 2]",
  ],
  [
    "styled",
    make(l.styled({ mapping: [image], synthesis: [l.relu()] })),
    "a mapping that ends in [features] for 0 (styled) but received [8, 2, 2]; put flatten() behind it",
  ],
  [
    "styled",
    make(l.styled({ mapping: [l.linear(4)], synthesis: [l.relu()] }, { mixing: 0.9 })),
    "at least 2 layers that take a style (for mixing) for 0 (styled) but received 0",
  ],
  [
    "styled",
    make(
      l.styled(
        {
          mapping: [l.linear(4)],
          synthesis: [
            ...[l.constant([8, 2, 2]), l.modulatedConv2d(8, 3), l.flatten()],
            l.styled({
              mapping: [l.linear(2)],
              synthesis: [l.unflatten([2, 1, 1]), l.modulatedConv2d(8, 3)],
            }),
          ],
        },
        { mixing: 0.9 },
      ),
    ),
    "at least 2 layers that take a style (for mixing) for 0 (styled) but received 1",
  ],
  [
    "styled",
    make(l.linear(8), twoStyles()),
    "a place as the first of a generator's own layers (for mixing) for 1 (styled) but received one behind others",
  ],
  [
    "styled",
    make(l.sequential("body", [twoStyles()])),
    "a place as the first of a generator's own layers (for mixing) for body.0 (styled) but received one inside another layer",
  ],
  [
    "styled",
    judge(
      l.flatten(),
      l.styled({ mapping: [l.linear(4)], synthesis: [l.linear(1)] }, { mixing: 1 }),
    ),
    "a place as the first of a generator's own layers (for mixing) for 1 (styled) but received one in a discriminator",
  ],
  [
    "styled",
    make({ ...twoStyles(), noiseFeatures: 5 }),
    "a latent of 5 numbers of normal noise for 0 (styled) but received one of 32 of normal",
  ],
  [
    "styled",
    make({ ...twoStyles(), distribution: "uniform" }),
    "a latent of 32 numbers of uniform noise for 0 (styled) but received one of 32 of normal",
  ],
  [
    "styled",
    make({ ...l.styled({ mapping: [l.linear(4)], synthesis: [l.relu()] }), styleFeatures: 5 }),
    "a mapping that ends in [5] for 0 (styled) but received one in [4]",
  ],
];
