// The first place where two values of JSON differ, as a restarted run and ranks tell of it.
import { expect, it } from "vitest";
import { difference } from "../lib/difference.js";

it.each<[string, unknown, unknown, unknown]>([
  ["numbers", 1, 2, ["a", 1, 2]],
  ["kinds", 1, "1", ["a", 1, "1"]],
  ["an object and an array", {}, [], ["a", {}, []]],
  ["a list of numbers", [1, 2], [1, 3], ["a", [1, 2], [1, 3]]],
  ["a list in a list", [[1], [2]], [[1], [3]], ["a[1]", [2], [3]]],
  ["a list that goes on", [1], [1, 2], ["a", [1], [1, 2]]],
  ["a list that ends sooner", [1, 2], [1], ["a", [1, 2], [1]]],
  ["a key", { b: { c: 1 } }, { b: { c: 2 } }, ["a.b.c", 1, 2]],
  ["a key that only the first has", { b: 1 }, {}, ["a.b", 1, undefined]],
  ["a key that only the second has", {}, { b: 1 }, ["a.b", undefined, 1]],
  ["a key in a list", [{ b: null }], [{ b: 0 }], ["a[0].b", null, 0]],
])("is told of %s", (_, first, second, place) => {
  expect(difference(first, second, "a")).toEqual(place);
});

it("is none of equal values, in whatever order their keys are", () => {
  const value = { b: [1, { c: null }], d: "e" };
  expect(difference(value, { d: "e", b: [1, { c: null }] }, "a")).toBeUndefined();
});

it("has the place alone where the whole has no name", () => {
  expect(difference({ b: [1] }, { b: [2] }, "")).toEqual(["b", [1], [2]]);
});
