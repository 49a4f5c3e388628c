// Steps as epochs: counts of batches and images, whatever is left at the end of one.
import { describe, expect, it } from "vitest";
import { Epochs } from "../../lib/trainer/epochs.js";

describe("epochs of 20 images in batches of 8", () => {
  it("have a last batch of 4, or none", () => {
    expect([new Epochs(20, 8).batches, new Epochs(20, 8, 1, true).batches]).toEqual([3, 2]);
  });

  it.each([
    [false, [0, 8, 16, 20, 28, 36, 40]],
    [true, [0, 8, 16, 24, 32, 40, 48]],
  ])("show so many images, dropLast: %s", (dropLast, images) => {
    const epochs = new Epochs(20, 8, 1, dropLast);
    expect(images.map((_, steps) => epochs.images(steps))).toEqual(images);
  });

  it("begin with the step that needs one more, and are over in whole steps, one at least", () => {
    const epochs = new Epochs(20, 8);
    expect([1, 3, 4, 6, 7].map((steps) => epochs.count(steps))).toEqual([1, 1, 2, 2, 3]);
    expect([1, 2].map((count) => epochs.steps(count))).toEqual([3, 6]);
    const five = new Epochs(20, 8, 5);
    expect([1, 2, 5].map((steps) => five.count(steps))).toEqual([2, 4, 9]);
    expect([1, 2, 5].map((count) => five.steps(count))).toEqual([1, 1, 3]);
    expect([1, 2, 3].map((steps) => five.images(steps))).toEqual([36, 68, 100]);
  });

  it("have an epoch and a batch for the end of each step, both from 0", () => {
    const last = (steps: number, each = 1) => Object.values(new Epochs(20, 8, each).last(steps));
    expect([1, 3, 4].map((steps) => last(steps))).toEqual([
      [0, 0],
      [0, 2],
      [1, 0],
    ]);
    expect([1, 2].map((steps) => last(steps, 5))).toEqual([
      [1, 1],
      [3, 0],
    ]);
  });
});

describe("epochs of MNIST", () => {
  it("are counted as the article does, with a smaller last batch", () => {
    const epochs = new Epochs(60_000, 64);
    expect(epochs.batches).toBe(938);
    expect(epochs.count(15_000)).toBe(16);
    expect(epochs.last(100)).toEqual({ epoch: 0, batch: 99 });
    expect(epochs.last(938)).toEqual({ epoch: 0, batch: 937 });
    expect(epochs.last(939)).toEqual({ epoch: 1, batch: 0 });
    expect(epochs.images(937)).toBe(937 * 64);
    expect(epochs.images(938)).toBe(60_000);
    expect(epochs.images(940)).toBe(60_000 + 128);
  });

  it("are counted in whole batches where the last is left out", () => {
    const epochs = new Epochs(60_000, 64, 1, true);
    expect(epochs.batches).toBe(937);
    expect(epochs.steps(2)).toBe(2 * 937);
    expect(epochs.last(938)).toEqual({ epoch: 1, batch: 0 });
    expect(epochs.images(938)).toBe(938 * 64);
  });
});
