// Where layers may stand: those that read labels, and those that end a discriminator.
import { describe, expect, it } from "vitest";
import { layers as l } from "../../lib/index.js";
import { conditional, judge, make, refusal } from "../helpers/layers.js";

const flat = l.flatten();
const image = l.unflatten([8, 2, 2]);

describe("a layer in a place of its kind", () => {
  const ofOwn = "a place as the last of a discriminator's own layers";
  const head = () => l.heads({ score: [l.linear(1)] });

  it.each<[string, () => unknown, string]>([
    [
      "labels for a generator without",
      make(l.embedding(4)),
      'a latent with classes and labels "embedded" for 0 (embedding) but received one without',
    ],
    [
      "normalisation by labels for a generator without",
      make(image, l.residual([l.conditionalBatchNorm2d()])),
      'a latent with classes and labels "embedded" for 1.main.0 (conditionalBatchNorm2d) but received one without',
    ],
    [
      "a projection in a generator",
      make(l.projection()),
      'a latent with classes and labels "embedded" for 0 (projection) but received one without',
    ],
    [
      "labels for a discriminator without",
      judge(flat, l.projection()),
      "a discriminator with classes for 1 (projection) but received one without",
    ],
    [
      "labels inside another layer, for a generator without",
      make(l.residual([l.sequential("a", [l.embedding(4, { combine: "multiply" })])])),
      'a latent with classes and labels "embedded" for 0.main.a.0 (embedding) but received one without',
    ],
    [
      "labels of other classes",
      conditional(3, flat, { ...l.projection(), numEmbeddings: 4 }),
      "labels of 4 classes for 1 (projection) but received 3 classes",
    ],
    [
      "heads in a generator",
      make(head()),
      `${ofOwn} for 0 (heads) but received one in a generator`,
    ],
    [
      "heads before the end",
      judge(flat, head(), l.linear(1)),
      `${ofOwn} for 1 (heads) but received one before others`,
    ],
    [
      "heads inside another layer",
      judge(flat, l.sequential("a", [head()])),
      `${ofOwn} for a.0 (heads) but received one inside another layer`,
    ],
    [
      "corners between pixels that are repeated",
      make(image, l.upsample(2, { alignCorners: true })),
      'mode "bilinear" where alignCorners is true for 1 (upsample) but received "nearest"',
    ],
  ])("is refused: %s", (_, call, sentence) => {
    expect(refusal(call)).toMatchObject({
      code: "ERR_ARCHITECTURE",
      message: `Expected ${sentence}`,
    });
  });
});
