// Parts of a dataset, as a stranger asks for them.
import { expect } from "vitest";
import { bad, bare, detached, holed, refuses } from "../helpers/misuse.js";
import { labelledImages } from "../helpers/training.js";

const data = await labelledImages(10);
const untouched = async () => {
  expect(data.size).toBe(10);
  expect((await data.subset([9])).size).toBe(1);
};

refuses(
  "dataset.subset",
  [
    [
      "no indices",
      () => data.subset(bad(undefined)),
      "TypeError",
      "Expected an array of whole numbers for indices but received undefined",
    ],
    [
      "a number of images",
      () => data.subset(bad(5)),
      "TypeError",
      "Expected an array of whole numbers for indices but received 5",
    ],
    [
      "digits as text",
      () => data.subset(bad("012")),
      "TypeError",
      'Expected an array of whole numbers for indices but received "012"',
    ],
    [
      "a set",
      () => data.subset(bad(new Set([1]))),
      "TypeError",
      "Expected an array of whole numbers for indices but received an instance of Set",
    ],
    [
      "BigInts",
      () => data.subset(bad(BigInt64Array.of(1n))),
      "TypeError",
      "Expected an array of whole numbers for indices but received BigInt64Array(8 bytes)",
    ],
    [
      "no image",
      () => data.subset([]),
      "RangeError",
      "Expected at least one index for indices but received []",
    ],
    [
      "indices whose memory was given away",
      () => data.subset(detached(Uint32Array.of(1, 2))),
      "TypeError",
      "Expected an array whose memory was not transferred away for indices but received Uint32Array(0 bytes)",
    ],
    [
      "an index past the end",
      () => data.subset([0, 10]),
      "RangeError",
      "Expected a whole number from 0 to 9 for indices[1] but received 10",
    ],
    [
      "an index from the end, as Python has them",
      () => data.subset(Int32Array.of(3, -1)),
      "RangeError",
      "Expected a whole number from 0 to 9 for indices[1] but received -1",
    ],
    [
      "an index between two images",
      () => data.subset(Float64Array.of(0.5)),
      "RangeError",
      "Expected a whole number from 0 to 9 for indices[0] but received 0.5",
    ],
    [
      "an index of NaN",
      () => data.subset([Number.NaN]),
      "RangeError",
      "Expected a whole number from 0 to 9 for indices[0] but received NaN",
    ],
    [
      "a mask",
      () => data.subset(bad([true, false])),
      "TypeError",
      "Expected a whole number from 0 to 9 for indices[0] but received true",
    ],
    [
      "a hole",
      () => data.subset(holed([0, 1, 2], 1)),
      "TypeError",
      "Expected a whole number from 0 to 9 for indices[1] but received undefined",
    ],
    [
      "a length that no memory has",
      () => data.subset(new Array(2 ** 32 - 1)),
      "TypeError",
      "Expected a whole number from 0 to 9 for indices[0] but received undefined",
    ],
  ],
  untouched,
);

const sum = "Expected shares that sum to 1, or numbers of images that sum to 10, for lengths";
const kind = "Expected an array of shares, or of numbers of images, for lengths";
refuses(
  "dataset.split",
  [
    ["no lengths", () => data.split(bad(undefined)), "TypeError", `${kind} but received undefined`],
    ["one share", () => data.split(bad(0.9)), "TypeError", `${kind} but received 0.9`],
    ["no parts", () => data.split([]), "TypeError", `${kind} but received []`],
    [
      "shares that leave some out",
      () => data.split([0.8, 0.1]),
      "RangeError",
      `${sum} but received [0.8, 0.1]`,
    ],
    [
      "shares of more than there is",
      () => data.split([0.9, 0.2]),
      "RangeError",
      `${sum} but received [0.9, 0.2]`,
    ],
    [
      "numbers that leave some out",
      () => data.split([5, 4]),
      "RangeError",
      `${sum} but received [5, 4]`,
    ],
    ["more than there are", () => data.split([11]), "RangeError", `${sum} but received [11]`],
    [
      "parts of images",
      () => data.split([9.5, 0.5]),
      "RangeError",
      `${sum} but received [9.5, 0.5]`,
    ],
    ["percent", () => data.split([90, 10]), "RangeError", `${sum} but received [90, 10]`],
    [
      "a share too small for an image",
      () => data.split([0.95, 0.04, 0.01]),
      "RangeError",
      "Expected shares that give each part one of 10 images for lengths but received [0.95, 0.04, 0.01]",
    ],
    [
      "a part of no image",
      () => data.split([10, 0]),
      "RangeError",
      "Expected a finite number above 0 for lengths[1] but received 0",
    ],
    [
      "a share below 0",
      () => data.split([1.5, -0.5]),
      "RangeError",
      "Expected a finite number above 0 for lengths[1] but received -0.5",
    ],
    [
      "a share of NaN",
      () => data.split([Number.NaN, 1]),
      "RangeError",
      "Expected a finite number above 0 for lengths[0] but received NaN",
    ],
    [
      "a share as text",
      () => data.split(bad(["0.5", 0.5])),
      "TypeError",
      'Expected a finite number above 0 for lengths[0] but received "0.5"',
    ],
    [
      "a hole",
      () => data.split(holed([5, 5], 0)),
      "TypeError",
      "Expected a finite number above 0 for lengths[0] but received undefined",
    ],
    [
      "a generator, as PyTorch has one",
      () => data.split([0.5, 0.5], bad(bare({ generator: 1 }))),
      "TypeError",
      'Expected only the options seed for options but received "generator"',
    ],
    [
      "a seed in place of options",
      () => data.split([0.5, 0.5], bad(7)),
      "TypeError",
      "Expected an object for options but received 7",
    ],
    [
      "a seed below 0",
      () => data.split([0.5, 0.5], { seed: -1 }),
      "RangeError",
      "Expected a whole number of at least 0 for seed but received -1",
    ],
  ],
  untouched,
);
