// What adaptive discriminator augmentation is refused with.
import { describe, expect, it } from "vitest";
import {
  Discriminator,
  Generator,
  layers as l,
  objectives,
  type TrainerOptions,
} from "../../lib/index.js";
import { tinyTrainer } from "../helpers/training.js";

const bad = (ada: unknown, more: Partial<TrainerOptions> = {}) =>
  tinyTrainer({ ...more, ada } as Parameters<typeof tinyTrainer>[0]);

describe("ada is refused", () => {
  const image = [4, 8, 8];
  const four = {
    generator: new Generator({
      latent: { noise: 2 },
      layers: [l.linear(256), l.unflatten(image)],
    }),
    discriminator: new Discriminator({ image, layers: [l.flatten(), l.linear(1)] }),
  };
  const flat = {
    generator: new Generator({ latent: { noise: 2 }, layers: [l.linear(4)] }),
    discriminator: new Discriminator({ image: [4], layers: [l.linear(1)] }),
  };
  const energies = {
    objective: objectives.energyBased(),
    discriminator: new Discriminator({
      image: [1, 8, 8],
      layers: [l.reconstructionError([l.conv2d(1, 3, { padding: 1 })])],
    }),
  };
  const names = "transforms, p, fixed, target, interval, kimg";

  it.each<[unknown, string, Partial<TrainerOptions>?]>([
    [true, `Expected an object { ${names} } for ada but received true`],
    [["blit"], `Expected an object { ${names} } for ada but received ["blit"]`],
    [{ prob: 1 }, `Expected only the options ${names} for ada but received "prob"`],
    [{ p: 1.5 }, "Expected a number in [0, 1] for ada.p but received 1.5"],
    [{ p: Number.NaN }, "Expected a number in [0, 1] for ada.p but received NaN"],
    [{ target: -2 }, "Expected a number in [-1, 1] for ada.target but received -2"],
    [{ interval: 0 }, "Expected a whole number of at least 1 for ada.interval but received 0"],
    [{ kimg: 0 }, "Expected a finite number above 0 for ada.kimg but received 0"],
    [{ fixed: 1 }, "Expected true or false for ada.fixed but received 1"],
    [
      { transforms: [] },
      "Expected an array of some of blit, geometry, color for ada.transforms but received []",
    ],
    [
      { transforms: "blit" },
      'Expected an array of some of blit, geometry, color for ada.transforms but received "blit"',
    ],
    [
      { transforms: ["flip"] },
      'Expected one of blit, geometry, color for ada.transforms[0] but received "flip"',
    ],
    [
      { transforms: ["blit", "blit"] },
      'Expected each transform once for ada.transforms but received ["blit", "blit"]',
    ],
    [
      {},
      "Expected no color, which is for 1 or 3 channels, for ada.transforms but received [4, 8, 8]",
      four,
    ],
    [{}, "Expected a discriminator of [channels, height, width] for ada but received [4]", flat],
    [
      {},
      "Expected true, as the sign of a score tells nothing under wasserstein, for ada.fixed but received false",
      { objective: objectives.wasserstein() },
    ],
    [
      {},
      "Expected true, as the sign of a score tells nothing under relativisticPaired, for ada.fixed but received false",
      { objective: objectives.relativisticPaired() },
    ],
    [
      {},
      "Expected true, as the sign of a score tells nothing under softmax, for ada.fixed but received false",
      { objective: objectives.softmax() },
    ],
    [
      {},
      "Expected true, as the sign of a score tells nothing under energyBased, for ada.fixed but received false",
      energies,
    ],
  ])("%j", (ada, message, more) => {
    expect(() => bad(ada, more)).toThrow(message);
  });

  it("not where it can be had all the same", () => {
    const objective = objectives.wasserstein();
    expect(() => bad({ fixed: true, p: 0.2 }, { objective }).dispose()).not.toThrow();
    expect(() => bad({ transforms: ["geometry"] }, four).dispose()).not.toThrow();
    expect(() => bad({}, { diffAugment: ["cutout"] }).dispose()).not.toThrow();
  });
});
